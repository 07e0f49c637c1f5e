/* weights_stream.c - all bytes of checkpoints, hashed and, where wanted, written elsewhere.
 *
 * The stripes of several checkpoints take turns: each is hashed in its own order, and the threads
 * seldom write to one file at the same time, which the kernel lets only one do. */
#include "store/weights_stream.h"

#include "core/error.h"
#include "core/text.h"

#include <string.h>
#include <xxhash.h>

#define STRIPE_BYTES (1u << 20)

/* Bytes [first, first+length) of one tensor; every tensor has at least one stripe. */
typedef struct {
	guint stream, tensor;
	guint64 first, length;
} Stripe;

typedef struct {
	XXH128_hash_t hash;
	guint8 bytes[STRIPE_BYTES];
} Slot;

typedef struct {
	WeightsStream *streams;
	GArray *stripes;      /* of Stripe */
	XXH3_state_t **state; /* [streams] */
	Job *job;
} Streaming;

static GArray *stripes_of(const Checkpoint *checkpoint, guint stream)
{
	GArray *stripes = g_array_new(FALSE, FALSE, sizeof(Stripe));
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		guint64 bytes = checkpoint_tensor(checkpoint, i)->bytes, first = 0;
		do {
			Stripe stripe = {stream, i, first, MIN(bytes - first, STRIPE_BYTES)};
			g_array_append_val(stripes, stripe);
			first += stripe.length;
		} while (first < bytes);
	}
	return stripes;
}

/* Takes the next stripe of each list in turn. */
static GArray *interleaved(GPtrArray *lists)
{
	GArray *stripes = g_array_new(FALSE, FALSE, sizeof(Stripe));
	guint before;
	guint turn = 0;
	do {
		before = stripes->len;
		for (guint i = 0; i < lists->len; i++) {
			const GArray *list = lists->pdata[i];
			if (turn < list->len)
				g_array_append_val(stripes, g_array_index(list, Stripe, turn));
		}
		turn++;
	} while (stripes->len > before);
	return stripes;
}

static GArray *lay_out(const WeightsStream *streams, guint count)
{
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	for (guint i = 0; i < count; i++)
		g_ptr_array_add(lists, stripes_of(streams[i].from, i));
	return interleaved(lists);
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

static gboolean write_stripe(
	const WeightsStream *stream, const Stripe *stripe, const void *bytes, GError **error)
{
	guint64 offset = stream->offset[stripe->tensor] + stripe->first;
	if (!output_write(stream->output, offset, bytes, stripe->length, error))
		return FALSE;
	output_send(stream->output, offset, stripe->length);
	return TRUE;
}

static gboolean work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	const Streaming *streaming = data;
	const Stripe *stripe = &g_array_index(streaming->stripes, Stripe, item);
	const WeightsStream *stream = &streaming->streams[stripe->stream];
	Slot *result = slot;
	job_set_detail(streaming->job, checkpoint_tensor(stream->from, stripe->tensor)->name);
	if (!read_stripe(stream->from, stripe, result->bytes, error))
		return FALSE;
	result->hash = XXH3_128bits(result->bytes, stripe->length);
	job_advance(streaming->job, stripe->length);
	return !stream->output || write_stripe(stream, stripe, result->bytes, error);
}

/* Where a tensor lies is part of it: libhdf5 may lay the same contents out in another way, and two
 * such files must not bear one name. */
static void hash_heading(const WeightsStream *stream, guint number, XXH3_state_t *state)
{
	const Tensor *tensor = checkpoint_tensor(stream->from, number);
	g_autofree char *shape = tensor_shape_text(tensor);
	g_autofree char *heading = g_strdup_printf("%s\n%s\n%s\n%" G_GUINT64_FORMAT, tensor->name,
		dtype_info(tensor->dtype)->name, shape,
		stream->offset ? stream->offset[number] : tensor->offset);
	XXH3_128bits_update(state, heading, strlen(heading) + 1);
}

static gboolean merge(gpointer data, guint64 item, gpointer slot, G_GNUC_UNUSED GError **error)
{
	const Streaming *streaming = data;
	const Stripe *stripe = &g_array_index(streaming->stripes, Stripe, item);
	XXH3_state_t *state = streaming->state[stripe->stream];
	XXH128_canonical_t hash;
	XXH128_canonicalFromHash(&hash, ((const Slot *)slot)->hash);
	if (stripe->first == 0)
		hash_heading(&streaming->streams[stripe->stream], stripe->tensor, state);
	XXH3_128bits_update(state, &hash, sizeof hash);
	return TRUE;
}

static gboolean run(const Streaming *streaming, guint threads, GError **error)
{
	Parallel parallel = {.items = streaming->stripes->len,
		.threads = threads,
		.slot_bytes = sizeof(Slot),
		.data = (gpointer)streaming,
		.work = work,
		.merge = merge};
	return parallel_run(&parallel, streaming->job, error);
}

gboolean weights_stream(
	WeightsStream *streams, guint count, guint threads, Job *job, GError **error)
{
	g_autoptr(GArray) stripes = lay_out(streams, count);
	g_autofree XXH3_state_t **state = g_new(XXH3_state_t *, MAX(count, 1));
	Streaming streaming = {streams, stripes, state, job};
	for (guint i = 0; i < count; i++) {
		state[i] = XXH3_createState();
		XXH3_128bits_reset(state[i]);
	}
	gboolean done = run(&streaming, threads, error);
	for (guint i = 0; i < count; i++) {
		XXH128_hash_t hash = XXH3_128bits_digest(state[i]);
		streams[i].hash = done ? text_hash(hash.high64, hash.low64) : NULL;
		XXH3_freeState(state[i]);
	}
	return done;
}
