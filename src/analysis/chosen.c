/* chosen.c - the task vectors that a table or picture is about. */
#include "analysis/chosen.h"

guint chosen_vectors(
	const Collection *collection, const guint *members, guint n, guint **member, char ***name)
{
	g_autoptr(GArray) tasks = collection_tasks(collection);
	guint count = n > 0 ? n : tasks->len;
	*member = g_new(guint, count);
	*name = g_new0(char *, count);
	for (guint i = 0; i < count; i++) {
		(*member)[i] = n > 0 ? members[i] : g_array_index(tasks, guint, i);
		(*name)[i] = g_strdup(collection_member(collection, (*member)[i])->name);
	}
	return count;
}
