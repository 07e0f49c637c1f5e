/* alignment.c - how a member lined up with the base: its renames, and a hash of what was paired, by
 * which results are known to be of the same pairs when the store is opened again. */
#include "store/store_private.h"

#include "checkpoint/align.h"
#include "core/text.h"

#include <string.h>
#include <xxhash.h>

static const char *paired_name(const Member *member, guint tensor)
{
	gint place = member->place[tensor];
	return place < 0 ? "" : checkpoint_tensor(member->checkpoint, (guint)place)->name;
}

char *member_alignment(const Collection *collection, guint member)
{
	const Member *of = collection_member(collection, member);
	XXH3_state_t *state = XXH3_createState();
	XXH3_128bits_reset(state);
	for (guint i = 0; i < collection_tensors(collection); i++) {
		const char *base = collection_tensor(collection, i)->name;
		const char *own = paired_name(of, i);
		guint64 shared = GUINT64_TO_LE(of->shared[i]);
		XXH3_128bits_update(state, base, strlen(base) + 1);
		XXH3_128bits_update(state, own, strlen(own) + 1);
		XXH3_128bits_update(state, &of->match[i], sizeof of->match[i]);
		XXH3_128bits_update(state, &shared, sizeof shared);
	}
	XXH128_hash_t sum = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return text_hash(sum.high64, sum.low64);
}

gboolean member_is_aligned_plainly(const Collection *collection, guint member)
{
	const Member *of = collection_member(collection, member);
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (of->place[i] >= 0 && (collection_is_resized(collection, member, i) ||
						 strcmp(collection_tensor(collection, i)->name,
							 paired_name(of, i)) != 0))
			return FALSE;
	return TRUE;
}

gboolean member_write_renames(const Member *member, Hid group, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < member->renames->len; i++)
		g_string_append_printf(
			text, "%s%s", i > 0 ? "\n" : "", (char *)member->renames->pdata[i]);
	return text->len == 0 || hdf5_put_text(group, "renames", text->str, error);
}

gboolean member_read_renames(Hid group, GPtrArray **renames, GError **error)
{
	g_autofree char *text = NULL;
	if (!hdf5_get_text(group, "renames", &text, error))
		return FALSE;
	*renames = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) rules = g_strsplit(text ? text : "", "\n", RENAMES_MOST + 1);
	for (guint i = 0; rules[i]; i++)
		g_ptr_array_add(*renames, g_strdup(rules[i]));
	return TRUE;
}
