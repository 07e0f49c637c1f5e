/* generate.c - writes a base and tasks of the shape of a Llama, whose cosines are known.
 *
 * generate [OPTION…] FOLDER TYPE MEGABYTES TASKS writes FOLDER/base and FOLDER/task-1 …, each of
 * about MEGABYTES, and FOLDER/truth.json: what cosines and norms are expected, and within what.
 * Block by block, for all checkpoints at once, so that what they share is drawn once. */
#include "core/error.h"
#include "core/job.h"
#include "core/json.h"
#include "layout.h"
#include "noise.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536u

typedef struct {
	const char *folder;
	Dtype dtype;
	int megabytes, tasks;
	int layers, shards;
	gboolean head, run;
	Noise noise;
} Wanted;

/* One block of one tensor. */
typedef struct {
	guint tensor;
	guint64 first, count;
} Block;

typedef struct {
	const Wanted *wanted;
	const Layout *layout;
	GArray *blocks;
	int *files; /* [tasks + 1][shards] */
} Writer;

typedef struct {
	double base[BLOCK], shared[BLOCK], own[BLOCK];
	guint8 raw[BLOCK * 8];
} Slot;

static char *member_name(const Wanted *wanted, guint member)
{
	if (member == 0)
		return g_strdup("base");
	return wanted->run ? g_strdup_printf("run/checkpoint-%u", 10 * member)
			   : g_strdup_printf("task-%u", member);
}

static char *shard_path(const Wanted *wanted, const Layout *layout, guint member, guint shard)
{
	g_autofree char *name = member_name(wanted, member);
	if (wanted->shards == 1 && !(wanted->run && member > 0))
		return g_strdup_printf("%s/%s.safetensors", wanted->folder, name);
	g_autofree char *file = layout_name(layout, shard);
	return g_build_filename(wanted->folder, name, file, NULL);
}

static gboolean write_at(int file, const void *bytes, gsize length, guint64 at, GError **error)
{
	const char *next = bytes;
	while (length > 0) {
		ssize_t written = pwrite(file, next, length, (off_t)at);
		if (written < 0)
			return fail(error, ERROR_IO, "cannot write: %s", g_strerror(errno));
		next += written;
		at += (guint64)written;
		length -= (gsize)written;
	}
	return TRUE;
}

static gboolean open_shard(Writer *writer, guint member, guint shard, GError **error)
{
	g_autofree char *path = shard_path(writer->wanted, writer->layout, member, shard);
	g_autofree char *folder = g_path_get_dirname(path);
	g_mkdir_with_parents(folder, 0755);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0)
		return fail(error, ERROR_IO, "%s: %s", path, g_strerror(errno));
	writer->files[member * writer->layout->shards + shard] = file;
	const GString *header = g_ptr_array_index(writer->layout->headers, shard);
	if (!write_at(file, header->str, header->len, 0, error))
		return FALSE;
	g_autofree char *index_path =
		g_build_filename(folder, "model.safetensors.index.json", NULL);
	g_autofree char *index = layout_index(writer->layout);
	return writer->layout->shards == 1 || g_file_set_contents(index_path, index, -1, error);
}

static gboolean open_all(Writer *writer, GError **error)
{
	for (guint member = 0; member <= (guint)writer->wanted->tasks; member++)
		for (guint shard = 0; shard < writer->layout->shards; shard++)
			if (!open_shard(writer, member, shard, error))
				return FALSE;
	return TRUE;
}

static gboolean write_values(const Writer *writer, const Block *block, guint member,
	const double *values, guint8 *raw, GError **error)
{
	const Layout *layout = writer->layout;
	guint64 size = dtype_info(layout->dtype)->bits / 8;
	guint shard = layout->shard[block->tensor];
	dtype_encode(layout->dtype, values, block->count, raw);
	return write_at(writer->files[member * layout->shards + shard], raw, block->count * size,
		layout->offset[block->tensor] + block->first * size, error);
}

/* The base as it is stored: what tasks start from. */
static gboolean write_base(
	const Writer *writer, const Block *block, const char *name, Slot *slot, GError **error)
{
	noise_draw(noise_base(), name, block->first, block->count, slot->base);
	for (gsize i = 0; i < block->count; i++)
		slot->base[i] *= NOISE_BASE;
	if (!write_values(writer, block, 0, slot->base, slot->raw, error))
		return FALSE;
	dtype_decode_double(writer->layout->dtype, slot->raw, block->count, slot->base);
	return TRUE;
}

static gboolean write_block(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Writer *writer = data;
	const Noise *noise = &writer->wanted->noise;
	const Block *block = &g_array_index(writer->blocks, Block, item);
	const char *name = g_array_index(writer->layout->tensors, LlamaTensor, block->tensor).name;
	Slot *slot = memory;
	if (!write_base(writer, block, name, slot, error))
		return FALSE;
	for (guint task = 1; task <= (guint)writer->wanted->tasks; task++) {
		guint group = noise_group(noise, task);
		if (task == 1 || group != noise_group(noise, task - 1))
			noise_draw(noise_shared(group), name, block->first, block->count,
				slot->shared);
		noise_draw(noise_own(task), name, block->first, block->count, slot->own);
		noise_add(noise, task, slot->base, slot->shared, block->count, slot->own);
		if (!write_values(writer, block, task, slot->own, slot->raw, error))
			return FALSE;
	}
	return TRUE;
}

static GArray *blocks_new(const GArray *tensors)
{
	GArray *blocks = g_array_new(FALSE, FALSE, sizeof(Block));
	for (guint t = 0; t < tensors->len; t++) {
		guint64 elements = llama_elements(&g_array_index(tensors, LlamaTensor, t));
		for (guint64 first = 0; first < elements; first += BLOCK) {
			Block block = {t, first, MIN(BLOCK, elements - first)};
			g_array_append_val(blocks, block);
		}
	}
	return blocks;
}

static gboolean write_truth(const Wanted *wanted, const GArray *tensors, GError **error)
{
	double elements = (double)llama_total(tensors);
	g_autoptr(cJSON) truth = cJSON_CreateObject();
	cJSON_AddStringToObject(truth, "type", dtype_info(wanted->dtype)->name);
	cJSON_AddStringToObject(truth, "pattern", noise_pattern_names[wanted->noise.pattern]);
	json_add_number(truth, "rho", wanted->noise.rho);
	json_add_number(truth, "tensors", tensors->len);
	json_add_number(truth, "elements", elements);
	json_add_number(truth, "base_norm", NOISE_BASE * sqrt(elements));
	json_add_number(truth, "task_norm", NOISE_TASK * sqrt(elements));
	json_add_number(truth, "sampling", 1 / sqrt(elements));
	json_add_number(truth, "rounding", noise_rounding(wanted->dtype));
	cJSON *rows = cJSON_AddArrayToObject(truth, "cosine");
	for (guint i = 1; i <= (guint)wanted->tasks; i++) {
		cJSON *row = cJSON_CreateArray();
		for (guint j = 1; j <= (guint)wanted->tasks; j++)
			cJSON_AddItemToArray(row, json_number(noise_cosine(&wanted->noise, i, j)));
		cJSON_AddItemToArray(rows, row);
	}
	g_autofree char *path = g_build_filename(wanted->folder, "truth.json", NULL);
	g_autofree char *text = json_text(truth);
	return g_file_set_contents(path, text, -1, error);
}

static gboolean generate(const Wanted *wanted, GError **error)
{
	guint64 bits = (guint64)wanted->megabytes * 8000000;
	g_autoptr(GArray) tensors = llama_new(
		bits / dtype_info(wanted->dtype)->bits, (guint)wanted->layers, wanted->head);
	g_autoptr(Layout) layout = layout_new(tensors, wanted->dtype, (guint)wanted->shards);
	g_autoptr(GArray) blocks = blocks_new(tensors);
	guint files = (guint)(wanted->tasks + 1) * layout->shards;
	Writer writer = {wanted, layout, blocks, g_new(int, files)};
	for (guint i = 0; i < files; i++)
		writer.files[i] = -1;
	Parallel parallel = {.items = blocks->len,
		.slot_bytes = sizeof(Slot),
		.data = &writer,
		.work = write_block};
	gboolean done = open_all(&writer, error) && parallel_run(&parallel, NULL, error);
	for (guint i = 0; i < files; i++)
		if (writer.files[i] >= 0)
			close(writer.files[i]);
	g_free(writer.files);
	return done && write_truth(wanted, tensors, error);
}

static gboolean read_pattern(const char *name, NoisePattern *pattern, GError **error)
{
	for (guint i = 0; i < NOISE_PATTERNS; i++)
		if (g_strcmp0(name, noise_pattern_names[i]) == 0) {
			*pattern = (NoisePattern)i;
			return TRUE;
		}
	return fail(error, ERROR_USAGE, "a pattern is equal, groups or opposed, not %s", name);
}

static gboolean read_number(const char *text, int *number)
{
	guint64 read;
	if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT, &read, NULL))
		return FALSE;
	*number = (int)read;
	return TRUE;
}

static gboolean read_arguments(Wanted *wanted, int argc, char **argv, GError **error)
{
	if (argc != 5)
		return fail(error, ERROR_USAGE,
			"usage: generate [OPTION...] FOLDER TYPE MEGABYTES TASKS; --help tells "
			"more");
	wanted->folder = argv[1];
	if (!read_number(argv[3], &wanted->megabytes) || !read_number(argv[4], &wanted->tasks))
		return fail(error, ERROR_USAGE, "MEGABYTES and TASKS are whole numbers from 1 on");
	if (!dtype_from_name(argv[2], &wanted->dtype) ||
		(wanted->dtype != DTYPE_F32 && wanted->dtype != DTYPE_BF16 &&
			wanted->dtype != DTYPE_F16))
		return fail(error, ERROR_USAGE, "a type is F32, BF16 or F16, not %s", argv[2]);
	if (wanted->layers < 1 || wanted->shards < 1 ||
		!(wanted->noise.rho >= 0 && wanted->noise.rho <= 1))
		return fail(error, ERROR_USAGE,
			"layers and shards are at least 1, and rho from 0 to 1");
	return TRUE;
}

static gboolean run(int argc, char **argv, GError **error)
{
	Wanted wanted = {.layers = 4, .shards = 1, .noise = {NOISE_EQUAL, 0.25}};
	g_autofree char *pattern = NULL;
	const GOptionEntry entries[] = {
		{"layers", 0, 0, G_OPTION_ARG_INT, &wanted.layers, "Layers (4)", "N"},
		{"head", 0, 0, G_OPTION_ARG_NONE, &wanted.head, "With lm_head", NULL},
		{"shards", 0, 0, G_OPTION_ARG_INT, &wanted.shards, "Files of each (1)", "N"},
		{"run", 0, 0, G_OPTION_ARG_NONE, &wanted.run, "Tasks are steps: run/checkpoint-N",
			NULL},
		{"rho", 0, 0, G_OPTION_ARG_DOUBLE, &wanted.noise.rho, "Cosine of two tasks (0.25)",
			"R"},
		{"pattern", 0, 0, G_OPTION_ARG_STRING, &pattern, "equal, groups or opposed", "P"},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GOptionContext) context = g_option_context_new("FOLDER TYPE MEGABYTES TASKS");
	g_option_context_set_summary(context,
		"Writes a base and TASKS checkpoints in FOLDER, of the shape of a Llama, whose "
		"cosines\nare known, and these in truth.json.  TYPE is F32, BF16 or F16; MEGABYTES "
		"is the size of each.");
	g_option_context_add_main_entries(context, entries, NULL);
	return g_option_context_parse(context, &argc, &argv, error) &&
	       read_pattern(pattern ? pattern : "equal", &wanted.noise.pattern, error) &&
	       read_arguments(&wanted, argc, argv, error) && generate(&wanted, error);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	setlocale(LC_CTYPE, "");
	if (run(argc, argv, &error))
		return EXIT_SUCCESS;
	fprintf(stderr, "generate: %s\n", error->message);
	return EXIT_FAILURE;
}
