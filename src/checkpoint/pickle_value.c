/* pickle_value.c - the values of a pickle that hold others, and what readers ask of any value.
 *
 * A container only ever grows, and refers to its items; an object keeps what would have been done
 * to it. */
#include "checkpoint/pickle_machine.h"

#include <string.h>

static const char *const kind_names[] = {
	[PICKLE_NONE] = "None",
	[PICKLE_BOOL] = "a bool",
	[PICKLE_INTEGER] = "an integer",
	[PICKLE_HUGE] = "an integer",
	[PICKLE_FLOAT] = "a float",
	[PICKLE_TEXT] = "a text",
	[PICKLE_BYTES] = "bytes",
	[PICKLE_LIST] = "a list",
	[PICKLE_TUPLE] = "a tuple",
	[PICKLE_SET] = "a set",
	[PICKLE_DICT] = "a dict",
	[PICKLE_GLOBAL] = "a global",
	[PICKLE_OBJECT] = "an object",
	[PICKLE_PERSISTENT] = "a persistent id",
};

/* Types whose call with no arguments, with pairs, or with a dict makes a dict. */
static const struct {
	const char *module, *name;
} mapping_types[] = {
	{"collections", "OrderedDict"},
	{"collections", "defaultdict"},
	{"collections", "Counter"},
	{"builtins", "dict"},
	{"__builtin__", "dict"},
};

const char *pickle_kind_name(const PickleValue *value)
{
	return kind_names[value->kind];
}

static gboolean is_mapping_type(const PickleValue *global)
{
	for (guint i = 0; i < G_N_ELEMENTS(mapping_types); i++)
		if (pickle_is_global(global, mapping_types[i].module, mapping_types[i].name))
			return TRUE;
	return FALSE;
}

static gboolean add_items(
	Machine *machine, PickleValue *container, PickleValue **items, guint count)
{
	if (count > container->room - container->count) {
		guint room = MAX(container->count + count, container->room * 2);
		PickleValue **larger = arena_resize(&machine->pickle->arena, container->items,
			container->room * sizeof *larger, room * sizeof *larger);
		if (larger == NULL)
			return machine_refuse_memory(machine);
		container->items = larger;
		container->room = room;
	}
	if (count > 0)
		memcpy(container->items + container->count, items, count * sizeof *items);
	container->count += count;
	return TRUE;
}

PickleValue *machine_collect(Machine *machine, PickleKind kind, PickleValue **items, guint count)
{
	if (kind == PICKLE_DICT && count % 2 != 0) {
		machine_refuse(machine, "%u items are an odd number for keys and values", count);
		return NULL;
	}
	PickleValue *value = machine_new(machine, kind);
	return value != NULL && add_items(machine, value, items, count) ? value : NULL;
}

/* Where an object records items of this kind; NULL where it has no such place. */
static PickleValue **record_of(PickleValue *target, PickleKind kind)
{
	if (target->kind != PICKLE_OBJECT || kind == PICKLE_SET)
		return NULL;
	return kind == PICKLE_LIST ? &target->object->list : &target->object->dict;
}

gboolean machine_extend(
	Machine *machine, PickleValue *target, PickleKind kind, PickleValue **items, guint count)
{
	PickleValue **record = record_of(target, kind);
	if (target->kind != kind && record == NULL)
		return machine_refuse(machine, "it adds to %s, and there is %s", kind_names[kind],
			kind_names[target->kind]);
	if (kind == PICKLE_DICT && count % 2 != 0)
		return machine_refuse(
			machine, "%u items are an odd number for keys and values", count);
	if (record != NULL && *record == NULL) {
		*record = machine_collect(machine, kind, items, count);
		return *record != NULL;
	}
	return add_items(machine, record != NULL ? *record : target, items, count);
}

static gboolean is_sequence(const PickleValue *value)
{
	return value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE;
}

/* The dict of a list of pairs; what is found not to be one has been paid for out of the budget, so
 * that looking at a long list again and again ends. */
static gboolean record_pairs(Machine *machine, PickleObject *object, const PickleValue *list)
{
	PickleValue *dict = machine_new(machine, PICKLE_DICT);
	if (dict == NULL)
		return FALSE;
	for (guint i = 0; i < list->count; i++) {
		const PickleValue *pair = list->items[i];
		if (!is_sequence(pair) || pair->count != 2)
			return TRUE;
		if (!add_items(machine, dict, pair->items, 2))
			return FALSE;
	}
	object->dict = dict;
	return TRUE;
}

/* What a dict type would make of its argument: Python 2 wrote an OrderedDict as pairs. */
static gboolean record_contents(Machine *machine, PickleObject *object, const PickleValue *from)
{
	if (is_sequence(from))
		return record_pairs(machine, object, from);
	if (from->kind != PICKLE_DICT)
		return TRUE;
	object->dict = machine_collect(machine, PICKLE_DICT, from->items, from->count);
	return object->dict != NULL;
}

gboolean machine_push_call(
	Machine *machine, PickleValue *callee, PickleValue *arguments, PickleValue *keywords)
{
	if (arguments == NULL)
		return FALSE;
	if (arguments->kind != PICKLE_TUPLE)
		return machine_refuse(
			machine, "the arguments are %s, not a tuple", kind_names[arguments->kind]);
	PickleValue *value = machine_new_object(machine, PICKLE_OBJECT, callee);
	if (value == NULL)
		return FALSE;
	value->object->arguments = arguments;
	value->object->keywords = keywords;
	if (is_mapping_type(callee) && arguments->count == 1 &&
		!record_contents(machine, value->object, arguments->items[0]))
		return FALSE;
	return machine_push(machine, value);
}

gboolean pickle_is_text(const PickleValue *value, const char *text)
{
	return value != NULL && value->kind == PICKLE_TEXT && value->length == strlen(text) &&
	       memcmp(value->text, text, value->length) == 0;
}

gboolean pickle_is_global(const PickleValue *value, const char *module, const char *name)
{
	return value != NULL && value->kind == PICKLE_GLOBAL &&
	       strcmp(value->module, module) == 0 && strcmp(value->name, name) == 0;
}

const PickleValue *pickle_get(const PickleValue *dict, const char *key)
{
	if (dict == NULL || dict->kind != PICKLE_DICT)
		return NULL;
	for (guint i = dict->count; i >= 2; i -= 2)
		if (pickle_is_text(dict->items[i - 2], key))
			return dict->items[i - 1];
	return NULL;
}

const PickleValue *pickle_mapping(const PickleValue *value)
{
	static const PickleValue empty = {.kind = PICKLE_DICT};

	if (value == NULL || value->kind == PICKLE_DICT)
		return value;
	if (value->kind != PICKLE_OBJECT)
		return NULL;
	if (value->object->dict != NULL)
		return value->object->dict;
	return is_mapping_type(value->object->callee) ? &empty : NULL;
}
