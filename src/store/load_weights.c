/* load_weights.c - the copies that a load makes of weights, and when it does. */
#include "store/load_private.h"

#include "core/text.h"

#include <sys/statvfs.h>

/* An adapter stays what it is, two small factors for each weight; a copy would have the products.
 */
static gboolean is_factored(const Load *load, guint member)
{
	return load_is_adapter(collection_member(load->collection, member)->checkpoint);
}

static guint64 weights_bytes(const Load *load)
{
	guint64 bytes = 0;
	for (guint i = 0; i < load_members(load); i++)
		if (!is_factored(load, i))
			bytes += checkpoint_bytes(
				collection_member(load->collection, i)->checkpoint);
	return bytes;
}

/* Where nothing is said, what is there keeps its way, and what is new is copied while all together
 * is small. */
static gboolean wants_copy(const Load *load, guint member, gboolean small)
{
	const Arrival *arrival = arrival_at(load, member);
	const StoreMember *old = arrival_old(load, member);
	if (is_factored(load, member))
		return FALSE;
	if (load->weights == WEIGHTS_COPY)
		return !arrival->known->copied;
	if (load->weights == WEIGHTS_LINK || !arrival->opened)
		return FALSE;
	return old ? old->copied : small;
}

/* Returns how many members are to be copied, and adds up their bytes. */
static guint choose_copies(Load *load, guint64 *bytes)
{
	gboolean small = weights_bytes(load) <= WEIGHTS_COPY_MOST;
	guint copies = 0;
	*bytes = 0;
	for (guint i = 0; i < load_members(load); i++) {
		Arrival *arrival = arrival_at(load, i);
		arrival->wants_copy = wants_copy(load, i, small);
		if (!arrival->wants_copy)
			continue;
		copies++;
		*bytes += checkpoint_bytes(collection_member(load->collection, i)->checkpoint);
	}
	return copies;
}

/* Said before anything is written: what runs out of room in the middle has cost its time. */
static gboolean check_room(const char *folder, guint64 bytes, GError **error)
{
	struct statvfs disk;
	Place place = {.file = folder, .remedy = "make room, or leave them with --weights=link"};
	if (statvfs(folder, &disk) != 0 || bytes <= (guint64)disk.f_bavail * disk.f_frsize)
		return TRUE;
	g_autofree char *text = text_bytes(bytes);
	return fail_at(error, ERROR_IO, place,
		"copies of the weights need %s, and there is not as much room", text);
}

gboolean load_copies_begin(Load *load, GError **error)
{
	g_autofree char *folder = store_folder(load->store);
	guint64 bytes = 0;
	if (choose_copies(load, &bytes) > 0 &&
		(!store_make_folder(load->store, error) || !check_room(folder, bytes, error)))
		return FALSE;
	for (guint i = 0; i < load_members(load); i++) {
		Arrival *arrival = arrival_at(load, i);
		const Checkpoint *checkpoint = collection_member(load->collection, i)->checkpoint;
		if (!arrival->wants_copy)
			continue;
		arrival->copy = weights_begin(folder, checkpoint, error);
		if (!arrival->copy)
			return FALSE;
	}
	return TRUE;
}

/* Whether the files were touched, but the contents are those that the store has. */
static gboolean is_confirmed(const Load *load, guint member)
{
	return arrival_at(load, member)->suspect && !load->fresh[member];
}

static gboolean keeps_copy(const Load *load, guint member)
{
	return is_confirmed(load, member) && load->weights != WEIGHTS_LINK &&
	       arrival_old(load, member)->copied &&
	       store_member_usable(load->store, (guint)arrival_at(load, member)->old, NULL);
}

static gboolean is_copied_now(const Load *load, guint member)
{
	return arrival_at(load, member)->copy && !keeps_copy(load, member);
}

guint64 load_copies_bytes(const Load *load)
{
	guint64 bytes = 0;
	for (guint i = 0; i < load_members(load); i++)
		if (is_copied_now(load, i))
			bytes += checkpoint_bytes(
				collection_member(load->collection, i)->checkpoint);
	return bytes;
}

gboolean load_copies_run(Load *load, Job *job, GError **error)
{
	g_autoptr(GPtrArray) copies = g_ptr_array_new();
	for (guint i = 0; i < load_members(load); i++)
		if (is_copied_now(load, i))
			g_ptr_array_add(copies, arrival_at(load, i)->copy);
	return weights_copy((WeightsCopy **)copies->pdata, copies->len, load->threads, job, error);
}

gboolean load_copies_sync(Load *load, GError **error)
{
	for (guint i = 0; i < load_members(load); i++)
		if (is_copied_now(load, i) && !weights_sync(arrival_at(load, i)->copy, error))
			return FALSE;
	return TRUE;
}

/* Puts a checkpoint of the same tensors, but other spans, in the place of a member's. */
static void exchange(Load *load, guint member, Checkpoint *checkpoint)
{
	Member *named = load->collection->members->pdata[member];
	checkpoint_free(named->checkpoint);
	named->checkpoint = checkpoint;
}

static gboolean place_weights(Load *load, guint member, GError **error)
{
	Arrival *arrival = arrival_at(load, member);
	if (keeps_copy(load, member)) {
		if (!arrival_keep(arrival, load->store, (guint)arrival->old, error))
			return FALSE;
		exchange(load, member, g_steal_pointer(&arrival->checkpoint));
	} else if (arrival->copy) {
		g_autofree char *hash = NULL, *path = weights_path(arrival->copy);
		store_pending_add(load->store, path);
		Checkpoint *checkpoint = weights_finish(arrival->copy, &hash, error);
		if (!checkpoint)
			return FALSE;
		exchange(load, member, checkpoint);
		arrival->known->copied = TRUE;
		arrival->known->weights = g_steal_pointer(&hash);
		g_clear_pointer(&arrival->copy, weights_free);
	}
	return TRUE;
}

gboolean load_copies_place(Load *load, GError **error)
{
	for (guint i = 0; i < load_members(load); i++)
		if (!place_weights(load, i, error))
			return FALSE;
	return TRUE;
}
