/* model_side.c - what lies beside the weights of a model: config, tokenizer, licence. */
#include "export/model_side.h"

#include "core/text.h"

#include <string.h>

static const char *const wanted[] = {"*.json", "*.txt", "*.model", "*.jinja", "*.md", "*.py",
	"*.tiktoken", "*.bpe", "*.vocab", "tokenizer*", "vocab*", "merges*", "LICENSE*", "NOTICE*"};

/* Weights in any format, the state of training, and what is written anew. */
static const char *const unwanted[] = {"*.safetensors", "*.index.json", "*.bin", "*.pt", "*.pth",
	"*.h5", "*.gguf", "*.onnx", "*.msgpack", "*.ckpt", "*.tmp.*", "optimizer*", "scheduler*",
	"rng_state*", "training_args*", "trainer_state*", "recipe.json", "*.recipe.json"};

static gboolean is_any(const char *name, const char *const *globs, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (text_glob(globs[i], name))
			return TRUE;
	return FALSE;
}

static gboolean is_side_file(const char *folder, const char *name)
{
	if (!is_any(name, wanted, G_N_ELEMENTS(wanted)) ||
		is_any(name, unwanted, G_N_ELEMENTS(unwanted)))
		return FALSE;
	g_autofree char *path = g_build_filename(folder, name, NULL);
	return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *side_files(const char *folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;
	while (directory && (name = g_dir_read_name(directory)))
		if (is_side_file(folder, name))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}
