/* adapter.c - opens the folder of an adapter: its configuration, and the file of its factors in
 * whatever format that is.  The base that it names is never opened. */
#include "checkpoint/adapter.h"

#include "checkpoint/adapter_parts.h"
#include "checkpoint/folder.h"
#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define FORMAT "peft-dir"
#define FACTORS "adapter_model."
#define TARGETS_SHOWN 12

gboolean adapter_is(const char *folder)
{
	g_autoptr(GPtrArray) names = folder_names(folder, NULL);
	return names != NULL && folder_has_adapter(names);
}

char *adapter_folder_of(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
	g_autofree char *config = g_build_filename(folder, ADAPTER_CONFIG, NULL);
	gboolean part = strcmp(name, ADAPTER_CONFIG) == 0 || g_str_has_prefix(name, FACTORS);

	return part && g_file_test(config, G_FILE_TEST_EXISTS) ? g_steal_pointer(&folder) : NULL;
}

/* safetensors before .bin, as PEFT looks for them; then what else is called so.  Borrowed. */
static const char *factors_name(const GPtrArray *names)
{
	static const char *const known[] = {
		FACTORS "safetensors", FACTORS "bin", FACTORS "pt", FACTORS "pth", FACTORS "npz"};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		for (guint k = 0; k < names->len; k++)
			if (strcmp(g_ptr_array_index(names, k), known[i]) == 0)
				return known[i];
	return NULL;
}

/* The path of the factors; g_free it. */
static char *find_factors(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = folder_names(folder, error);
	const char *name = names != NULL ? factors_name(names) : NULL;

	if (name != NULL)
		return g_build_filename(folder, name, NULL);
	if (names != NULL)
		fail_at(error, ERROR_INPUT,
			(Place){.file = folder, .remedy = "put the adapter's weights beside it"},
			"the folder holds " ADAPTER_CONFIG ", but neither " FACTORS
			"safetensors nor " FACTORS "bin");
	return NULL;
}

static File *open_config(const char *folder, GError **error)
{
	g_autofree char *path = g_build_filename(folder, ADAPTER_CONFIG, NULL);

	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return file_open(path, error);
	fail_at(error, ERROR_INPUT,
		(Place){.file = folder,
			.remedy = "put the " ADAPTER_CONFIG " that it was saved with beside it"},
		"the folder holds an adapter, but no " ADAPTER_CONFIG
		", so what its factors are multiplied by is not known");
	return NULL;
}

/* The last words of the modules that it targets: "k_proj, q_proj (64 modules)". */
static char *targets_text(const AdapterParts *parts)
{
	g_autoptr(GHashTable) known = g_hash_table_new(text_table_hash, g_str_equal);
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < parts->modules->len; i++) {
		const AdapterModule *module = g_ptr_array_index(parts->modules, i);
		const char *point = strrchr(module->name, '.');
		gpointer word = (gpointer)(point != NULL ? point + 1 : module->name);
		if (g_hash_table_add(known, word))
			g_ptr_array_add(words, word);
	}
	text_natural_sort(words);
	for (guint i = 0; i < words->len && i < TARGETS_SHOWN; i++)
		g_string_append_printf(
			text, "%s%s", i > 0 ? ", " : "", (char *)g_ptr_array_index(words, i));
	g_string_append_printf(text, "%s (%u module%s)", words->len > TARGETS_SHOWN ? ", ..." : "",
		parts->modules->len, parts->modules->len > 1 ? "s" : "");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* One rank, or the least and the most where there is a pattern. */
static char *rank_text(const AdapterParts *parts)
{
	guint64 least = G_MAXUINT64, most = 0;

	for (guint i = 0; i < parts->modules->len; i++) {
		const AdapterModule *module = g_ptr_array_index(parts->modules, i);
		least = MIN(least, module->rank);
		most = MAX(most, module->rank);
	}
	if (least == most)
		return g_strdup_printf("%" PRIu64, most);
	return g_strdup_printf("%" PRIu64 " to %" PRIu64, least, most);
}

static void tell(Checkpoint *checkpoint, const AdapterParts *parts, const AdapterConfig *config)
{
	g_autofree char *targets = targets_text(parts), *rank = rank_text(parts);
	g_autofree char *alpha = g_strdup_printf("%g", config->alpha);

	checkpoint_tell(checkpoint, "rank", rank);
	checkpoint_tell(checkpoint, "alpha", alpha);
	checkpoint_tell(checkpoint, "targets", targets);
	if (config->root_of_rank)
		checkpoint_tell(checkpoint, "scaling", "alpha by the root of the rank (rsLoRA)");
	if (config->dora)
		checkpoint_tell(checkpoint, "magnitudes", "learned (DoRA)");
	if (config->base != NULL)
		checkpoint_tell(checkpoint, "base", config->base);
}

Checkpoint *adapter_open(const char *folder, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new(folder, FORMAT);
	g_autofree char *factors = find_factors(folder, error);
	g_autoptr(File) file = factors != NULL ? open_config(folder, error) : NULL;
	g_autoptr(AdapterConfig) config = file != NULL ? adapter_config_read(file, error) : NULL;

	if (config == NULL || !checkpoint_read_file(checkpoint, factors, error))
		return NULL;
	checkpoint->format = FORMAT;
	checkpoint->directory = g_strdup(folder);
	g_autofree char *path = g_strdup(file->path);
	checkpoint_add_file(checkpoint, path, g_steal_pointer(&file));
	if (!checkpoint_seal(checkpoint, error))
		return NULL;
	g_autoptr(AdapterParts) parts = adapter_parts_new(checkpoint, config, error);
	if (parts == NULL)
		return NULL;
	tell(checkpoint, parts, config);
	return g_steal_pointer(&checkpoint);
}

gboolean adapter_is_unbound(const Checkpoint *checkpoint)
{
	if (g_strcmp0(checkpoint->format, FORMAT) != 0)
		return FALSE;
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		if (adapter_part_is_factor(checkpoint_tensor(checkpoint, i)->name))
			return TRUE;
	return FALSE;
}
