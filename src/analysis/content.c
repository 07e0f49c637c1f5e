/* content.c - hashes of what tensors hold, of any type, to notice what changed. */
#include "analysis/content.h"

#include "analysis/lineup.h"

/* A multiple of 8, so that elements of 4 or 6 bits start and end on a byte. */
#define READ_ELEMENTS 32768u

typedef struct {
	const GArray *contents;
	GArray *stripes;
	XXH3_state_t *joined;
	Job *job;
} Hashing;

/* What a worker leaves for the merge. */
typedef struct {
	guint64 hash;
	guint8 raw[READ_ELEMENTS * 8];
} Digest;

static gboolean hash_run(const Content *content, guint64 first, guint64 count, guint8 *raw,
	XXH3_state_t *state, Job *job, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(content->checkpoint, content->tensor);
	guint64 bytes = count * dtype_info(tensor->dtype)->bits / 8;
	if (!checkpoint_read_raw(content->checkpoint, content->tensor, first, count, raw, error))
		return FALSE;
	XXH3_64bits_update(state, raw, bytes);
	job_advance(job, bytes);
	return TRUE;
}

static gboolean hash_stripe(const Content *content, const Stripe *stripe, Digest *digest,
	XXH3_state_t *state, Job *job, GError **error)
{
	XXH3_64bits_reset(state);
	for (guint64 done = 0; done < stripe->count; done += READ_ELEMENTS) {
		guint64 n = MIN(READ_ELEMENTS, stripe->count - done);
		if (!hash_run(content, stripe->first + done, n, digest->raw, state, job, error))
			return FALSE;
	}
	digest->hash = XXH3_64bits_digest(state);
	return TRUE;
}

static gboolean work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	const Hashing *hashing = data;
	const Stripe *stripe = &g_array_index(hashing->stripes, Stripe, item);
	const Content *content = &g_array_index(hashing->contents, Content, stripe->subject);
	job_set_detail(hashing->job, checkpoint_tensor(content->checkpoint, content->tensor)->name);
	XXH3_state_t *state = XXH3_createState();
	gboolean done = job_check(hashing->job, error) &&
			hash_stripe(content, stripe, slot, state, hashing->job, error);
	XXH3_freeState(state);
	return done;
}

static gboolean merge(gpointer data, guint64 item, gpointer slot, G_GNUC_UNUSED GError **error)
{
	const Hashing *hashing = data;
	const Stripe *stripe = &g_array_index(hashing->stripes, Stripe, item);
	const Content *content = &g_array_index(hashing->contents, Content, stripe->subject);
	stripe_hash_join(hashing->joined, stripe, ((const Digest *)slot)->hash, content->hash);
	return TRUE;
}

gboolean content_hash(const GArray *contents, guint threads, Job *job, GError **error)
{
	g_autoptr(GArray) stripes = g_array_new(FALSE, FALSE, sizeof(Stripe));
	for (guint i = 0; i < contents->len; i++) {
		const Content *content = &g_array_index(contents, Content, i);
		stripes_add(stripes, i, content->elements);
	}
	Hashing hashing = {contents, stripes, XXH3_createState(), job};
	Parallel parallel = {
		.items = stripes->len,
		.threads = threads,
		.slot_bytes = sizeof(Digest),
		.data = &hashing,
		.work = work,
		.merge = merge,
	};
	gboolean done = parallel_run(&parallel, job, error);
	XXH3_freeState(hashing.joined);
	return done;
}

guint64 content_bytes(const GArray *contents)
{
	guint64 bytes = 0;
	for (guint i = 0; i < contents->len; i++) {
		const Content *content = &g_array_index(contents, Content, i);
		guint64 size = 0;
		dtype_bytes(checkpoint_tensor(content->checkpoint, content->tensor)->dtype,
			content->elements, &size);
		bytes += size;
	}
	return bytes;
}
