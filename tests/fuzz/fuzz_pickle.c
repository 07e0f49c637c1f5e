/* fuzz_pickle.c - any bytes as a pickle, or several in a row: read or refused, and every value
 * that is left can be visited once. */
#include "checkpoint/pickle.h"
#include "fuzz.h"

#include <string.h>

#define VISITS_MOST 100000u

static void add(GPtrArray *waiting, GHashTable *seen, const PickleValue *value)
{
	if (value != NULL && g_hash_table_add(seen, (gpointer)value))
		g_ptr_array_add(waiting, (gpointer)value);
}

static void add_parts(GPtrArray *waiting, GHashTable *seen, const PickleObject *object)
{
	fuzz_check(object->callee != NULL);
	add(waiting, seen, object->callee);
	add(waiting, seen, object->arguments);
	add(waiting, seen, object->keywords);
	add(waiting, seen, object->state);
	add(waiting, seen, object->list);
	add(waiting, seen, object->dict);
}

static void visit(GPtrArray *waiting, GHashTable *seen, const PickleValue *value)
{
	switch (value->kind) {
	case PICKLE_HUGE:
		fuzz_check(value->length > 8 && value->length <= PICKLE_HUGE_MOST);
		return;
	case PICKLE_TEXT:
		for (const char *at = value->text; at < value->text + value->length;
			at += strlen(at) + 1)
			fuzz_check(g_utf8_validate(at, -1, NULL));
		return;
	case PICKLE_BYTES:
		fuzz_check(value->text[value->length] == '\0');
		return;
	case PICKLE_LIST:
	case PICKLE_TUPLE:
	case PICKLE_SET:
	case PICKLE_DICT:
		fuzz_check(value->kind != PICKLE_DICT || value->count % 2 == 0);
		for (guint i = 0; i < value->count; i++)
			add(waiting, seen, value->items[i]);
		return;
	case PICKLE_GLOBAL:
		fuzz_check(*value->module != '\0' && *value->name != '\0');
		return;
	case PICKLE_OBJECT:
	case PICKLE_PERSISTENT:
		add_parts(waiting, seen, value->object);
		return;
	default:
		return;
	}
}

static void visit_all(const Pickle *pickle)
{
	g_autoptr(GPtrArray) waiting = g_ptr_array_new();
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	add(waiting, seen, pickle_root(pickle));
	for (guint i = 0; waiting->len > 0 && i < VISITS_MOST; i++) {
		const PickleValue *value = g_ptr_array_remove_index(waiting, waiting->len - 1);
		visit(waiting, seen, value);
		pickle_get(pickle_mapping(value), "state_dict");
	}
}

/* One pickle; returns how many bytes it has, or 0 where there is none. */
static gsize read_one(const guint8 *bytes, gsize size)
{
	g_autoptr(GError) error = NULL;
	gsize used = 0;
	guint8 *copy = g_memdup2(bytes, size);
	g_autoptr(Pickle) pickle = pickle_read("input", 0, copy, size, &used, &error);

	g_free(copy);
	fuzz_check((pickle == NULL) == (error != NULL));
	fuzz_check(pickle == NULL ? used == 0 || used == size : used > 0 && used <= size);
	if (pickle == NULL)
		return 0;
	visit_all(pickle);
	return used;
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	gsize used = 1;
	for (guint i = 0; i < 8 && used > 0; i++) {
		used = read_one(bytes, size);
		bytes += used;
		size -= used;
	}
	return 0;
}
