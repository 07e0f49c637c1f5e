/* score.c - score a digits model on its images: how many of each task it gets right.
 *
 * The model is the small vision transformer of data/digits/README.md.  Its forward pass is written
 * out plainly, in float32 and in one fixed order, so that counts can be compared exactly. */
#include "checkpoint/checkpoint.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	WIDTH = 48,
	BLOCKS = 3,
	HEADS = 4,
	HEAD_WIDTH = WIDTH / HEADS,
	HIDDEN = 96,
	CLASSES = 66,
	SIDE = 28,
	PATCH = 7,
	PATCH_PIXELS = PATCH * PATCH,
	TOKENS = (SIDE / PATCH) * (SIDE / PATCH),
	IMAGE = SIDE * SIDE,
};

/* A task reads the logits [first, first + classes). */
typedef struct {
	const char *name;
	guint first, classes;
} Task;

static const Task tasks[] = {
	{"mnist", 0, 10},
	{"optdigits", 0, 10},
	{"mnist-inv", 0, 10},
	{"fashion", 10, 10},
	{"greek", 20, 10},
	{"cyrillic", 30, 10},
	{"latin", 40, 26},
};

/* ---- the model ------------------------------------------------------------------------------- */

typedef struct {
	float weight[WIDTH], bias[WIDTH];
} Norm;

typedef struct {
	float weight[WIDTH][WIDTH], bias[WIDTH];
} Projection;

typedef struct {
	Norm norm_1, norm_2;
	Projection query, key, value, output;
	float up[HIDDEN][WIDTH], up_bias[HIDDEN];
	float down[WIDTH][HIDDEN], down_bias[WIDTH];
} Block;

typedef struct {
	float patch[WIDTH][PATCH_PIXELS], patch_bias[WIDTH];
	float position[TOKENS][WIDTH];
	Block blocks[BLOCKS];
	Norm norm;
	float head[CLASSES][WIDTH];
} Model;

/* Where a tensor goes. */
typedef struct {
	const char *name;
	gsize offset, elements;
} Slot;

#define SLOT(type, name, field)                                                                    \
	{                                                                                          \
		name, offsetof(type, field), sizeof(((type *)0)->field) / sizeof(float)            \
	}

static const Slot model_slots[] = {
	SLOT(Model, "patch_embed.weight", patch),
	SLOT(Model, "patch_embed.bias", patch_bias),
	SLOT(Model, "pos_embed", position),
	SLOT(Model, "ln_f.weight", norm.weight),
	SLOT(Model, "ln_f.bias", norm.bias),
	SLOT(Model, "head.weight", head),
};

static const Slot block_slots[] = {
	SLOT(Block, "ln_1.weight", norm_1.weight),
	SLOT(Block, "ln_1.bias", norm_1.bias),
	SLOT(Block, "attn.q_proj.weight", query.weight),
	SLOT(Block, "attn.q_proj.bias", query.bias),
	SLOT(Block, "attn.k_proj.weight", key.weight),
	SLOT(Block, "attn.k_proj.bias", key.bias),
	SLOT(Block, "attn.v_proj.weight", value.weight),
	SLOT(Block, "attn.v_proj.bias", value.bias),
	SLOT(Block, "attn.o_proj.weight", output.weight),
	SLOT(Block, "attn.o_proj.bias", output.bias),
	SLOT(Block, "ln_2.weight", norm_2.weight),
	SLOT(Block, "ln_2.bias", norm_2.bias),
	SLOT(Block, "mlp.fc_in.weight", up),
	SLOT(Block, "mlp.fc_in.bias", up_bias),
	SLOT(Block, "mlp.fc_out.weight", down),
	SLOT(Block, "mlp.fc_out.bias", down_bias),
};

static gboolean read_slot(const Checkpoint *checkpoint, const char *prefix, const Slot *slot,
	void *owner, GError **error)
{
	g_autofree char *name = g_strconcat(prefix, slot->name, NULL);
	gint place = checkpoint_find(checkpoint, name);
	if (place < 0)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = checkpoint->path, .tensor = name},
			"the model has no such tensor");
	const Tensor *tensor = checkpoint_tensor(checkpoint, (guint)place);
	if (tensor->elements != slot->elements || dtype_info(tensor->dtype)->class != CLASS_FLOAT)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = checkpoint->path, .tensor = name},
			"the model needs %" G_GSIZE_FORMAT " floats here", slot->elements);
	g_autofree guint8 *raw = g_malloc(tensor->bytes);
	if (!checkpoint_read_raw(checkpoint, (guint)place, 0, tensor->elements, raw, error))
		return FALSE;
	dtype_decode_float(tensor->dtype, raw, slot->elements,
		(float *)(void *)((char *)owner + slot->offset));
	return TRUE;
}

static gboolean read_block(const Checkpoint *checkpoint, guint number, Block *block, GError **error)
{
	g_autofree char *prefix = g_strdup_printf("blocks.%u.", number);
	for (guint i = 0; i < G_N_ELEMENTS(block_slots); i++)
		if (!read_slot(checkpoint, prefix, &block_slots[i], block, error))
			return FALSE;
	return TRUE;
}

static gboolean model_read(const char *path, Model *model, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, error);
	if (!checkpoint)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(model_slots); i++)
		if (!read_slot(checkpoint, "", &model_slots[i], model, error))
			return FALSE;
	for (guint i = 0; i < BLOCKS; i++)
		if (!read_block(checkpoint, i, &model->blocks[i], error))
			return FALSE;
	return TRUE;
}

/* ---- the forward pass ------------------------------------------------------------------------ */

/* y = W x + b, with W [rows][columns]; bias may be NULL. */
static void linear(
	const float *weight, const float *bias, const float *x, float *y, guint rows, guint columns)
{
	for (guint i = 0; i < rows; i++) {
		float sum = bias ? bias[i] : 0;
		for (guint j = 0; j < columns; j++)
			sum += weight[i * columns + j] * x[j];
		y[i] = sum;
	}
}

static void normalise(const Norm *norm, const float *x, float *y)
{
	float mean = 0, variance = 0;
	for (guint i = 0; i < WIDTH; i++)
		mean += x[i];
	mean /= WIDTH;
	for (guint i = 0; i < WIDTH; i++)
		variance += (x[i] - mean) * (x[i] - mean);
	variance /= WIDTH;
	for (guint i = 0; i < WIDTH; i++)
		y[i] = (x[i] - mean) / sqrtf(variance + 1e-5f) * norm->weight[i] + norm->bias[i];
}

static void add(float *x, const float *y)
{
	for (guint i = 0; i < WIDTH; i++)
		x[i] += y[i];
}

static void embed(const Model *model, const guint8 *image, float x[TOKENS][WIDTH])
{
	float patch[PATCH_PIXELS];
	for (guint t = 0; t < TOKENS; t++) {
		guint row = t / (SIDE / PATCH) * PATCH, column = t % (SIDE / PATCH) * PATCH;
		for (guint i = 0; i < PATCH_PIXELS; i++) {
			guint pixel = (row + i / PATCH) * SIDE + column + i % PATCH;
			patch[i] = (float)image[pixel] / 255.0f;
		}
		linear(&model->patch[0][0], model->patch_bias, patch, x[t], WIDTH, PATCH_PIXELS);
		add(x[t], model->position[t]);
	}
}

/* Softmax over the tokens of the products of one query with all keys, for one head. */
static void attention_weights(
	const float *query, const float key[TOKENS][WIDTH], guint first, float weight[TOKENS])
{
	float largest = -INFINITY, sum = 0;
	for (guint u = 0; u < TOKENS; u++) {
		float product = 0;
		for (guint i = first; i < first + HEAD_WIDTH; i++)
			product += query[i] * key[u][i];
		weight[u] = product / sqrtf(HEAD_WIDTH);
		largest = fmaxf(largest, weight[u]);
	}
	for (guint u = 0; u < TOKENS; u++) {
		weight[u] = expf(weight[u] - largest);
		sum += weight[u];
	}
	for (guint u = 0; u < TOKENS; u++)
		weight[u] /= sum;
}

static void attend(const float *query, const float key[TOKENS][WIDTH],
	const float value[TOKENS][WIDTH], float out[WIDTH])
{
	float weight[TOKENS];
	for (guint first = 0; first < WIDTH; first += HEAD_WIDTH) {
		attention_weights(query, key, first, weight);
		for (guint i = first; i < first + HEAD_WIDTH; i++) {
			out[i] = 0;
			for (guint u = 0; u < TOKENS; u++)
				out[i] += weight[u] * value[u][i];
		}
	}
}

static void project(const Projection *projection, const float *x, float *y)
{
	linear(&projection->weight[0][0], projection->bias, x, y, WIDTH, WIDTH);
}

static void attention(const Block *block, float x[TOKENS][WIDTH])
{
	float query[TOKENS][WIDTH], key[TOKENS][WIDTH], value[TOKENS][WIDTH];
	float normal[WIDTH], heads[WIDTH], out[WIDTH];
	for (guint t = 0; t < TOKENS; t++) {
		normalise(&block->norm_1, x[t], normal);
		project(&block->query, normal, query[t]);
		project(&block->key, normal, key[t]);
		project(&block->value, normal, value[t]);
	}
	for (guint t = 0; t < TOKENS; t++) {
		attend(query[t], key, value, heads);
		project(&block->output, heads, out);
		add(x[t], out);
	}
}

static float gelu(float x)
{
	return 0.5f * x * (1 + erff(x * (float)M_SQRT1_2));
}

static void feed_forward(const Block *block, float x[WIDTH])
{
	float normal[WIDTH], hidden[HIDDEN], out[WIDTH];
	normalise(&block->norm_2, x, normal);
	linear(&block->up[0][0], block->up_bias, normal, hidden, HIDDEN, WIDTH);
	for (guint i = 0; i < HIDDEN; i++)
		hidden[i] = gelu(hidden[i]);
	linear(&block->down[0][0], block->down_bias, hidden, out, WIDTH, HIDDEN);
	add(x, out);
}

static void model_logits(const Model *model, const guint8 *image, float logits[CLASSES])
{
	float x[TOKENS][WIDTH], normal[WIDTH], feature[WIDTH] = {0};
	embed(model, image, x);
	for (guint b = 0; b < BLOCKS; b++) {
		attention(&model->blocks[b], x);
		for (guint t = 0; t < TOKENS; t++)
			feed_forward(&model->blocks[b], x[t]);
	}
	for (guint t = 0; t < TOKENS; t++) {
		normalise(&model->norm, x[t], normal);
		for (guint i = 0; i < WIDTH; i++)
			feature[i] += normal[i] / TOKENS;
	}
	linear(&model->head[0][0], NULL, feature, logits, CLASSES, WIDTH);
}

/* ---- images and scores ----------------------------------------------------------------------- */

/* An IDX file of unsigned bytes: a big-endian magic, `rank` sizes, the bytes. */
static guint8 *idx_read(const char *folder, const Task *task, const char *what, guint rank,
	guint64 item_bytes, guint32 *items, GError **error)
{
	g_autofree char *name = g_strdup_printf("%s.%s.idx", task->name, what);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(File) file = file_open(path, error);
	guint32 head[2];
	if (!file || !file_read(file, 0, sizeof head, head, error))
		return NULL;
	*items = GUINT32_FROM_BE(head[1]);
	guint64 start = 4 + 4 * (guint64)rank;
	if (GUINT32_FROM_BE(head[0]) != (0x800 | rank) ||
		file->size != start + *items * item_bytes) {
		fail_at(error, ERROR_INPUT, (Place){.file = path}, "this is no IDX file of %s",
			what);
		return NULL;
	}
	g_autofree guint8 *bytes = g_malloc(*items * item_bytes);
	if (!file_read(file, start, *items * item_bytes, bytes, error))
		return NULL;
	return g_steal_pointer(&bytes);
}

static guint answer(const Model *model, const Task *task, const guint8 *image)
{
	float logits[CLASSES];
	model_logits(model, image, logits);
	guint best = 0;
	for (guint i = 1; i < task->classes; i++)
		if (logits[task->first + i] > logits[task->first + best])
			best = i;
	return best;
}

static gboolean score_task(
	const Model *model, const Task *task, const char *folder, cJSON *result, GError **error)
{
	guint32 images, labels;
	g_autofree guint8 *image = idx_read(folder, task, "images", 3, IMAGE, &images, error);
	g_autofree guint8 *label =
		image ? idx_read(folder, task, "labels", 1, 1, &labels, error) : NULL;
	if (!label)
		return FALSE;
	if (images == 0 || images != labels)
		return fail(error, ERROR_INPUT, "%s: %u images and %u labels", task->name, images,
			labels);
	guint correct = 0;
	for (guint32 i = 0; i < images; i++)
		correct += answer(model, task, image + (gsize)i * IMAGE) == label[i] ? 1 : 0;
	cJSON *object = cJSON_AddObjectToObject(result, task->name);
	json_add_uint(object, "correct", correct);
	json_add_uint(object, "images", images);
	json_add_number(object, "accuracy", (double)correct / images);
	return TRUE;
}

static gboolean add_scores(const Model *model, const char *folder, cJSON *result, GError **error)
{
	cJSON *scores = cJSON_AddObjectToObject(result, "tasks");
	for (guint i = 0; i < G_N_ELEMENTS(tasks); i++)
		if (!score_task(model, &tasks[i], folder, scores, error))
			return FALSE;
	return TRUE;
}

static gboolean add_logits(const Model *model, const char *folder, cJSON *result, GError **error)
{
	guint32 images;
	g_autofree guint8 *image = idx_read(folder, &tasks[0], "images", 3, IMAGE, &images, error);
	if (!image)
		return FALSE;
	if (images == 0)
		return fail(error, ERROR_INPUT, "%s: there is no image", tasks[0].name);
	float logits[CLASSES];
	double numbers[CLASSES];
	model_logits(model, image, logits);
	for (guint i = 0; i < CLASSES; i++)
		numbers[i] = (double)logits[i];
	cJSON_AddItemToObject(result, "logits", json_numbers(numbers, CLASSES));
	return TRUE;
}

/* ---- the program ----------------------------------------------------------------------------- */

typedef struct {
	gboolean logits;
	char *images;
	char **models;
} Options;

static void options_clear(Options *options)
{
	g_free(options->images);
	g_strfreev(options->models);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* A path relative to the folder of the program; NULL where that is not known. */
static char *beside_program(const char *relative)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	if (!program)
		return NULL;
	g_autofree char *folder = g_path_get_dirname(program);
	return g_build_filename(folder, relative, NULL);
}

/* The images, as `tauscope demo` finds its checkpoints: where TAUSCOPE_DATADIR says, where they
 * were installed to, or in the source tree that the program was built in. */
static char *find_images(void)
{
	g_autofree char *shared = beside_program("../share/tauscope");
	g_autofree char *own = beside_program(".");
	g_autofree char *above = beside_program("../../data");
	const char *told = g_getenv("TAUSCOPE_DATADIR");
	const char *const places[] = {
		told ? told : TAUSCOPE_DATADIR, shared, own, above, TAUSCOPE_SOURCE_DATADIR};
	for (guint i = 0; !told && i < G_N_ELEMENTS(places); i++) {
		g_autofree char *images =
			places[i] ? g_build_filename(places[i], "digits", "eval", NULL) : NULL;
		if (images && g_file_test(images, G_FILE_TEST_IS_DIR))
			return g_steal_pointer(&images);
	}
	return g_build_filename(places[0], "digits", "eval", NULL);
}

static gboolean parse(int argc, char **argv, Options *options, GError **error)
{
	const GOptionEntry entries[] = {
		{"images", 0, 0, G_OPTION_ARG_FILENAME, &options->images, "Folder of the images",
			"DIR"},
		{"logits", 0, 0, G_OPTION_ARG_NONE, &options->logits,
			"Only the logits of the first mnist image", NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->models, NULL,
			"MODEL"},
		{0},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_set_summary(context, "Scores a digits model on its images, as JSON.");
	g_option_context_add_main_entries(context, entries, NULL);
	g_autoptr(GError) reason = NULL;
	if (!g_option_context_parse(context, &argc, &argv, &reason))
		return fail(error, ERROR_USAGE, "%s; see --help", reason->message);
	if (!options->models || options->models[1])
		return fail(error, ERROR_USAGE, "score takes one model; see --help");
	if (!options->images)
		options->images = find_images();
	return TRUE;
}

static gboolean score(const Options *options, GError **error)
{
	g_autofree Model *model = g_new0(Model, 1);
	if (!model_read(options->models[0], model, error))
		return FALSE;
	g_autoptr(cJSON) result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "model", options->models[0]);
	if (!(options->logits ? add_logits : add_scores)(model, options->images, result, error))
		return FALSE;
	g_autofree char *text = json_text(result);
	fputs(text, stdout);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_auto(Options) options = {0};
	g_autoptr(GError) error = NULL;
	if (!parse(argc, argv, &options, &error) || !score(&options, &error))
		fprintf(stderr, "score: %s\n", error->message);
	return error_exit_status(error);
}
