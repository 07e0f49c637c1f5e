/* pickle_build.c - values of a reader's own, out of the memory of the pickle that they join. */
#include "checkpoint/pickle_build.h"

#include "checkpoint/pickle_machine.h"

#include <string.h>

static char *copy_text(Pickle *pickle, const char *text)
{
	return arena_characters(&pickle->arena, text, strlen(text));
}

PickleValue *pickle_build_text(Pickle *pickle, const char *text)
{
	PickleValue *value = arena_value(&pickle->arena, PICKLE_TEXT);
	if (value == NULL)
		return NULL;
	value->length = strlen(text);
	value->text = copy_text(pickle, text);
	return value->text != NULL ? value : NULL;
}

PickleValue *pickle_build_integer(Pickle *pickle, gint64 integer)
{
	PickleValue *value = arena_value(&pickle->arena, PICKLE_INTEGER);
	if (value != NULL)
		value->integer = integer;
	return value;
}

PickleValue *pickle_build_global(Pickle *pickle, const char *module, const char *name)
{
	PickleValue *value = arena_value(&pickle->arena, PICKLE_GLOBAL);
	if (value == NULL)
		return NULL;
	value->module = copy_text(pickle, module);
	value->name = copy_text(pickle, name);
	return value->module != NULL && value->name != NULL ? value : NULL;
}

PickleValue *pickle_build_tuple(Pickle *pickle, PickleValue *const *items, guint count)
{
	PickleValue *value = arena_value(&pickle->arena, PICKLE_TUPLE);
	if (value == NULL || count == 0)
		return value;
	value->items = arena_take(&pickle->arena, count * sizeof *items);
	if (value->items == NULL)
		return NULL;
	for (; value->count < count; value->count++) {
		if (items[value->count] == NULL)
			return NULL;
		value->items[value->count] = items[value->count];
	}
	value->room = count;
	return value;
}

PickleValue *pickle_build_call(Pickle *pickle, PickleValue *callee, PickleValue *arguments)
{
	PickleValue *value =
		arguments != NULL ? arena_object(&pickle->arena, PICKLE_OBJECT, callee) : NULL;
	if (value != NULL)
		value->object->arguments = arguments;
	return value;
}

PickleValue *pickle_build_persistent(Pickle *pickle, PickleValue *id)
{
	return arena_object(&pickle->arena, PICKLE_PERSISTENT, id);
}
