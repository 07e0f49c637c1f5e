/* hdf5_weights.c - HDF5 files, and Keras' archives of one, as checkpoints.
 *
 * A child process says what is in the file; which of it are weights is said here, by the names that
 * Keras gives. */
#include "checkpoint/hdf5_weights.h"

#include "checkpoint/archive.h"
#include "checkpoint/hdf5_child.h"
#include "checkpoint/hdf5_dataset.h"
#include "checkpoint/hdf5_walk.h"
#include "core/error.h"

#include <string.h>

/* A deflated member is unpacked to be walked. */
#define MEMBER_MOST (32u << 20)
#define SIGNATURE "\211HDF\r\n\032\n"
#define SIGNATURE_BYTES 8

/* The rows of a file on their way into a checkpoint. */
typedef struct {
	Checkpoint *checkpoint;
	guint file;
	Bytes *whole; /* the HDF5 file */
	const GArray *rows;
	const char *root, *state; /* prefixes of weights and of the optimizer's state, or NULL */
	guint states;             /* datasets of that */
	GHashTable *datasets;     /* &object → Hdf5Row, of those that have a dataset */
	GHashTable *names;        /* &object → the name that it was added under; all borrowed */
} Filling;

/* The library looks for the signature at 0, 512 and every double of that. */
static gboolean hdf5_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	for (gsize at = 0; at + SIGNATURE_BYTES <= length; at = at == 0 ? 512 : at * 2)
		if (memcmp(head + at, SIGNATURE, SIGNATURE_BYTES) == 0)
			return TRUE;
	return FALSE;
}

/* Keras 3 has each layer's variables as vars/0, vars/1, … */
static gboolean is_variable(const char *name)
{
	const char *vars = g_strrstr(name, "/vars/");
	return vars != NULL && g_ascii_isdigit(vars[strlen("/vars/")]);
}

/* Keras 2 has the weights of a whole model below model_weights. */
static void find_root(Filling *filling)
{
	for (guint i = 0; i < filling->rows->len; i++) {
		const Hdf5Row *row = &g_array_index(filling->rows, Hdf5Row, i);
		if (g_str_has_prefix(row->name, "model_weights/")) {
			filling->root = "model_weights/";
			filling->state = "optimizer_weights/";
			return;
		}
		if (is_variable(row->name))
			filling->state = "optimizer/";
	}
}

/* The name below the root; NULL where it is not there, which is told. */
static const char *name_of(Filling *filling, const Hdf5Row *row)
{
	if (filling->state != NULL && g_str_has_prefix(row->name, filling->state)) {
		filling->states++;
		return NULL;
	}
	if (filling->root == NULL)
		return row->name;
	if (g_str_has_prefix(row->name, filling->root))
		return row->name + strlen(filling->root);
	checkpoint_skip(filling->checkpoint, row->name, "outside of model_weights");
	return NULL;
}

/* A dataset is added under the first of its names that is to be kept; the others are aliases. */
static gboolean add_named(Filling *filling, const char *name, const Hdf5Row *row, GError **error)
{
	const Hdf5Row *of = g_hash_table_lookup(filling->datasets, &row->object);
	const char *first = g_hash_table_lookup(filling->names, &row->object);

	if (first != NULL) {
		checkpoint_add_alias(filling->checkpoint, name, first);
		return TRUE;
	}
	if (of == NULL) {
		checkpoint_skip(filling->checkpoint, name, "another name of what is not read");
		return TRUE;
	}
	g_hash_table_insert(filling->names, (gpointer)&row->object, (gpointer)name);
	return hdf5_add_dataset(
		filling->checkpoint, filling->file, filling->whole, name, of, error);
}

static gboolean add_row(Filling *filling, const Hdf5Row *row, GError **error)
{
	const char *name = name_of(filling, row);

	if (name == NULL)
		return TRUE;
	if (row->reason == NULL)
		return add_named(filling, name, row, error);
	checkpoint_skip(filling->checkpoint, name, row->reason);
	return TRUE;
}

static void tell_root(const Filling *filling)
{
	if (filling->root != NULL)
		checkpoint_tell(filling->checkpoint, "root", "model_weights");
	if (filling->states == 0)
		return;
	g_autofree char *name = g_strndup(filling->state, strlen(filling->state) - 1);
	g_autofree char *reason =
		g_strdup_printf("the optimizer's state, not weights: %u dataset%s", filling->states,
			filling->states == 1 ? "" : "s");
	checkpoint_skip(filling->checkpoint, name, reason);
}

static gboolean check_any(const Filling *filling, GError **error)
{
	const Checkpoint *checkpoint = filling->checkpoint;
	const CheckpointFile *file = checkpoint->files->pdata[filling->file];
	const GPtrArray *skipped = checkpoint->skipped;

	if (g_hash_table_size(filling->names) > 0)
		return TRUE;
	if (skipped->len == 0)
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"it holds no dataset of numbers: there is none at all");
	const Skipped *first = skipped->pdata[0];
	return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
		"it holds no dataset of numbers: %.200s is %s", first->name, first->reason);
}

static gboolean fill(Filling *filling, GError **error)
{
	find_root(filling);
	for (guint i = 0; i < filling->rows->len; i++) {
		Hdf5Row *row = &g_array_index(filling->rows, Hdf5Row, i);
		if (row->dataset != NULL)
			g_hash_table_insert(filling->datasets, &row->object, row);
	}
	for (guint i = 0; i < filling->rows->len; i++)
		if (!add_row(filling, &g_array_index(filling->rows, Hdf5Row, i), error))
			return FALSE;
	tell_root(filling);
	return check_any(filling, error);
}

static gboolean read_image(
	Checkpoint *checkpoint, guint file, Bytes *whole, const Hdf5Image *image, GError **error)
{
	const char *path = ((const CheckpointFile *)checkpoint->files->pdata[file])->path;
	g_autoptr(GByteArray) reply = hdf5_child_ask(hdf5_walk, image, path, error);
	g_autoptr(GArray) rows =
		reply != NULL ? hdf5_reply_read(reply->data, reply->len, path, error) : NULL;

	if (rows == NULL)
		return FALSE;
	g_autoptr(GHashTable) datasets = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autoptr(GHashTable) names = g_hash_table_new(g_int64_hash, g_int64_equal);
	Filling filling = {.checkpoint = checkpoint,
		.file = file,
		.whole = whole,
		.rows = rows,
		.datasets = datasets,
		.names = names};
	return fill(&filling, error);
}

/* Stores seal their files in the block before the signature, which other programs leave empty. */
static gboolean refuse_store(const File *file, GError **error)
{
	static const char seal[] = "tauscope ";
	char head[sizeof seal - 1] = {0};

	if (!file_read(file, 0, MIN(file->size, sizeof head), head, error))
		return FALSE;
	if (memcmp(head, seal, sizeof head) != 0)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = file->path,
			.remedy =
				"open it as a store, or give the checkpoints that it was made of"},
		"this is a tauscope store, not a checkpoint");
}

static gboolean hdf5_read(Checkpoint *checkpoint, File *file, GError **error)
{
	guint number = checkpoint_add_file(checkpoint, file->path, file);
	g_autoptr(Bytes) whole = bytes_span(file, 0, file->size);
	Hdf5Image image = {.fd = file->fd, .length = file->size};

	return refuse_store(file, error) && read_image(checkpoint, number, whole, &image, error);
}

const CheckpointFormat hdf5_format = {
	.name = "hdf5",
	.detect = hdf5_detect,
	.read = hdf5_read,
};

static gboolean keras_holds(const Zip *zip)
{
	return zip_find(zip, "model.weights.h5") != NULL && zip_find(zip, "config.json") != NULL;
}

/* A stored member is read where it lies. */
static gboolean keras_read(Checkpoint *checkpoint, guint file, const Zip *zip, GError **error)
{
	const char *path = ((const CheckpointFile *)checkpoint->files->pdata[file])->path;
	const ZipEntry *entry = zip_find(zip, "model.weights.h5");
	g_autoptr(Bytes) whole = zip_bytes(zip, entry);
	Hdf5Image image = {.fd = -1};
	File *source;

	if (bytes_is_span(whole, &source, &image.base)) {
		image.fd = source->fd;
		image.length = bytes_length(whole);
		return read_image(checkpoint, file, whole, &image, error);
	}
	if (entry->size > MEMBER_MOST)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = path, .remedy = "unpack it, and give its model.weights.h5"},
			"its weights are compressed, and more than %u MiB", MEMBER_MOST >> 20);
	g_autofree guint8 *member = zip_read(zip, entry, MEMBER_MOST, &image.length, error);
	if (member == NULL)
		return FALSE;
	image.memory = member;
	return read_image(checkpoint, file, whole, &image, error);
}

const ArchiveKind keras_archive_kind = {
	.name = "keras-zip",
	.holds = keras_holds,
	.read = keras_read,
};
