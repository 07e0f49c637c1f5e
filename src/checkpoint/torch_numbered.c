/* torch_numbered.c - a sorted array, since nothing that a file has for keys makes that slow. */
#include "checkpoint/torch_numbered.h"

#include <inttypes.h>
#include <string.h>

char *numbered_key(const PickleValue *value)
{
	if (value->kind == PICKLE_INTEGER)
		return g_strdup_printf("%" PRId64, value->integer);
	if (value->kind == PICKLE_TEXT && strlen(value->text) == value->length)
		return g_strdup(value->text);
	return NULL;
}

static void numbered_clear(gpointer numbered)
{
	g_free(((Numbered *)numbered)->key);
}

GArray *numbered_new(void)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(Numbered));
	g_array_set_clear_func(array, numbered_clear);
	return array;
}

void numbered_add(GArray *array, char *key, PickleValue *value, guint64 at)
{
	Numbered numbered = {key, value, at};
	g_array_append_val(array, numbered);
}

static gint compare(gconstpointer a, gconstpointer b)
{
	return strcmp(((const Numbered *)a)->key, ((const Numbered *)b)->key);
}

const char *numbered_sort(GArray *array)
{
	g_array_sort(array, compare);
	for (guint i = 1; i < array->len; i++) {
		const Numbered *numbered = &g_array_index(array, Numbered, i);
		if (strcmp(numbered[0].key, numbered[-1].key) == 0)
			return numbered->key;
	}
	return NULL;
}

Numbered *numbered_find(GArray *array, const char *key)
{
	Numbered wanted = {.key = (char *)key};
	guint at;
	if (key == NULL || !g_array_binary_search(array, &wanted, compare, &at))
		return NULL;
	return &g_array_index(array, Numbered, at);
}
