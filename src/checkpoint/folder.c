/* folder.c - see folder.h.  Names alone are looked at; what a file is, its reader will say. */
#include "checkpoint/folder.h"

#include "checkpoint/adapter_config.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

/* What the weights are opened by, in order of preference, where one name alone fits. */
static const struct {
	const char *glob;
	FolderKind kind;
} preferred[] = {
	{"model.safetensors", FOLDER_FILE},
	{"model.safetensors.index.json", FOLDER_INDEX},
	{"*.safetensors.index.json", FOLDER_INDEX},
	{"*.safetensors.index.*.json", FOLDER_INDEX},
	{"*.safetensors", FOLDER_FILE},
	{"pytorch_model.bin", FOLDER_FILE},
	{"pytorch_model.bin.index.json", FOLDER_INDEX},
	{"*.bin.index.json", FOLDER_INDEX},
	{"*.bin.index.*.json", FOLDER_INDEX},
};

/* All names of weights, and what trainers save beside weights under such names. */
static const char *const weights[] = {"*.safetensors", "*.bin", "*.pt", "*.pth", "*.pth.tar",
	"*.ckpt", "*.gguf", "*.h5", "*.hdf5", "*.keras", "*.npz"};
static const char *const beside[] = {"optimizer*", "scheduler*", "lr_scheduler*", "rng_state*",
	"training_args.bin", "random_states*", "scaler*", "sampler*", "dl_state_dict*",
	"tokenizer*", "vocab*"};

/* What lies there instead of weights. */
typedef struct {
	const char *glob, *what, *remedy;
} Unread;

/* Weights in parts that only other tools can join: one of them is not all there is. */
static const Unread parts[] = {
	{"*.distcp", "a distributed PyTorch checkpoint, in parts",
		"join them: python -m torch.distributed.checkpoint.format_utils dcp_to_torch "
		"FOLDER FILE"},
	{"*model_states.pt", "a DeepSpeed checkpoint, in parts",
		"join them with the zero_to_fp32.py that lies beside or above it"},
	{"zero_to_fp32.py", "a DeepSpeed checkpoint, in parts",
		"join them: python zero_to_fp32.py FOLDER OUTPUT"},
	{"global_step*", "a DeepSpeed checkpoint, in parts",
		"join them with DeepSpeed's zero_to_fp32.py"},
	{"*-of-*.gguf", "a GGUF file in parts", "join them with gguf-split --merge"},
	{"consolidated.01.pth", "weights split over devices",
		"convert them to one file, or to the form of Hugging Face"},
};

/* Kinds that are not read. */
static const Unread kinds[] = {
	{"*.msgpack", "Flax weights", "convert them to safetensors"},
	{"*.msgpack.index.json", "Flax weights", "convert them to safetensors"},
	{"*.onnx", "an ONNX graph", "give the weights that it was made from"},
	{"saved_model.pb", "a TensorFlow SavedModel", "save its weights as HDF5 or safetensors"},
	{"*.ckpt.index", "a TensorFlow checkpoint", "save its weights as HDF5 or safetensors"},
};

GPtrArray *folder_names(const char *path, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) folder = g_dir_open(path, 0, &cause);
	const char *name;

	if (folder == NULL) {
		fail_at(error, ERROR_IO, (Place){.file = path}, "the folder cannot be read: %s",
			cause->message);
		return NULL;
	}
	while ((name = g_dir_read_name(folder)) != NULL)
		g_ptr_array_add(names, g_strdup(name));
	text_natural_sort(names);
	return g_steal_pointer(&names);
}

/* How many names fit a glob; *first is the first of them, borrowed. */
static guint count_names(const GPtrArray *names, const char *glob, const char **first)
{
	guint count = 0;
	*first = NULL;
	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		if (text_glob(glob, name) && count++ == 0)
			*first = name;
	}
	return count;
}

static gboolean fits_any(const char *name, const char *const *globs, guint n)
{
	for (guint i = 0; i < n; i++)
		if (text_glob(globs[i], name))
			return TRUE;
	return FALSE;
}

gboolean folder_has_adapter(const GPtrArray *names)
{
	const char *first;
	return count_names(names, ADAPTER_CONFIG, &first) > 0 ||
	       count_names(names, "adapter_model.*", &first) > 0;
}

gboolean folder_is_index(const char *name)
{
	return text_glob("*.index.json", name) || text_glob("*.index.*.json", name);
}

/* The names of single files of weights; borrowed strings. */
static GPtrArray *single_weights(const char *path, const GPtrArray *names)
{
	GPtrArray *single = g_ptr_array_new();

	for (guint i = 0; i < names->len; i++) {
		char *name = g_ptr_array_index(names, i);
		g_autofree char *file = g_build_filename(path, name, NULL);
		if (fits_any(name, weights, G_N_ELEMENTS(weights)) &&
			!fits_any(name, beside, G_N_ELEMENTS(beside)) &&
			!g_file_test(file, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(single, name);
	}
	return single;
}

static gboolean is_part(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		if (text_glob(parts[i].glob, name))
			return TRUE;
	return FALSE;
}

FolderWeights folder_weights(const char *path, const GPtrArray *names)
{
	gboolean adapter = folder_has_adapter(names);
	const char *name;

	for (guint i = 0; i < G_N_ELEMENTS(preferred); i++)
		if (count_names(names, preferred[i].glob, &name) == 1 &&
			!(adapter && strcmp(preferred[i].glob, "*.safetensors") == 0))
			return (FolderWeights){preferred[i].kind, name};
	if (adapter)
		return (FolderWeights){FOLDER_ADAPTER, NULL};
	g_autoptr(GPtrArray) single = single_weights(path, names);
	if (single->len != 1 || is_part(g_ptr_array_index(single, 0)))
		return (FolderWeights){FOLDER_NONE, NULL};
	return (FolderWeights){FOLDER_FILE, g_ptr_array_index(single, 0)};
}

/* FALSE, with the error set, where one of the rows is there. */
static gboolean check_unread(
	const char *path, const GPtrArray *names, const Unread *rows, guint n, GError **error)
{
	const char *name;

	for (guint i = 0; i < n; i++)
		if (count_names(names, rows[i].glob, &name) > 0)
			return fail_at(error, ERROR_INPUT,
				(Place){.file = path, .remedy = rows[i].remedy},
				"the folder holds %s, which is not read: %s", rows[i].what, name);
	return TRUE;
}

gboolean folder_refuse(const char *path, const GPtrArray *names, GError **error)
{
	g_autoptr(GPtrArray) single = single_weights(path, names);
	const char *name;
	guint safe = count_names(names, "*.safetensors", &name);

	if (!check_unread(path, names, parts, G_N_ELEMENTS(parts), error))
		return FALSE;
	if (single->len > 1)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = path, .remedy = "name one of them"},
			"the folder holds %u %s files and no index that joins them", single->len,
			safe == single->len ? "safetensors" : "weights");
	if (!check_unread(path, names, kinds, G_N_ELEMENTS(kinds), error))
		return FALSE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = path,
			.remedy =
				"name a folder that holds model.safetensors, pytorch_model.bin or "
				"an adapter, or a file"},
		names->len == 0 ? "the folder is empty" : "the folder holds no weights");
}
