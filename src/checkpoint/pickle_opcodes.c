/* pickle_opcodes.c - the opcodes of pickle protocols 0 to 5, as a table.
 *
 * A handler takes its argument from the pickle and its operands from the stack, and pushes data:
 * no name is looked up, and no call is made. */
#include "checkpoint/pickle_machine.h"

#include <string.h>

#define PROTOCOL_MOST 5
#define OPERAND G_GNUC_UNUSED guint argument

static gboolean run_protocol(Machine *machine, OPERAND)
{
	guint64 protocol;
	if (!machine_take_number(machine, 1, &protocol))
		return FALSE;
	if (protocol > PROTOCOL_MOST)
		return machine_refuse(machine, "protocol %u; at most %d is known", (guint)protocol,
			PROTOCOL_MOST);
	return TRUE;
}

/* A frame only says how much to read at once, but it must be there. */
static gboolean run_frame(Machine *machine, OPERAND)
{
	guint64 length;
	if (!machine_take_number(machine, 8, &length))
		return FALSE;
	if (length > machine->length - machine->at)
		return machine_refuse_end(
			machine, "a frame longer than what is left of the pickle");
	return TRUE;
}

static gboolean run_stop(Machine *machine, OPERAND)
{
	if (!machine_need(machine, 1))
		return FALSE;
	machine->pickle->root = machine_pop(machine);
	machine->stopped = TRUE;
	return TRUE;
}

static gboolean run_mark(Machine *machine, OPERAND)
{
	return machine_mark(machine);
}

static gboolean run_pop_mark(Machine *machine, OPERAND)
{
	PickleValue **items;
	guint count;
	return machine_take_marked(machine, &items, &count);
}

/* Takes a mark away where that is what lies on top. */
static gboolean run_pop(Machine *machine, guint argument)
{
	guint marks = machine->mark_count;
	if (marks > 0 && machine->marks[marks - 1] == machine->depth)
		return run_pop_mark(machine, argument);
	if (!machine_need(machine, 1))
		return FALSE;
	machine_pop(machine);
	return TRUE;
}

static gboolean run_dup(Machine *machine, OPERAND)
{
	return machine_need(machine, 1) && machine_push(machine, machine_peek(machine, 0));
}

static gboolean run_none(Machine *machine, OPERAND)
{
	return machine_push(machine, &machine->pickle->constants.none);
}

static gboolean run_bool(Machine *machine, guint truth)
{
	return machine_push(machine, &machine->pickle->constants.booleans[truth]);
}

static gboolean run_unsigned(Machine *machine, guint bytes)
{
	guint64 number;
	return machine_take_number(machine, bytes, &number) &&
	       machine_push_integer(machine, (gint64)number);
}

static gboolean run_binint(Machine *machine, OPERAND)
{
	guint64 number;
	return machine_take_number(machine, 4, &number) &&
	       machine_push_integer(machine, (gint32)number);
}

static gboolean run_binfloat(Machine *machine, OPERAND)
{
	const guint8 *bytes = machine_take(machine, 8);
	PickleValue *value = bytes != NULL ? machine_new(machine, PICKLE_FLOAT) : NULL;
	if (value == NULL)
		return FALSE;
	guint64 bits;
	memcpy(&bits, bytes, sizeof bits);
	bits = GUINT64_FROM_BE(bits);
	memcpy(&value->number, &bits, sizeof bits);
	return machine_push(machine, value);
}

/* The bytes after a length of `width` bytes; four of them are signed where Python says so. */
static const guint8 *take_counted(Machine *machine, guint width, gboolean is_signed, gsize *length)
{
	guint64 number;
	if (!machine_take_number(machine, width, &number))
		return NULL;
	if (is_signed && width == 4 && number > G_MAXINT32) {
		machine_refuse(machine, "a negative length");
		return NULL;
	}
	*length = (gsize)number;
	return machine_take(machine, number);
}

static gboolean run_binlong(Machine *machine, guint width)
{
	gsize length;
	const guint8 *bytes = take_counted(machine, width, TRUE, &length);
	return bytes != NULL && machine_push_long(machine, bytes, length);
}

static gboolean run_binunicode(Machine *machine, guint width)
{
	gsize length;
	const guint8 *text = take_counted(machine, width, FALSE, &length);
	return text != NULL && machine_push_characters(machine, PICKLE_TEXT, text, length);
}

static gboolean run_binbytes(Machine *machine, guint width)
{
	gsize length;
	const guint8 *bytes = take_counted(machine, width, FALSE, &length);
	return bytes != NULL && machine_push_characters(machine, PICKLE_BYTES, bytes, length);
}

static gboolean run_binstring(Machine *machine, guint width)
{
	gsize length;
	const guint8 *text = take_counted(machine, width, TRUE, &length);
	return text != NULL && machine_push_old_string(machine, text, length);
}

static gboolean run_empty_tuple(Machine *machine, OPERAND)
{
	return machine_push(machine, &machine->pickle->constants.empty_tuple);
}

static gboolean run_empty(Machine *machine, guint kind)
{
	return machine_push(machine, machine_new(machine, (PickleKind)kind));
}

static gboolean run_tuple_of(Machine *machine, guint count)
{
	if (!machine_need(machine, count))
		return FALSE;
	machine->depth -= count;
	return machine_push(machine,
		machine_collect(machine, PICKLE_TUPLE, machine->stack + machine->depth, count));
}

static gboolean run_collect(Machine *machine, guint kind)
{
	PickleValue **items;
	guint count;
	return machine_take_marked(machine, &items, &count) &&
	       machine_push(machine, machine_collect(machine, (PickleKind)kind, items, count));
}

/* Operands above the container, which stays. */
static gboolean extend_by(Machine *machine, guint kind, guint count)
{
	if (!machine_need(machine, count + 1))
		return FALSE;
	machine->depth -= count;
	return machine_extend(machine, machine_peek(machine, 0), (PickleKind)kind,
		machine->stack + machine->depth, count);
}

static gboolean run_append(Machine *machine, OPERAND)
{
	return extend_by(machine, PICKLE_LIST, 1);
}

static gboolean run_setitem(Machine *machine, OPERAND)
{
	return extend_by(machine, PICKLE_DICT, 2);
}

static gboolean run_extend(Machine *machine, guint kind)
{
	PickleValue **items;
	guint count;
	return machine_take_marked(machine, &items, &count) && machine_need(machine, 1) &&
	       machine_extend(machine, machine_peek(machine, 0), (PickleKind)kind, items, count);
}

static gboolean put(Machine *machine, guint64 index)
{
	if (!machine_need(machine, 1))
		return FALSE;
	if (machine->memo.count >= PICKLE_MEMO_MOST)
		return machine_refuse(
			machine, "more than %u values are remembered", PICKLE_MEMO_MOST);
	if (!memo_set(&machine->memo, &machine->pickle->arena, index, machine_peek(machine, 0)))
		return machine_refuse_memory(machine);
	return TRUE;
}

static gboolean get(Machine *machine, guint64 index)
{
	PickleValue *value = memo_find(&machine->memo, index);
	if (value == NULL)
		return machine_refuse(
			machine, "nothing was put at %" G_GUINT64_FORMAT " of the memo", index);
	return machine_push(machine, value);
}

static gboolean run_put_text(Machine *machine, OPERAND)
{
	guint64 index;
	return pickle_take_index(machine, &index) && put(machine, index);
}

static gboolean run_get_text(Machine *machine, OPERAND)
{
	guint64 index;
	return pickle_take_index(machine, &index) && get(machine, index);
}

static gboolean run_put(Machine *machine, guint bytes)
{
	guint64 index;
	return machine_take_number(machine, bytes, &index) && put(machine, index);
}

static gboolean run_get(Machine *machine, guint bytes)
{
	guint64 index;
	return machine_take_number(machine, bytes, &index) && get(machine, index);
}

static gboolean run_memoize(Machine *machine, OPERAND)
{
	return put(machine, machine->memo.count);
}

/* GLOBAL and INST name a global in two lines. */
static gboolean push_named(Machine *machine)
{
	gsize module_length, name_length;
	const guint8 *module = machine_take_line(machine, &module_length);
	const guint8 *name = module != NULL ? machine_take_line(machine, &name_length) : NULL;
	return name != NULL &&
	       machine_push_global(machine, module, module_length, name, name_length);
}

static gboolean run_global(Machine *machine, OPERAND)
{
	return push_named(machine);
}

static gboolean run_stack_global(Machine *machine, OPERAND)
{
	if (!machine_need(machine, 2))
		return FALSE;
	PickleValue *name = machine_pop(machine), *module = machine_pop(machine);
	if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
		return machine_refuse(machine, "the names are %s and %s, not texts",
			pickle_kind_name(module), pickle_kind_name(name));
	return machine_push_global(machine, module->text, module->length, name->text, name->length);
}

static gboolean run_inst(Machine *machine, OPERAND)
{
	PickleValue **items;
	guint count;
	if (!machine_take_marked(machine, &items, &count))
		return FALSE;
	PickleValue *arguments = machine_collect(machine, PICKLE_TUPLE, items, count);
	return arguments != NULL && push_named(machine) &&
	       machine_push_call(machine, machine_pop(machine), arguments, NULL);
}

static gboolean run_obj(Machine *machine, OPERAND)
{
	PickleValue **items;
	guint count;
	if (!machine_take_marked(machine, &items, &count))
		return FALSE;
	if (count == 0)
		return machine_refuse(machine, "stack underflow: there is no class above the MARK");
	return machine_push_call(machine, items[0],
		machine_collect(machine, PICKLE_TUPLE, items + 1, count - 1), NULL);
}

/* REDUCE and NEWOBJ: a callable or class, and its arguments. */
static gboolean run_call(Machine *machine, OPERAND)
{
	if (!machine_need(machine, 2))
		return FALSE;
	PickleValue *arguments = machine_pop(machine), *callee = machine_pop(machine);
	return machine_push_call(machine, callee, arguments, NULL);
}

static gboolean run_newobj_ex(Machine *machine, OPERAND)
{
	if (!machine_need(machine, 3))
		return FALSE;
	PickleValue *keywords = machine_pop(machine), *arguments = machine_pop(machine);
	if (keywords->kind != PICKLE_DICT)
		return machine_refuse(machine, "the keyword arguments are %s, not a dict",
			pickle_kind_name(keywords));
	return machine_push_call(machine, machine_pop(machine), arguments, keywords);
}

static gboolean run_build(Machine *machine, OPERAND)
{
	if (!machine_need(machine, 2))
		return FALSE;
	PickleValue *state = machine_pop(machine), *target = machine_peek(machine, 0);
	if (target->kind != PICKLE_OBJECT)
		return machine_refuse(machine, "it sets the state of an object, and there is %s",
			pickle_kind_name(target));
	target->object->state = state;
	return TRUE;
}

static gboolean run_persid(Machine *machine, OPERAND)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	return line != NULL && machine_push_characters(machine, PICKLE_TEXT, line, length) &&
	       machine_push_persistent(machine, machine_pop(machine));
}

static gboolean run_binpersid(Machine *machine, OPERAND)
{
	return machine_need(machine, 1) && machine_push_persistent(machine, machine_pop(machine));
}

static gboolean run_extension(Machine *machine, OPERAND)
{
	return machine_refuse(machine, "it names an object by its number in the extension registry "
				       "of the program that wrote it, which is not in the file");
}

static gboolean run_buffer(Machine *machine, OPERAND)
{
	return machine_refuse(machine, "it refers to a buffer that is not in the file");
}

const Opcode pickle_opcodes[256] = {
	['('] = {"MARK", run_mark, 0},
	['.'] = {"STOP", run_stop, 0},
	['0'] = {"POP", run_pop, 0},
	['1'] = {"POP_MARK", run_pop_mark, 0},
	['2'] = {"DUP", run_dup, 0},
	['F'] = {"FLOAT", pickle_run_float, 0},
	['I'] = {"INT", pickle_run_int, 0},
	['J'] = {"BININT", run_binint, 0},
	['K'] = {"BININT1", run_unsigned, 1},
	['L'] = {"LONG", pickle_run_long, 0},
	['M'] = {"BININT2", run_unsigned, 2},
	['N'] = {"NONE", run_none, 0},
	['P'] = {"PERSID", run_persid, 0},
	['Q'] = {"BINPERSID", run_binpersid, 0},
	['R'] = {"REDUCE", run_call, 0},
	['S'] = {"STRING", pickle_run_string, 0},
	['T'] = {"BINSTRING", run_binstring, 4},
	['U'] = {"SHORT_BINSTRING", run_binstring, 1},
	['V'] = {"UNICODE", pickle_run_unicode, 0},
	['X'] = {"BINUNICODE", run_binunicode, 4},
	['a'] = {"APPEND", run_append, 0},
	['b'] = {"BUILD", run_build, 0},
	['c'] = {"GLOBAL", run_global, 0},
	['d'] = {"DICT", run_collect, PICKLE_DICT},
	['}'] = {"EMPTY_DICT", run_empty, PICKLE_DICT},
	['e'] = {"APPENDS", run_extend, PICKLE_LIST},
	['g'] = {"GET", run_get_text, 0},
	['h'] = {"BINGET", run_get, 1},
	['i'] = {"INST", run_inst, 0},
	['j'] = {"LONG_BINGET", run_get, 4},
	['l'] = {"LIST", run_collect, PICKLE_LIST},
	[']'] = {"EMPTY_LIST", run_empty, PICKLE_LIST},
	['o'] = {"OBJ", run_obj, 0},
	['p'] = {"PUT", run_put_text, 0},
	['q'] = {"BINPUT", run_put, 1},
	['r'] = {"LONG_BINPUT", run_put, 4},
	['s'] = {"SETITEM", run_setitem, 0},
	['t'] = {"TUPLE", run_collect, PICKLE_TUPLE},
	[')'] = {"EMPTY_TUPLE", run_empty_tuple, 0},
	['u'] = {"SETITEMS", run_extend, PICKLE_DICT},
	['G'] = {"BINFLOAT", run_binfloat, 0},
	[0x80] = {"PROTO", run_protocol, 0},
	[0x81] = {"NEWOBJ", run_call, 0},
	[0x82] = {"EXT1", run_extension, 0},
	[0x83] = {"EXT2", run_extension, 0},
	[0x84] = {"EXT4", run_extension, 0},
	[0x85] = {"TUPLE1", run_tuple_of, 1},
	[0x86] = {"TUPLE2", run_tuple_of, 2},
	[0x87] = {"TUPLE3", run_tuple_of, 3},
	[0x88] = {"NEWTRUE", run_bool, TRUE},
	[0x89] = {"NEWFALSE", run_bool, FALSE},
	[0x8a] = {"LONG1", run_binlong, 1},
	[0x8b] = {"LONG4", run_binlong, 4},
	['B'] = {"BINBYTES", run_binbytes, 4},
	['C'] = {"SHORT_BINBYTES", run_binbytes, 1},
	[0x8c] = {"SHORT_BINUNICODE", run_binunicode, 1},
	[0x8d] = {"BINUNICODE8", run_binunicode, 8},
	[0x8e] = {"BINBYTES8", run_binbytes, 8},
	[0x8f] = {"EMPTY_SET", run_empty, PICKLE_SET},
	[0x90] = {"ADDITEMS", run_extend, PICKLE_SET},
	[0x91] = {"FROZENSET", run_collect, PICKLE_SET},
	[0x92] = {"NEWOBJ_EX", run_newobj_ex, 0},
	[0x93] = {"STACK_GLOBAL", run_stack_global, 0},
	[0x94] = {"MEMOIZE", run_memoize, 0},
	[0x95] = {"FRAME", run_frame, 0},
	[0x96] = {"BYTEARRAY8", run_binbytes, 8},
	[0x97] = {"NEXT_BUFFER", run_buffer, 0},
	[0x98] = {"READONLY_BUFFER", run_buffer, 0},
};
