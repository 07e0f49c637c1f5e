/* pickle.h - a pickle read as data: the machine that runs its opcodes, and the values it leaves.
 *
 * Nothing is ever imported, called or executed: a global is a pair of names, a call is a record of
 * what would have been called with what.  Opcodes of protocols 0 to 5 (CPython pickletools); the
 * extension registry and out-of-band buffers are refused.  Memory and time are bounded by the
 * length of the pickle and by the limits below; nothing recurses.  What the values refer to may be
 * deep, shared and circular: who walks them counts steps. */
#ifndef TAUSCOPE_PICKLE_H
#define TAUSCOPE_PICKLE_H

#include <glib.h>

#define PICKLE_BYTES_MOST (32u << 20)
#define PICKLE_OPCODES_MOST 20000000u
#define PICKLE_MEMO_MOST 4000000u
#define PICKLE_GLOBALS_MOST 4096u
#define PICKLE_HUGE_MOST 1024u

typedef enum {
	PICKLE_NONE,
	PICKLE_BOOL,       /* integer: 0 or 1 */
	PICKLE_INTEGER,    /* integer */
	PICKLE_HUGE,       /* an integer beyond 64 bits, at most 1 KiB of it: text holds its bytes,
			      little-endian two's complement */
	PICKLE_FLOAT,      /* number */
	PICKLE_TEXT,       /* text, length: valid UTF-8, ended by a zero byte; may hold others */
	PICKLE_BYTES,      /* text, length: bytes or a bytearray */
	PICKLE_LIST,       /* items, count */
	PICKLE_TUPLE,      /* items, count */
	PICKLE_SET,        /* items, count; also a frozenset */
	PICKLE_DICT,       /* items: key, value, key, value …; count is of both together */
	PICKLE_GLOBAL,     /* module, name */
	PICKLE_OBJECT,     /* a call that was not made: object */
	PICKLE_PERSISTENT, /* a persistent id: object->callee is the id */
} PickleKind;

typedef struct PickleValue PickleValue;

/* What would have been built: callee(*arguments), then BUILD with state, APPEND(S) and SETITEM(S).
 * All but callee may be NULL. */
typedef struct {
	PickleValue *callee;    /* a global, or whatever stood in its place */
	PickleValue *arguments; /* a tuple */
	PickleValue *keywords;  /* a dict, of NEWOBJ_EX */
	PickleValue *state;     /* of the last BUILD */
	PickleValue *list;      /* a list of what was appended */
	PickleValue *dict;      /* a dict of what was set */
} PickleObject;

struct PickleValue {
	PickleKind kind;
	guint count, room; /* of items */
	union {
		gint64 integer;
		double number;
		struct {
			const char *text;
			gsize length;
		};
		PickleValue **items;
		struct {
			const char *module, *name;
		};
		PickleObject *object;
	};
};

typedef struct Pickle Pickle;

/* Runs one pickle, which ends with STOP; *used (may be NULL) is how many bytes it had, so that
 * several may follow one another.  Errors name `path` and the byte, counted from `origin`, where
 * the opcode stands.  The values live as long as the pickle; bytes need not.  NULL with *error set
 * (ERROR_INPUT); *used is then `length` where more bytes might have made it whole, else 0. */
Pickle *pickle_read(const char *path, guint64 origin, const void *bytes, gsize length, gsize *used,
	GError **error);
void pickle_free(Pickle *pickle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pickle, pickle_free)

const PickleValue *pickle_root(const Pickle *pickle);
/* The distinct globals that were named, "module.name", in order of appearance; borrowed. */
const GPtrArray *pickle_globals(const Pickle *pickle);
/* The persistent ids (PickleValue *), in order of appearance, once for each opcode; borrowed. */
const GPtrArray *pickle_persistents(const Pickle *pickle);

/* The value of a text key of a dict, the last one where there are several; NULL where there is
 * none, or `dict` is no dict (or NULL). */
const PickleValue *pickle_get(const PickleValue *dict, const char *key);
/* Whether it is a text of exactly these characters; a global of exactly these names. */
gboolean pickle_is_text(const PickleValue *value, const char *text);
gboolean pickle_is_global(const PickleValue *value, const char *module, const char *name);
/* The dict that a value acts as: itself, or what was set on an object that a call to OrderedDict,
 * defaultdict or another dict type would have made (an empty dict where nothing was set); NULL for
 * anything else. */
const PickleValue *pickle_mapping(const PickleValue *value);

#endif
