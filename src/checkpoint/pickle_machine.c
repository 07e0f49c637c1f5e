/* pickle_machine.c - the pickle machine's state: input, stack, marks, and the values it makes.
 *
 * The stack and the marks come out of the same budget as the values. */
#include "checkpoint/pickle_machine.h"

#include "core/error.h"
#include "core/file.h"

#include <inttypes.h>
#include <string.h>

#define GLOBAL_NAME_MOST 1024u

static gboolean refuse(Machine *machine, const char *remedy, const char *reason)
{
	const char *name = machine->opcode != NULL ? machine->opcode->name : NULL;
	return fail_at(machine->error, ERROR_INPUT,
		(Place){.file = machine->path, .remedy = remedy}, "byte %" PRIu64 ": %s%s%s",
		machine->origin + machine->opcode_at, name != NULL ? name : "",
		name != NULL ? ": " : "", reason);
}

gboolean machine_refuse(Machine *machine, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return refuse(machine, NULL, reason);
}

gboolean machine_refuse_end(Machine *machine, const char *reason)
{
	machine->cut_off = TRUE;
	return refuse(machine, "if the file is cut off, download it again", reason);
}

const guint8 *machine_take(Machine *machine, guint64 length)
{
	if (!span_within(machine->at, length, machine->length)) {
		g_autofree char *reason = g_strdup_printf(
			"%" PRIu64 " bytes are wanted, and the pickle ends after %zu", length,
			machine->length - machine->at);
		machine_refuse_end(machine, reason);
		return NULL;
	}
	const guint8 *bytes = machine->bytes + machine->at;
	machine->at += length;
	return bytes;
}

gboolean machine_take_number(Machine *machine, guint bytes, guint64 *number)
{
	const guint8 *from = machine_take(machine, bytes);
	if (from == NULL)
		return FALSE;
	*number = 0;
	for (guint i = bytes; i-- > 0;)
		*number = *number << 8 | from[i];
	return TRUE;
}

const guint8 *machine_take_line(Machine *machine, gsize *length)
{
	const guint8 *from = machine->bytes + machine->at;
	const guint8 *end = machine->at < machine->length
				    ? memchr(from, '\n', machine->length - machine->at)
				    : NULL;
	if (end == NULL) {
		machine_refuse_end(machine, "the pickle ends within its line");
		return NULL;
	}
	*length = (gsize)(end - from);
	machine->at += *length + 1;
	return from;
}

gboolean machine_refuse_memory(Machine *machine)
{
	return machine_refuse(machine,
		"its values would take more than %" PRIu64 " bytes of memory, which is too much "
		"for a pickle of this length",
		machine->pickle->arena.most);
}

PickleValue *machine_new(Machine *machine, PickleKind kind)
{
	PickleValue *value = arena_value(&machine->pickle->arena, kind);
	if (value == NULL)
		machine_refuse_memory(machine);
	return value;
}

/* The array with twice the room, or some where there is none. */
static void *grow(Machine *machine, void *array, guint *room, gsize size)
{
	guint more = MAX(*room * 2, 64);
	void *larger = arena_resize(&machine->pickle->arena, array, *room * size, more * size);
	if (larger == NULL)
		machine_refuse_memory(machine);
	else
		*room = more;
	return larger;
}

gboolean machine_push(Machine *machine, PickleValue *value)
{
	if (value == NULL)
		return FALSE;
	if (machine->depth == machine->room) {
		PickleValue **larger =
			grow(machine, machine->stack, &machine->room, sizeof *machine->stack);
		if (larger == NULL)
			return FALSE;
		machine->stack = larger;
	}
	machine->stack[machine->depth++] = value;
	return TRUE;
}

gboolean machine_mark(Machine *machine)
{
	if (machine->mark_count == machine->mark_room) {
		guint *larger =
			grow(machine, machine->marks, &machine->mark_room, sizeof *machine->marks);
		if (larger == NULL)
			return FALSE;
		machine->marks = larger;
	}
	machine->marks[machine->mark_count++] = machine->depth;
	return TRUE;
}

static guint fence(const Machine *machine)
{
	return machine->mark_count > 0 ? machine->marks[machine->mark_count - 1] : 0;
}

gboolean machine_need(Machine *machine, guint values)
{
	if (machine->depth - fence(machine) < values)
		return machine_refuse(machine, "stack underflow: it takes %u %s, and %u %s there",
			values, values == 1 ? "value" : "values", machine->depth - fence(machine),
			machine->depth - fence(machine) == 1 ? "is" : "are");
	return TRUE;
}

PickleValue *machine_peek(const Machine *machine, guint below)
{
	return machine->stack[machine->depth - 1 - below];
}

PickleValue *machine_pop(Machine *machine)
{
	return machine->stack[--machine->depth];
}

gboolean machine_take_marked(Machine *machine, PickleValue ***items, guint *count)
{
	if (machine->mark_count == 0)
		return machine_refuse(machine, "there is no MARK that it could go back to");
	guint mark = machine->marks[--machine->mark_count];
	*count = machine->depth - mark;
	*items = *count > 0 ? machine->stack + mark : NULL;
	machine->depth = mark;
	return TRUE;
}

gboolean machine_push_integer(Machine *machine, gint64 integer)
{
	if (integer >= 0 && integer < 256)
		return machine_push(machine, &machine->pickle->constants.bytes[integer]);
	PickleValue *value = machine_new(machine, PICKLE_INTEGER);
	if (value != NULL)
		value->integer = integer;
	return machine_push(machine, value);
}

/* The length without the bytes that only repeat the sign. */
static gsize significant(const guint8 *bytes, gsize length)
{
	while (length > 1) {
		guint8 sign = bytes[length - 2] & 0x80 ? 0xff : 0;
		if (bytes[length - 1] != sign)
			break;
		length--;
	}
	return length;
}

static char *copy_characters(Machine *machine, const void *characters, gsize length)
{
	char *copy = arena_characters(&machine->pickle->arena, characters, length);
	if (copy == NULL)
		machine_refuse_memory(machine);
	return copy;
}

static PickleValue *characters_new(
	Machine *machine, PickleKind kind, const void *characters, gsize length)
{
	PickleValue *value = machine_new(machine, kind);
	char *copy = value != NULL ? copy_characters(machine, characters, length) : NULL;
	if (copy == NULL)
		return NULL;
	value->text = copy;
	value->length = length;
	return value;
}

gboolean machine_push_long(Machine *machine, const guint8 *bytes, gsize length)
{
	length = significant(bytes, length);
	if (length > PICKLE_HUGE_MOST)
		return machine_refuse(machine, "an integer of %zu bytes; at most %u are read",
			length, PICKLE_HUGE_MOST);
	if (length > sizeof(gint64))
		return machine_push(machine, characters_new(machine, PICKLE_HUGE, bytes, length));
	guint64 integer = length > 0 && bytes[length - 1] & 0x80 ? G_MAXUINT64 : 0;
	for (gsize i = length; i-- > 0;)
		integer = integer << 8 | bytes[i];
	return machine_push_integer(machine, (gint64)integer);
}

/* The first byte that is not UTF-8, or NULL; zero bytes are characters like others. */
static const guint8 *invalid_utf8(const guint8 *text, gsize length)
{
	const guint8 *end = text + length;
	const char *stop;
	while (!g_utf8_validate_len((const char *)text, (gsize)(end - text), &stop)) {
		if (*stop != '\0')
			return (const guint8 *)stop;
		text = (const guint8 *)stop + 1;
	}
	return NULL;
}

/* How UTF-8 would write U+D800 to U+DFFF, if it did. */
static gboolean is_surrogate(const guint8 *at, const guint8 *end)
{
	return end - at >= 2 && at[0] == 0xed && at[1] >= 0xa0;
}

gboolean machine_push_characters(
	Machine *machine, PickleKind kind, const void *characters, gsize length)
{
	const guint8 *text = characters;
	const guint8 *bad = kind == PICKLE_TEXT && length > 0 ? invalid_utf8(text, length) : NULL;
	if (bad != NULL)
		return machine_refuse(machine, "the text is not UTF-8: %s at its byte %zu",
			is_surrogate(bad, text + length) ? "a lone surrogate" : "an invalid byte",
			(gsize)(bad - text));
	return machine_push(machine, characters_new(machine, kind, characters, length));
}

gboolean machine_push_old_string(Machine *machine, const void *characters, gsize length)
{
	gboolean text = length == 0 || invalid_utf8(characters, length) == NULL;
	return machine_push(machine,
		characters_new(machine, text ? PICKLE_TEXT : PICKLE_BYTES, characters, length));
}

/* Remembers "module.name" where it is the first of its name. */
static gboolean list_global(Machine *machine, const PickleValue *global)
{
	Pickle *pickle = machine->pickle;
	char *name = g_strconcat(global->module, ".", global->name, NULL);
	if (g_hash_table_contains(pickle->named, name)) {
		g_free(name);
		return TRUE;
	}
	g_ptr_array_add(pickle->globals, name);
	g_hash_table_add(pickle->named, name);
	if (pickle->globals->len > PICKLE_GLOBALS_MOST)
		return machine_refuse(
			machine, "more than %u different globals are named", PICKLE_GLOBALS_MOST);
	return TRUE;
}

static gboolean is_name(const guint8 *name, gsize length)
{
	return length > 0 && length <= GLOBAL_NAME_MOST && memchr(name, '\0', length) == NULL &&
	       invalid_utf8(name, length) == NULL;
}

gboolean machine_push_global(Machine *machine, const void *module, gsize module_length,
	const void *name, gsize name_length)
{
	if (!is_name(module, module_length) || !is_name(name, name_length))
		return machine_refuse(machine,
			"the names of a module and of what is in it must be plain text of at most "
			"%u bytes",
			GLOBAL_NAME_MOST);
	PickleValue *value = machine_new(machine, PICKLE_GLOBAL);
	if (value == NULL)
		return FALSE;
	value->module = copy_characters(machine, module, module_length);
	value->name = value->module != NULL ? copy_characters(machine, name, name_length) : NULL;
	return value->name != NULL && list_global(machine, value) && machine_push(machine, value);
}

PickleValue *machine_new_object(Machine *machine, PickleKind kind, PickleValue *callee)
{
	PickleValue *value = arena_object(&machine->pickle->arena, kind, callee);
	if (value == NULL)
		machine_refuse_memory(machine);
	return value;
}

gboolean machine_push_persistent(Machine *machine, PickleValue *id)
{
	PickleValue *value = machine_new_object(machine, PICKLE_PERSISTENT, id);
	if (!machine_push(machine, value))
		return FALSE;
	g_ptr_array_add(machine->pickle->persistents, value);
	return TRUE;
}
