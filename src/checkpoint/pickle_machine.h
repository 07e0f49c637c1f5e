/* pickle_machine.h - the machine that runs a pickle: its state, and what the opcodes are made of.
 *
 * Every step that can fail returns FALSE or NULL with the machine's error set. */
#ifndef TAUSCOPE_PICKLE_MACHINE_H
#define TAUSCOPE_PICKLE_MACHINE_H

#include "checkpoint/pickle_memory.h"

/* Values that many places share, since nothing can be added to them. */
typedef struct {
	PickleValue none, empty_tuple, booleans[2], bytes[256]; /* bytes: the integers 0..255 */
} PickleConstants;

struct Pickle {
	Arena arena;
	PickleConstants constants;
	PickleValue *root;
	GPtrArray *globals;     /* of char * */
	GHashTable *named;      /* the same, as a set */
	GPtrArray *persistents; /* of PickleValue * */
};

typedef struct Machine Machine;

/* A row of the table of opcodes; `argument` is the handler's: the bytes of a length, a count. */
typedef struct {
	const char *name; /* as pickletools has it */
	gboolean (*run)(Machine *machine, guint argument);
	guint argument;
} Opcode;

/* [256]; no name where the byte is no opcode. */
extern const Opcode pickle_opcodes[];

struct Machine {
	Pickle *pickle;
	const char *path;
	guint64 origin;
	const guint8 *bytes;
	gsize length, at;
	const Opcode *opcode; /* the one that runs, and where it stands */
	gsize opcode_at;
	PickleValue **stack;
	guint depth, room;
	guint *marks; /* depths of the stack */
	guint mark_count, mark_room;
	Memo memo;
	gboolean stopped, cut_off; /* cut_off: more bytes were wanted */
	GError **error;
};

/* "PATH: byte N: OPCODE: reason"; FALSE. */
gboolean machine_refuse(Machine *machine, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same where the pickle ends too early, as it does in a file that is cut off. */
gboolean machine_refuse_end(Machine *machine, const char *reason);

/* The next bytes of the pickle; NULL where it has not so many. */
const guint8 *machine_take(Machine *machine, guint64 length);
/* A little-endian number of 1 to 8 bytes. */
gboolean machine_take_number(Machine *machine, guint bytes, guint64 *number);
/* The bytes up to the end of the line, which is taken too. */
const guint8 *machine_take_line(Machine *machine, gsize *length);

/* That the budget does not suffice; FALSE. */
gboolean machine_refuse_memory(Machine *machine);
/* Values out of the budget. */
PickleValue *machine_new(Machine *machine, PickleKind kind);
PickleValue *machine_new_object(Machine *machine, PickleKind kind, PickleValue *callee);
gboolean machine_push(Machine *machine, PickleValue *value);
gboolean machine_push_integer(Machine *machine, gint64 integer);
/* Little-endian two's complement of any length up to the limit. */
gboolean machine_push_long(Machine *machine, const guint8 *bytes, gsize length);
/* The characters are checked and copied; `kind` is PICKLE_TEXT or PICKLE_BYTES. */
gboolean machine_push_characters(
	Machine *machine, PickleKind kind, const void *characters, gsize length);
/* What Python 2 called str: text where it is UTF-8, else bytes. */
gboolean machine_push_old_string(Machine *machine, const void *characters, gsize length);
/* Pushes a call that is not made; `keywords` may be NULL. */
gboolean machine_push_call(
	Machine *machine, PickleValue *callee, PickleValue *arguments, PickleValue *keywords);
gboolean machine_push_persistent(Machine *machine, PickleValue *id);
/* Two names, checked and copied. */
gboolean machine_push_global(Machine *machine, const void *module, gsize module_length,
	const void *name, gsize name_length);

/* Whether this many values lie above the last mark; what is below cannot be touched. */
gboolean machine_need(Machine *machine, guint values);
/* The one `below` the top; there are so many. */
PickleValue *machine_peek(const Machine *machine, guint below);
PickleValue *machine_pop(Machine *machine);
gboolean machine_mark(Machine *machine);
/* Removes the last mark; `items` are those above it, which stay in place until something is pushed,
 * although they are no longer on the stack. */
gboolean machine_take_marked(Machine *machine, PickleValue ***items, guint *count);

/* "a list", "None". */
const char *pickle_kind_name(const PickleValue *value);
/* A tuple, list, set or dict of these items, which are copied. */
PickleValue *machine_collect(Machine *machine, PickleKind kind, PickleValue **items, guint count);
/* Adds items to a list, set or dict, or to what an object records of that kind. */
gboolean machine_extend(
	Machine *machine, PickleValue *target, PickleKind kind, PickleValue **items, guint count);

/* The text forms of protocol 0 (pickle_text.c). */
gboolean pickle_run_int(Machine *machine, guint argument);
gboolean pickle_run_long(Machine *machine, guint argument);
gboolean pickle_run_float(Machine *machine, guint argument);
gboolean pickle_run_string(Machine *machine, guint argument);
gboolean pickle_run_unicode(Machine *machine, guint argument);
/* An index in decimal digits, as GET and PUT have it. */
gboolean pickle_take_index(Machine *machine, guint64 *index);

#endif
