/* weights.c - see weights.h. */
#include "store/weights.h"

#include "core/text.h"
#include "store/hdf5.h"
#include "store/weights_type.h"

#include <string.h>
#include <xxhash.h>

#define STRIPE_BYTES (1u << 20)
#define DATA_ALIGNMENT 64

/* Bytes [first, first+length) of one tensor; every tensor has at least one stripe. */
typedef struct {
	guint tensor;
	guint64 first, length;
} Stripe;

typedef struct {
	XXH128_hash_t hash;
	guint8 bytes[STRIPE_BYTES];
} Slot;

/* A run over the bytes of a checkpoint: hashed in order, and written where there is an output. */
typedef struct {
	const Checkpoint *from;
	Output *output;  /* or NULL */
	guint64 *offset; /* [tensors]: in the output; or NULL */
	GArray *stripes; /* of Stripe */
	XXH3_state_t *state;
	Job *job;
} Stream;

struct WeightsCopy {
	const Checkpoint *from;
	Output *output;
	char *folder;
	guint64 *offset; /* [tensors] */
	char *hash;
};

static GArray *stripes_of(const Checkpoint *checkpoint)
{
	GArray *stripes = g_array_new(FALSE, FALSE, sizeof(Stripe));
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		guint64 bytes = checkpoint_tensor(checkpoint, i)->bytes, first = 0;
		do {
			Stripe stripe = {i, first, MIN(bytes - first, STRIPE_BYTES)};
			g_array_append_val(stripes, stripe);
			first += stripe.length;
		} while (first < bytes);
	}
	return stripes;
}

static gboolean read_stripe(
	const Checkpoint *from, const Stripe *stripe, void *bytes, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(from, stripe->tensor);
	const CheckpointFile *source = from->files->pdata[tensor->file];
	gsize size = dtype_info(tensor->dtype)->bits / 8;
	if (tensor->source)
		return checkpoint_read_raw(from, stripe->tensor, stripe->first / size,
			stripe->length / size, bytes, error);
	if (!source->file)
		return fail_at(error, ERROR_IO,
			(Place){.file = source->path, .tensor = tensor->name},
			"the file could not be opened");
	return file_read(
		source->file, tensor->offset + stripe->first, stripe->length, bytes, error);
}

static gboolean stream_work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	const Stream *stream = data;
	const Stripe *stripe = &g_array_index(stream->stripes, Stripe, item);
	Slot *result = slot;
	job_set_detail(stream->job, checkpoint_tensor(stream->from, stripe->tensor)->name);
	if (!read_stripe(stream->from, stripe, result->bytes, error))
		return FALSE;
	result->hash = XXH3_128bits(result->bytes, stripe->length);
	job_advance(stream->job, stripe->length);
	return !stream->output ||
	       output_write(stream->output, stream->offset[stripe->tensor] + stripe->first,
		       result->bytes, stripe->length, error);
}

/* Where a tensor lies is part of it: libhdf5 may lay the same contents out in another way, and two
 * such files must not bear one name. */
static void hash_heading(const Stream *stream, guint number)
{
	const Tensor *tensor = checkpoint_tensor(stream->from, number);
	g_autofree char *shape = tensor_shape_text(tensor);
	g_autofree char *heading = g_strdup_printf("%s\n%s\n%s\n%" G_GUINT64_FORMAT, tensor->name,
		dtype_info(tensor->dtype)->name, shape,
		stream->offset ? stream->offset[number] : tensor->offset);
	XXH3_128bits_update(stream->state, heading, strlen(heading) + 1);
}

static gboolean stream_merge(
	gpointer data, guint64 item, gpointer slot, G_GNUC_UNUSED GError **error)
{
	const Stream *stream = data;
	const Stripe *stripe = &g_array_index(stream->stripes, Stripe, item);
	XXH128_canonical_t hash;
	XXH128_canonicalFromHash(&hash, ((const Slot *)slot)->hash);
	if (stripe->first == 0)
		hash_heading(stream, stripe->tensor);
	XXH3_128bits_update(stream->state, &hash, sizeof hash);
	return TRUE;
}

static char *stream_run(Stream *stream, guint threads, GError **error)
{
	g_autoptr(GArray) stripes = stripes_of(stream->from);
	stream->stripes = stripes;
	stream->state = XXH3_createState();
	XXH3_128bits_reset(stream->state);
	Parallel parallel = {.items = stripes->len,
		.threads = threads,
		.slot_bytes = sizeof(Slot),
		.data = stream,
		.work = stream_work,
		.merge = stream_merge};
	gboolean ok = parallel_run(&parallel, stream->job, error);
	XXH128_hash_t hash = XXH3_128bits_digest(stream->state);
	XXH3_freeState(stream->state);
	return ok ? text_hash(hash.high64, hash.low64) : NULL;
}

char *weights_hash(const Checkpoint *copy, guint threads, Job *job, GError **error)
{
	Stream stream = {.from = copy, .job = job};
	return stream_run(&stream, threads, error);
}

static Hid create_file(const char *path, const Checkpoint *from, GError **error)
{
	hdf5_quiet();
	g_auto(Hid) access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_alignment(access, DATA_ALIGNMENT, DATA_ALIGNMENT);
	H5Pset_file_locking(access, FALSE, TRUE);
	g_auto(Hid) file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
	if (file < 0) {
		hdf5_fail(error, ERROR_IO, "cannot create", path);
		return H5I_INVALID_HID;
	}
	if (!hdf5_put_text(file, "format", "tauscope weights", error) ||
		!hdf5_put_integer(file, "layout", 1, error) ||
		!hdf5_put_text(file, "program", TAUSCOPE_VERSION, error) ||
		!hdf5_put_text(file, "path", from->path, error))
		return H5I_INVALID_HID;
	return hid_steal(&file);
}

/* An empty tensor has no place in the file. */
static gboolean take_offset(Hid dataset, const Tensor *tensor, guint64 *offset, GError **error)
{
	haddr_t address = tensor->bytes ? H5Dget_offset(dataset) : 0;
	if (address == HADDR_UNDEF)
		return hdf5_fail(error, ERROR_IO, "cannot allocate", tensor->name);
	*offset = address;
	return TRUE;
}

static gboolean create_dataset(Hid file, const Tensor *tensor, guint64 *offset, GError **error)
{
	g_autofree char *link = hdf5_escape(tensor->name);
	g_autofree char *shape = tensor_shape_text(tensor);
	g_auto(Hid) type = weights_type(tensor->dtype);
	g_auto(Hid) space = weights_space(tensor);
	g_auto(Hid) creation = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_layout(creation, H5D_CONTIGUOUS);
	H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
	H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
	H5Pset_obj_track_times(creation, FALSE);
	g_auto(Hid) dataset =
		H5Dcreate2(file, link, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
	if (dataset < 0)
		return hdf5_fail(error, ERROR_IO, "cannot make dataset", tensor->name);
	return hdf5_put_text(dataset, "name", tensor->name, error) &&
	       hdf5_put_text(dataset, "type", dtype_info(tensor->dtype)->name, error) &&
	       hdf5_put_text(dataset, "shape", shape, error) &&
	       take_offset(dataset, tensor, offset, error);
}

static gboolean create_datasets(WeightsCopy *copy, GError **error)
{
	const char *path = output_temporary(copy->output);
	g_auto(Hid) file = create_file(path, copy->from, error);
	if (file < 0)
		return FALSE;
	for (guint i = 0; i < checkpoint_count(copy->from); i++)
		if (!create_dataset(
			    file, checkpoint_tensor(copy->from, i), &copy->offset[i], error))
			return FALSE;
	if (H5Fclose(hid_steal(&file)) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot finish", path);
	return TRUE;
}

WeightsCopy *weights_begin(const char *folder, const Checkpoint *checkpoint, GError **error)
{
	g_autoptr(WeightsCopy) copy = g_new0(WeightsCopy, 1);
	XXH128_hash_t sum = XXH3_128bits(checkpoint->path, strlen(checkpoint->path));
	g_autofree char *hash = text_hash(sum.high64, sum.low64);
	g_autofree char *path = g_strdup_printf("%s/weights-%s.h5", folder, hash);
	copy->from = checkpoint;
	copy->folder = g_strdup(folder);
	copy->offset = g_new0(guint64, MAX(checkpoint_count(checkpoint), 1));
	copy->output = output_create(path, TRUE, error);
	if (!copy->output || !create_datasets(copy, error))
		return NULL;
	return g_steal_pointer(&copy);
}

gboolean weights_copy(WeightsCopy *copy, guint threads, Job *job, GError **error)
{
	Stream stream = {
		.from = copy->from, .output = copy->output, .offset = copy->offset, .job = job};
	g_free(copy->hash);
	copy->hash = stream_run(&stream, threads, error);
	return copy->hash != NULL;
}

char *weights_path(const WeightsCopy *copy)
{
	return g_strdup_printf("%s/weights-%s.h5", copy->folder, copy->hash);
}

Checkpoint *checkpoint_without_files(const Checkpoint *checkpoint)
{
	Checkpoint *copy = checkpoint_new(checkpoint->path, checkpoint->format);
	GHashTableIter iter;
	gpointer key, value;
	copy->directory = g_strdup(checkpoint->directory);
	g_hash_table_iter_init(&iter, checkpoint->metadata);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_insert(copy->metadata, g_strdup(key), g_strdup(value));
	g_hash_table_iter_init(&iter, checkpoint->about);
	while (g_hash_table_iter_next(&iter, &key, &value))
		checkpoint_tell(copy, key, value);
	for (guint i = 0; i < checkpoint->skipped->len; i++) {
		const Skipped *skipped = checkpoint->skipped->pdata[i];
		checkpoint_skip(copy, skipped->name, skipped->reason);
	}
	for (guint i = 0; i < checkpoint->shards->len; i++)
		checkpoint_add_shard(copy, checkpoint->shards->pdata[i]);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		checkpoint_add_tensor(copy, tensor_copy(checkpoint_tensor(checkpoint, i)));
	cache_unref(copy->cache);
	copy->cache = cache_ref(checkpoint->cache);
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		checkpoint_add_alias(copy, name, g_hash_table_lookup(checkpoint->aliases, name));
	}
	return copy;
}

/* The copy has what the blocks were decoded to, which is no less rounded. */
static void forget_blocks(Checkpoint *checkpoint, Tensor *tensor)
{
	if (tensor->stored_type && !g_hash_table_contains(checkpoint->about, WEIGHTS_QUANTISED))
		checkpoint_tell(checkpoint, WEIGHTS_QUANTISED, tensor->stored_type);
	tensor->stored_type = NULL;
	tensor->stored_bytes = 0;
}

static Checkpoint *checkpoint_in_copy(const WeightsCopy *copy, const char *path, GError **error)
{
	g_autoptr(File) file = file_open(path, error);
	if (!file)
		return NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_without_files(copy->from);
	checkpoint_add_file(checkpoint, path, g_steal_pointer(&file));
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		Tensor *tensor = &g_array_index(checkpoint->tensors, Tensor, i);
		tensor->file = 0;
		tensor->offset = copy->offset[i];
		g_clear_pointer(&tensor->source, source_unref);
		forget_blocks(checkpoint, tensor);
	}
	return checkpoint_seal(checkpoint, error) ? g_steal_pointer(&checkpoint) : NULL;
}

Checkpoint *weights_finish(WeightsCopy *copy, char **hash, GError **error)
{
	g_autofree char *path = weights_path(copy);
	output_set_path(copy->output, path);
	if (!output_commit(copy->output, error))
		return NULL;
	Checkpoint *checkpoint = checkpoint_in_copy(copy, path, error);
	if (checkpoint)
		*hash = g_strdup(copy->hash);
	return checkpoint;
}

void weights_free(WeightsCopy *copy)
{
	if (!copy)
		return;
	output_free(copy->output);
	g_free(copy->folder);
	g_free(copy->offset);
	g_free(copy->hash);
	g_free(copy);
}
