/* adapter_check.c - see adapter_check.h.
 *
 * A linear layer has A [rank][in] and B [out][rank]; a convolution has A [rank][in][kernel...] and
 * B [out][rank][1...]; an embedding has A [rank][vocabulary] and B [dim][rank]. */
#include "checkpoint/adapter_check.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

/* A module, and where it stands. */
typedef struct {
	const AdapterParts *parts;
	const AdapterConfig *config;
	AdapterModule *module;
} Check;

static gboolean refuse(const Check *check, const char *remedy, GError **error, const char *format,
	...) G_GNUC_PRINTF(4, 5);

static gboolean refuse(
	const Check *check, const char *remedy, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT,
		(Place){.file = check->parts->path,
			.tensor = check->module->name,
			.remedy = remedy},
		"%s", text);
}

static const Tensor *tensor_at(const Check *check, gint position)
{
	return checkpoint_tensor(check->parts->checkpoint, (guint)position);
}

static gboolean check_there(const Check *check, GError **error)
{
	const AdapterModule *module = check->module;
	const char *kind = module->embedding ? "embedding_" : "";
	gboolean dora = check->config->dora;

	if (module->a < 0 || module->b < 0)
		return refuse(check, "save the adapter again", error,
			"its factor lora_%s%s is missing", kind, module->a < 0 ? "A" : "B");
	if (dora != (module->magnitude >= 0))
		return refuse(check, NULL, error,
			dora ? "use_dora is set, but its lora_magnitude_vector is missing"
			     : "it has a lora_magnitude_vector, but use_dora is not set");
	if (check->config->bias != (module->bias >= 0))
		return refuse(check, NULL, error,
			check->config->bias ? "lora_bias is set, but its lora_B.bias is missing"
					    : "it has a lora_B.bias, but lora_bias is not set");
	return TRUE;
}

static gboolean check_types(const Check *check, GError **error)
{
	const AdapterModule *module = check->module;
	const gint all[] = {module->a, module->b, module->bias, module->magnitude};

	for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
		if (all[i] < 0)
			continue;
		const DtypeInfo *info = dtype_info(tensor_at(check, all[i])->dtype);
		if (info->class != CLASS_FLOAT)
			return refuse(check, NULL, error,
				"a part of it is of type %s, which is no float", info->name);
	}
	return TRUE;
}

/* B of a convolution has a kernel of one element. */
static gboolean is_flat(const Tensor *b)
{
	for (guint i = 2; i < b->rank; i++)
		if (b->shape[i] != 1)
			return FALSE;
	return TRUE;
}

static gboolean check_shapes(const Check *check, GError **error)
{
	const Tensor *a = tensor_at(check, check->module->a);
	const Tensor *b = tensor_at(check, check->module->b);
	guint most = check->module->embedding ? 2 : 5;

	if (a->rank == b->rank && a->rank >= 2 && a->rank <= most && is_flat(b) &&
		a->shape[0] == b->shape[1])
		return TRUE;
	g_autofree char *left = tensor_shape_text(b), *right = tensor_shape_text(a);
	return refuse(check, NULL, error, "its factors do not fit each other: B is %s, A is %s",
		left, right);
}

static gboolean check_rank(const Check *check, GError **error)
{
	AdapterModule *module = check->module;
	const Tensor *a = tensor_at(check, module->a), *b = tensor_at(check, module->b);
	guint64 rank, elements;

	if (!adapter_config_scaling(check->config, module->name, &rank, &module->scaling, error))
		return FALSE;
	module->rank = a->shape[0];
	module->rows = b->shape[0];
	if (module->rank != rank)
		return refuse(check, NULL, error,
			"its factors are of rank %" PRIu64 ", but the configuration says %" PRIu64,
			module->rank, rank);
	module->columns = a->elements / rank;
	if (!g_uint64_checked_mul(&elements, module->rows, module->columns) ||
		!dtype_bytes(DTYPE_F64, elements, &elements))
		return refuse(check, NULL, error, "the product of its factors is too large");
	return TRUE;
}

/* A vector of one number for each output, whatever dimensions of 1 it has beside. */
static gboolean check_vector(const Check *check, gint position, const char *what, GError **error)
{
	const Tensor *vector = position >= 0 ? tensor_at(check, position) : NULL;

	if (vector == NULL || vector->elements == check->module->rows)
		return TRUE;
	return refuse(check, NULL, error,
		"its %s has %" PRIu64 " numbers, but it has %" PRIu64 " outputs", what,
		vector->elements, check->module->rows);
}

gboolean adapter_check_module(const AdapterParts *parts, const AdapterConfig *config,
	AdapterModule *module, GError **error)
{
	Check check = {parts, config, module};

	return check_there(&check, error) && check_types(&check, error) &&
	       check_shapes(&check, error) && check_rank(&check, error) &&
	       check_vector(&check, module->bias, "lora_B.bias", error) &&
	       check_vector(&check, module->magnitude, "lora_magnitude_vector", error);
}
