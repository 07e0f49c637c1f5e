/* adapter_bind.c - makes a task of an adapter: each product becomes a difference of the base's
 * tensor that it changes, made of the factors when it is read. */
#include "checkpoint/adapted.h"
#include "checkpoint/adapter.h"
#include "checkpoint/adapter_parts.h"
#include "checkpoint/adapter_target.h"
#include "checkpoint/unchanged.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

#define WEIGHT "weight"
#define BIAS "bias"

/* What is being bound; all but `bound` is borrowed. */
typedef struct {
	Checkpoint *adapter, *base;
	const AdapterConfig *config;
	const AdapterParts *parts;
	AdapterTargets *targets;
	GHashTable *wholes; /* a tensor's name → AdapterWhole that stands for it */
	GHashTable *taken;  /* names that the bound checkpoint has, borrowed from what follows */
	Checkpoint *bound;
} Binding;

/* What a source of more than a product is made of. */
typedef struct {
	Checkpoint *adapter, *base;
} Owned;

static void owned_free(gpointer data)
{
	Owned *owned = data;
	checkpoint_free(owned->adapter);
	checkpoint_free(owned->base);
	g_free(owned);
}

static Owned *owned_new(const Binding *binding)
{
	Owned *owned = g_new(Owned, 1);
	*owned = (Owned){checkpoint_ref(binding->adapter), checkpoint_ref(binding->base)};
	return owned;
}

static gboolean refuse(const Binding *binding, const char *tensor, const char *remedy,
	GError **error, const char *format, ...) G_GNUC_PRINTF(5, 6);

static gboolean refuse(const Binding *binding, const char *tensor, const char *remedy,
	GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT,
		(Place){.file = binding->parts->path, .tensor = tensor, .remedy = remedy}, "%s",
		text);
}

static gboolean refuse_target(
	const Binding *binding, const char *name, gboolean several, GError **error)
{
	const char *remedy = "give it the base that it was trained on";

	if (several)
		return refuse(binding, name, remedy, error,
			"more than one tensor of the base ends with its name");
	const char *nearest = adapter_targets_nearest(binding->targets, name);
	if (nearest == NULL)
		return refuse(binding, name, remedy, error,
			"the adapter changes it, but the base has no such tensor");
	return refuse(binding, name, remedy, error,
		"the adapter changes it, but the base has no such tensor; the nearest is %.200s",
		nearest);
}

/* The base's tensor that a module's product changes: its weight, or the joint weight of an
 * attention's inputs. */
static gint find_weight(const Binding *binding, const AdapterModule *module, GError **error)
{
	g_autofree char *name = g_strconcat(module->name, "." WEIGHT, NULL);
	g_autofree char *joint = g_strconcat(module->name, ".in_proj_" WEIGHT, NULL);
	gint found = adapter_targets_find(binding->targets, name);

	if (found >= 0)
		return found;
	gint other = adapter_targets_find(binding->targets, joint);
	if (other >= 0)
		return other;
	refuse_target(binding, name, found == ADAPTER_TARGET_SEVERAL, error);
	return -1;
}

/* Whether the weight is as the product is made: rows of B by what A has for each rank. */
static gboolean fits_plain(const Tensor *weight, const Tensor *a, const LowRank *product)
{
	return weight->rank == a->rank && weight->shape[0] == product->rows &&
	       memcmp(weight->shape + 1, a->shape + 1, (a->rank - 1) * sizeof *a->shape) == 0;
}

static gboolean fits_transposed(const Tensor *weight, const Tensor *a, const LowRank *product)
{
	return a->rank == 2 && weight->rank == 2 && weight->shape[0] == product->columns &&
	       weight->shape[1] == product->rows;
}

/* PEFT goes by the layer's own class where the configuration says otherwise, so the setting decides
 * where both would fit. */
static gboolean orient(const Binding *binding, const AdapterModule *module, const Tensor *weight,
	LowRank *product, GError **error)
{
	const Tensor *a = checkpoint_tensor(binding->adapter, product->a);
	gboolean plain = !module->embedding && fits_plain(weight, a, product);
	gboolean transposed = fits_transposed(weight, a, product);

	product->transposed =
		transposed && (!plain || binding->config->fan_in_fan_out || module->embedding);
	if (plain || transposed)
		return TRUE;
	const Tensor *b = checkpoint_tensor(binding->adapter, product->b);
	g_autofree char *shape = tensor_shape_text(weight);
	g_autofree char *left = tensor_shape_text(b), *right = tensor_shape_text(a);
	return refuse(binding, weight->name, "give it the base that it was trained on", error,
		"it is %s, which does not fit the adapter's factors, B %s and A %s", shape, left,
		right);
}

/* Takes the source. */
static gboolean add_made(const Binding *binding, const Tensor *like, const char *name, guint file,
	gboolean difference, Source *source, GError **error)
{
	Tensor tensor = {.name = g_strdup(name),
		.dtype = DTYPE_F64,
		.rank = like->rank,
		.shape = g_memdup2(like->shape, like->rank * sizeof *like->shape),
		.elements = like->elements,
		.bytes = like->elements * sizeof(double),
		.file = file,
		.source = source,
		.difference = difference};

	checkpoint_add_tensor(binding->bound, tensor);
	if (g_hash_table_add(binding->taken, tensor.name))
		return TRUE;
	return refuse(binding, name, "untie the weights, or merge the adapter with PEFT", error,
		"two parts of the adapter change it");
}

/* The weight that a product is added to: the base's, or one that the adapter brings whole. */
static const Tensor *weight_of(const Binding *binding, guint target, const AdapterWhole **whole)
{
	const Tensor *weight = checkpoint_tensor(binding->base, target);
	*whole = g_hash_table_lookup(binding->wholes, weight->name);
	return *whole != NULL ? checkpoint_tensor(binding->adapter, (*whole)->tensor) : weight;
}

/* More than a product: scaled to magnitudes, or added to a weight of the adapter's own. */
static gboolean add_adapted(const Binding *binding, const AdapterModule *module,
	const LowRank *product, guint target, GError **error)
{
	const AdapterWhole *whole;
	const Tensor *weight = weight_of(binding, target, &whole);
	const char *name = checkpoint_tensor(binding->base, target)->name;
	Adapted adapted = {.product = *product,
		.weights = whole != NULL ? binding->adapter : binding->base,
		.weight = whole != NULL ? whole->tensor : target,
		.magnitude = module->magnitude,
		.difference = whole == NULL};

	if (dtype_info(weight->dtype)->class != CLASS_FLOAT)
		return refuse(binding, name, NULL, error,
			"it is of type %s, from which the adapter's weights cannot be made",
			tensor_type(weight));
	guint file = checkpoint_tensor(binding->adapter, product->a)->file;
	Source *source =
		adapted_source(&adapted, owned_new(binding), owned_free, binding->bound->cache);
	return add_made(binding, weight, name, file, adapted.difference, source, error);
}

static gboolean add_product(
	const Binding *binding, const LowRank *product, guint target, GError **error)
{
	const Tensor *weight = checkpoint_tensor(binding->base, target);
	guint file = checkpoint_tensor(binding->adapter, product->a)->file;
	Source *source = low_rank_source(product, checkpoint_ref(binding->adapter),
		(GDestroyNotify)checkpoint_free, binding->bound->cache);

	return add_made(binding, weight, weight->name, file, TRUE, source, error);
}

/* The bias of B is one of the module's bias. */
static gboolean add_bias(
	const Binding *binding, const AdapterModule *module, guint target, GError **error)
{
	const char *weight = checkpoint_tensor(binding->base, target)->name;
	Scaled scaled = {binding->adapter, (guint)module->bias, module->scaling};
	const Tensor *part = checkpoint_tensor(binding->adapter, scaled.tensor);
	g_autofree char *name =
		g_strdup_printf("%.*s" BIAS, (int)(strlen(weight) - strlen(WEIGHT)), weight);
	gint place = checkpoint_find(binding->base, name);

	if (place < 0)
		return refuse_target(binding, name, FALSE, error);
	const Tensor *bias = checkpoint_tensor(binding->base, (guint)place);
	if (bias->rank != 1 || bias->elements != part->elements)
		return refuse(binding, name, NULL, error,
			"its shape is not that of the adapter's lora_B.bias");
	Source *source = scaled_source(&scaled, checkpoint_ref(binding->adapter),
		(GDestroyNotify)checkpoint_free, binding->bound->cache);
	return add_made(binding, bias, bias->name, part->file, TRUE, source, error);
}

static gboolean add_module(const Binding *binding, const AdapterModule *module, GError **error)
{
	gint target = find_weight(binding, module, error);
	const AdapterWhole *whole;
	LowRank product = {.factors = binding->adapter,
		.a = (guint)module->a,
		.b = (guint)module->b,
		.rows = module->rows,
		.columns = module->columns,
		.rank = module->rank,
		.scaling = module->scaling};

	if (target < 0)
		return FALSE;
	const Tensor *weight = weight_of(binding, (guint)target, &whole);
	if (!orient(binding, module, weight, &product, error))
		return FALSE;
	if (module->bias >= 0 && !add_bias(binding, module, (guint)target, error))
		return FALSE;
	if (whole != NULL || module->magnitude >= 0)
		return add_adapted(binding, module, &product, (guint)target, error);
	return add_product(binding, &product, (guint)target, error);
}

/* The name under which a whole weight stands: the base's, or its own where the base has none. */
static const char *whole_name(const Binding *binding, const AdapterWhole *whole)
{
	gint target = adapter_targets_find(binding->targets, whole->name);
	return target >= 0 ? checkpoint_tensor(binding->base, (guint)target)->name : whole->name;
}

static gboolean find_wholes(const Binding *binding, GError **error)
{
	for (guint i = 0; i < binding->parts->wholes->len; i++) {
		AdapterWhole *whole = g_ptr_array_index(binding->parts->wholes, i);
		const char *name = whole_name(binding, whole);
		if (!g_hash_table_insert(binding->wholes, (gpointer)name, whole))
			return refuse(binding, name, NULL, error, "the adapter brings it twice");
	}
	return TRUE;
}

/* Those that no product was added to. */
static gboolean add_wholes(const Binding *binding, GError **error)
{
	GHashTableIter iterator;
	gpointer name, value;

	g_hash_table_iter_init(&iterator, binding->wholes);
	while (g_hash_table_iter_next(&iterator, &name, &value)) {
		const AdapterWhole *whole = value;
		const Tensor *of = checkpoint_tensor(binding->adapter, whole->tensor);
		if (g_hash_table_contains(binding->taken, name)) {
			if (dtype_info(of->dtype)->class == CLASS_FLOAT && of->rank > 1)
				continue;
			return refuse(binding, name, NULL, error,
				"the adapter both brings it and adds to it");
		}
		Tensor tensor = tensor_copy(of);
		g_free(tensor.name);
		tensor.name = g_strdup(name);
		checkpoint_add_tensor(binding->bound, tensor);
	}
	return TRUE;
}

/* What the adapter neither adds to nor brings stays as it is in the base: its change is 0 there,
 * not unknown. */
static void add_unchanged(const Binding *binding)
{
	for (guint i = 0; i < checkpoint_count(binding->base); i++) {
		const Tensor *tensor = checkpoint_tensor(binding->base, i);
		if (dtype_info(tensor->dtype)->class == CLASS_FLOAT &&
			!g_hash_table_contains(binding->taken, tensor->name) &&
			!g_hash_table_contains(binding->wholes, tensor->name))
			checkpoint_add_unchanged(binding->bound, tensor);
	}
}

static void copy_text(gpointer key, gpointer value, gpointer table)
{
	g_hash_table_insert(table, g_strdup(key), g_strdup(value));
}

/* A checkpoint of the same files, without tensors. */
static Checkpoint *begin(const Checkpoint *adapter, const AdapterParts *parts)
{
	Checkpoint *bound = checkpoint_new(adapter->path, adapter->format);

	bound->directory = g_strdup(adapter->directory);
	for (guint i = 0; i < adapter->files->len; i++) {
		const CheckpointFile *file = g_ptr_array_index(adapter->files, i);
		checkpoint_add_file(
			bound, file->path, file->file != NULL ? file_ref(file->file) : NULL);
	}
	g_hash_table_foreach(adapter->metadata, copy_text, bound->metadata);
	g_hash_table_foreach(adapter->about, copy_text, bound->about);
	for (guint i = 0; i < adapter->skipped->len; i++) {
		const Skipped *skipped = g_ptr_array_index(adapter->skipped, i);
		checkpoint_skip(bound, skipped->name, skipped->reason);
	}
	for (guint i = 0; i < parts->copies->len; i++)
		checkpoint_skip(bound, g_ptr_array_index(parts->copies, i),
			"a copy of the base's own weight");
	return bound;
}

static gboolean fill(const Binding *binding, GError **error)
{
	if (!find_wholes(binding, error))
		return FALSE;
	for (guint i = 0; i < binding->parts->modules->len; i++)
		if (!add_module(binding, g_ptr_array_index(binding->parts->modules, i), error))
			return FALSE;
	if (!add_wholes(binding, error))
		return FALSE;
	add_unchanged(binding);
	g_autofree char *rules = adapter_targets_rules(binding->targets);
	if (rules != NULL)
		checkpoint_tell(binding->bound, ADAPTER_MATCHED, rules);
	return checkpoint_seal(binding->bound, error);
}

/* The configuration that the adapter was opened with, its last file. */
static AdapterConfig *config_of(const Checkpoint *adapter, GError **error)
{
	const CheckpointFile *last = g_ptr_array_index(adapter->files, adapter->files->len - 1);

	if (last->file != NULL)
		return adapter_config_read(last->file, error);
	fail_at(error, ERROR_IO, (Place){.file = last->path, .remedy = "put it back"},
		"the file could not be opened");
	return NULL;
}

Checkpoint *adapter_bind(const Checkpoint *adapter, const Checkpoint *base, GError **error)
{
	g_autoptr(AdapterConfig) config = config_of(adapter, error);
	g_autoptr(AdapterParts) parts =
		config != NULL ? adapter_parts_new(adapter, config, error) : NULL;

	if (parts == NULL)
		return NULL;
	g_autoptr(AdapterTargets) targets = adapter_targets_new(base);
	g_autoptr(GHashTable) wholes = g_hash_table_new(text_table_hash, g_str_equal);
	g_autoptr(GHashTable) taken = g_hash_table_new(text_table_hash, g_str_equal);
	g_autoptr(Checkpoint) bound = begin(adapter, parts);
	Binding binding = {(Checkpoint *)adapter, (Checkpoint *)base, config, parts, targets,
		wholes, taken, bound};
	return fill(&binding, error) ? g_steal_pointer(&bound) : NULL;
}
