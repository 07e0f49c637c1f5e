/* fuzz_low_rank.c - any safetensors file as the factors of an adapter: refused with a sentence, or
 * bound to a base that has a weight for each of its modules, and read. */
#include "checkpoint/adapter.h"
#include "checkpoint/adapter_parts.h"
#include "checkpoint/safetensors.h"
#include "fuzz.h"

#include <string.h>

#define ELEMENTS_MOST 65536u
#define READ_MOST 4096u

/* A configuration of the rank that the first factor has. */
static char *config_text(const Checkpoint *adapter)
{
	guint64 rank = 1;
	gboolean dora = FALSE;

	for (guint i = 0; i < checkpoint_count(adapter); i++) {
		const Tensor *tensor = checkpoint_tensor(adapter, i);
		if (strstr(tensor->name, "_A") != NULL && tensor->rank > 1)
			rank = tensor->shape[0];
		dora = dora || strstr(tensor->name, "magnitude") != NULL;
	}
	return g_strdup_printf("{\"peft_type\":\"LORA\",\"lora_alpha\":3,\"use_dora\":%s,"
			       "\"r\":%" G_GUINT64_FORMAT "}",
		dora ? "true" : "false", rank);
}

static void add_weight(Checkpoint *base, const Checkpoint *adapter, const AdapterModule *module)
{
	const Tensor *a = checkpoint_tensor(adapter, (guint)module->a);
	Tensor weight = {.name = g_strconcat(module->name, ".weight", NULL),
		.dtype = DTYPE_F32,
		.rank = a->rank,
		.shape = g_memdup2(a->shape, a->rank * sizeof *a->shape),
		.elements = module->rows * module->columns,
		.bytes = module->rows * module->columns * 4};

	weight.shape[0] = module->embedding ? module->columns : module->rows;
	if (module->embedding)
		weight.shape[1] = module->rows;
	if (weight.elements <= ELEMENTS_MOST)
		checkpoint_add_tensor(base, weight);
	else
		tensor_clear(&weight);
}

/* NULL where the factors are refused. */
static Checkpoint *make_base(const Checkpoint *adapter, const AdapterConfig *config)
{
	static const guint8 zeros[ELEMENTS_MOST * 4];
	g_autoptr(GError) error = NULL;
	g_autoptr(AdapterParts) parts = adapter_parts_new(adapter, config, &error);
	g_autoptr(Checkpoint) base = checkpoint_new("base", "safetensors");

	fuzz_check((parts == NULL) == (error != NULL));
	checkpoint_add_file(base, "base", fuzz_file(zeros, sizeof zeros));
	for (guint i = 0; parts != NULL && i < parts->modules->len; i++)
		add_weight(base, adapter, g_ptr_array_index(parts->modules, i));
	return parts != NULL && checkpoint_seal(base, NULL) ? g_steal_pointer(&base) : NULL;
}

static void read_all(const Checkpoint *bound)
{
	guint8 block[READ_MOST * 8];

	for (guint i = 0; i < checkpoint_count(bound); i++) {
		const Tensor *tensor = checkpoint_tensor(bound, i);
		guint64 n = MIN(tensor->elements, READ_MOST);
		if (dtype_info(tensor->dtype)->bits < 8)
			continue;
		fuzz_check(checkpoint_read_raw(bound, i, 0, n, block, NULL));
		fuzz_check(checkpoint_read_raw(bound, i, tensor->elements - n, n, block, NULL));
	}
}

static void bind(const Checkpoint *adapter, const Checkpoint *base)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) bound = adapter_bind(adapter, base, &error);

	fuzz_check((bound == NULL) == (error != NULL));
	if (bound != NULL)
		read_all(bound);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	g_autoptr(Checkpoint) adapter = checkpoint_new("adapter", "peft-dir");

	if (!safetensors_format.read(adapter, fuzz_file(bytes, size), NULL))
		return 0;
	g_autofree char *text = config_text(adapter);
	File *file = fuzz_file((const guint8 *)text, strlen(text));
	g_autoptr(AdapterConfig) config = adapter_config_read(file, NULL);
	checkpoint_add_file(adapter, "config", file);
	if (config == NULL || !checkpoint_seal(adapter, NULL))
		return 0;
	g_autoptr(Checkpoint) base = make_base(adapter, config);
	if (base != NULL)
		bind(adapter, base);
	return 0;
}
