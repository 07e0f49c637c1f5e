/* test_pickle.c - what each opcode leaves, what Python's own pickles hold, what is refused and why,
 * and that no pickle costs more than its length is worth. */
#include "checkpoint/pickle.h"

#include "checkpoint/zip.h"
#include "corpus.h"
#include "pickles.h"

#include <string.h>
#include <unistd.h>

#define PICKLE(text) sizeof(text) - 1, text
#define ORIGIN 1000

static void show(GString *out, const PickleValue *value);

static void show_items(GString *out, const PickleValue *value, const char *begin, const char *end)
{
	g_string_append(out, begin);
	for (guint i = 0; i < value->count; i++) {
		gboolean of_key = value->kind == PICKLE_DICT && i % 2 == 1;
		g_string_append(out, i == 0 ? "" : of_key ? ": " : ", ");
		show(out, value->items[i]);
	}
	g_string_append(out, end);
}

static void show_part(GString *out, const char *name, const PickleValue *part)
{
	if (part == NULL)
		return;
	g_string_append(out, name);
	show(out, part);
}

static void show_object(GString *out, const PickleObject *object)
{
	g_string_append(out, "call ");
	show(out, object->callee);
	show_part(out, " ", object->arguments);
	show_part(out, " keywords ", object->keywords);
	show_part(out, " state ", object->state);
	show_part(out, " list ", object->list);
	show_part(out, " dict ", object->dict);
}

static void show_characters(GString *out, const PickleValue *value)
{
	g_string_append(out, value->kind == PICKLE_BYTES ? "b'" : "'");
	for (gsize i = 0; i < value->length; i++)
		if (value->text[i] == '\0' || value->kind == PICKLE_BYTES)
			g_string_append_printf(out, "<%02x>", (guchar)value->text[i]);
		else
			g_string_append_c(out, value->text[i]);
	g_string_append_c(out, '\'');
	g_assert_cmpint(value->text[value->length], ==, '\0');
}

static void show_huge(GString *out, const PickleValue *value)
{
	g_string_append(out, "0x");
	for (gsize i = 0; i < value->length; i++)
		g_string_append_printf(out, "%02x", (guchar)value->text[i]);
}

static void show(GString *out, const PickleValue *value)
{
	switch (value->kind) {
	case PICKLE_NONE:
		g_string_append(out, "None");
		return;
	case PICKLE_BOOL:
		g_string_append(out, value->integer != 0 ? "True" : "False");
		return;
	case PICKLE_INTEGER:
		g_string_append_printf(out, "%" G_GINT64_FORMAT, value->integer);
		return;
	case PICKLE_HUGE:
		show_huge(out, value);
		return;
	case PICKLE_FLOAT:
		g_string_append_printf(out, "%.17g", value->number);
		return;
	case PICKLE_TEXT:
	case PICKLE_BYTES:
		show_characters(out, value);
		return;
	case PICKLE_LIST:
		show_items(out, value, "[", "]");
		return;
	case PICKLE_TUPLE:
		show_items(out, value, "(", ")");
		return;
	case PICKLE_SET:
		show_items(out, value, "set{", "}");
		return;
	case PICKLE_DICT:
		show_items(out, value, "{", "}");
		return;
	case PICKLE_GLOBAL:
		g_string_append_printf(out, "%s.%s", value->module, value->name);
		return;
	case PICKLE_OBJECT:
		show_object(out, value->object);
		return;
	case PICKLE_PERSISTENT:
		show_part(out, "@", value->object->callee);
		return;
	}
	g_assert_not_reached();
}

/* Reads a copy that is gone before the values are looked at. */
static Pickle *read_copy(gsize length, const char *bytes, gsize *used, GError **error)
{
	g_autofree void *copy = g_memdup2(bytes, length);
	return pickle_read("file", ORIGIN, copy, length, used, error);
}

static void check_shown(gsize length, const char *bytes, const char *expected)
{
	g_autoptr(GError) error = NULL;
	gsize used = 0;
	g_autoptr(Pickle) pickle = read_copy(length, bytes, &used, &error);
	test_no_error(error);
	g_autoptr(GString) shown = g_string_new(NULL);
	show(shown, pickle_root(pickle));
	g_assert_cmpstr(shown->str, ==, expected);
	g_assert_cmpuint(used, ==, length);
}

static void check_refused(gsize length, const char *bytes, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Pickle) pickle = read_copy(length, bytes, NULL, &error);
	g_assert_null(pickle);
	test_error(error, ERROR_INPUT, expected);
}

static const struct {
	const char *opcode;
	gsize length;
	const char *bytes, *shown;
} good[] = {
	{"NONE, STOP", PICKLE("N."), "None"},
	{"PROTO", PICKLE("\x80\x05N."), "None"},
	{"FRAME", PICKLE("\x95\2\0\0\0\0\0\0\0N."), "None"},
	{"NEWTRUE", PICKLE("\x88."), "True"},
	{"NEWFALSE", PICKLE("\x89."), "False"},
	{"INT", PICKLE("I-12\n."), "-12"},
	{"INT, true", PICKLE("I01\n."), "True"},
	{"INT, false", PICKLE("I00\n."), "False"},
	{"INT, one", PICKLE("I1\n."), "1"},
	{"LONG", PICKLE("L9223372036854775807L\n."), "9223372036854775807"},
	{"LONG, least", PICKLE("L-9223372036854775808L\n."), "-9223372036854775808"},
	{"LONG, 2^63", PICKLE("L9223372036854775808\n."), "0x000000000000008000"},
	{"LONG, 10^20", PICKLE("L100000000000000000000L\n."), "0x000010632d5ec76b05"},
	{"LONG, minus 10^20", PICKLE("L-100000000000000000000L\n."), "0x0000f09cd2a13894fa"},
	{"BININT", PICKLE("J\xfe\xff\xff\xff."), "-2"},
	{"BININT1", PICKLE("K\xff."), "255"},
	{"BININT2", PICKLE("M\x01\xff."), "65281"},
	{"LONG1", PICKLE("\x8a\x02\x00\xff."), "-256"},
	{"LONG1, zero", PICKLE("\x8a\0."), "0"},
	{"LONG1, sign repeated", PICKLE("\x8a\x0a\1\0\0\0\0\0\0\0\0\0."), "1"},
	{"LONG1, 2^64-1", PICKLE("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0."),
		"0xffffffffffffffff00"},
	{"LONG4", PICKLE("\x8b\3\0\0\0\0\0\1."), "65536"},
	{"FLOAT", PICKLE("F-1.5e3\n."), "-1500"},
	{"FLOAT, infinite", PICKLE("F-inf\n."), "-inf"},
	{"BINFLOAT", PICKLE("G\x3f\xf8\0\0\0\0\0\0."), "1.5"},
	{"STRING", PICKLE("S'it\\'s \\x41\\102\\n\\q'\n."), "'it's AB\n\\q'"},
	{"STRING, no UTF-8", PICKLE("S\"\\xff\\0\"\n."), "b'<ff><00>'"},
	{"BINSTRING", PICKLE("T\2\0\0\0ab."), "'ab'"},
	{"BINSTRING, no UTF-8", PICKLE("T\2\0\0\0\xe2\x98."), "b'<e2><98>'"},
	{"SHORT_BINSTRING", PICKLE("U\3a\0b."), "'a<00>b'"},
	{"UNICODE", PICKLE("Va\xe9\\u2603\\U0001f600\\n\\\\u\n."),
		"'a\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80\\n\\\\u'"},
	{"BINUNICODE", PICKLE("X\3\0\0\0\xe2\x98\x83."), "'\xe2\x98\x83'"},
	{"SHORT_BINUNICODE", PICKLE("\x8c\1a."), "'a'"},
	{"BINUNICODE8", PICKLE("\x8d\1\0\0\0\0\0\0\0a."), "'a'"},
	{"BINUNICODE, empty", PICKLE("X\0\0\0\0."), "''"},
	{"BINBYTES", PICKLE("B\1\0\0\0\1."), "b'<01>'"},
	{"SHORT_BINBYTES", PICKLE("C\1\2."), "b'<02>'"},
	{"BINBYTES8", PICKLE("\x8e\1\0\0\0\0\0\0\0\3."), "b'<03>'"},
	{"BYTEARRAY8", PICKLE("\x96\1\0\0\0\0\0\0\0\4."), "b'<04>'"},
	{"EMPTY_LIST", PICKLE("]."), "[]"},
	{"EMPTY_TUPLE", PICKLE(")."), "()"},
	{"EMPTY_DICT", PICKLE("}."), "{}"},
	{"EMPTY_SET", PICKLE("\x8f."), "set{}"},
	{"MARK, LIST", PICKLE("(K\1K\2l."), "[1, 2]"},
	{"MARK, TUPLE", PICKLE("(K\1K\2t."), "(1, 2)"},
	{"MARK, DICT", PICKLE("(K\1K\2d."), "{1: 2}"},
	{"FROZENSET", PICKLE("(K\1K\2\x91."), "set{1, 2}"},
	{"TUPLE1", PICKLE("K\1\x85."), "(1)"},
	{"TUPLE2", PICKLE("K\1K\2\x86."), "(1, 2)"},
	{"TUPLE3", PICKLE("K\1K\2K\3\x87."), "(1, 2, 3)"},
	{"APPEND", PICKLE("]K\1aK\2a."), "[1, 2]"},
	{"APPENDS", PICKLE("]K\1a(K\2K\3e(e."), "[1, 2, 3]"},
	{"SETITEM", PICKLE("}K\1K\2s."), "{1: 2}"},
	{"SETITEMS", PICKLE("}(K\1K\2K\3K\4u."), "{1: 2, 3: 4}"},
	{"ADDITEMS", PICKLE("\x8f(K\1K\2\x90."), "set{1, 2}"},
	{"POP",
		PICKLE("NK\1"
		       "0."),
		"None"},
	{"POP of a mark", PICKLE("N(0."), "None"},
	{"POP_MARK",
		PICKLE("N(K\1K\2"
		       "1."),
		"None"},
	{"DUP", PICKLE("]2a0]."), "[]"},
	{"PUT, GET", PICKLE("K\7p12\n0g12\n."), "7"},
	{"BINPUT, BINGET",
		PICKLE("K\7q\xff"
		       "0h\xff."),
		"7"},
	{"LONG_BINPUT, LONG_BINGET",
		PICKLE("K\7r\xff\xff\xff\xff"
		       "0j\xff\xff\xff\xff."),
		"7"},
	{"MEMOIZE", PICKLE("K\7\x94K\x08\x94h\0h\1\x86."), "(7, 8)"},
	{"a list that is shared", PICKLE("]q\0h\0\x86h\0K\1a0."), "([1], [1])"},
	{"GLOBAL", PICKLE("cos.path\njoin\n."), "os.path.join"},
	{"STACK_GLOBAL",
		PICKLE("\x8c\1a\x8c\3"
		       "b.c\x93."),
		"a.b.c"},
	{"REDUCE", PICKLE("cos\nsystem\n\x8c\2ls\x85R."), "call os.system ('ls')"},
	{"NEWOBJ", PICKLE("ca\nB\n)\x81."), "call a.B ()"},
	{"NEWOBJ_EX", PICKLE("ca\nB\n)}K\1K\2s\x92."), "call a.B () keywords {1: 2}"},
	{"INST", PICKLE("(K\1ia\nB\n."), "call a.B (1)"},
	{"OBJ", PICKLE("(ca\nB\nK\1o."), "call a.B (1)"},
	{"BUILD", PICKLE("ca\nB\n)\x81K\1bK\2b."), "call a.B () state 2"},
	{"APPEND(S) on an object", PICKLE("ca\nB\n)\x81K\1a(K\2K\3e."),
		"call a.B () list [1, 2, 3]"},
	{"SETITEM(S) on an object", PICKLE("ca\nB\n)RK\1K\2s(K\3K\4u."),
		"call a.B () dict {1: 2, 3: 4}"},
	{"PERSID", PICKLE("Pab c\n."), "@'ab c'"},
	{"BINPERSID", PICKLE("K\1\x85Q."), "@(1)"},
	{"OrderedDict of Python 2",
		PICKLE("ccollections\nOrderedDict\n(]((K\1K\2lK\3K\4\x86"
		       "etR."),
		"call collections.OrderedDict ([[1, 2], (3, 4)]) dict {1: 2, 3: 4}"},
	{"Counter of a dict", PICKLE("ccollections\nCounter\n}K\1K\2s\x85R."),
		"call collections.Counter ({1: 2}) dict {1: 2}"},
	{"OrderedDict of no pairs", PICKLE("ccollections\nOrderedDict\n(](K\1etR."),
		"call collections.OrderedDict ([1])"},
};

static void test_good(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
		g_test_message("%s", good[i].opcode);
		check_shown(good[i].length, good[i].bytes, good[i].shown);
	}
}

static const struct {
	const char *what;
	gsize length;
	const char *bytes, *says;
} bad[] = {
	{"nothing", PICKLE(""), "byte 1000: the pickle ends without STOP"},
	{"no STOP", PICKLE("N"), "byte 1001: the pickle ends without STOP"},
	{"STOP on nothing", PICKLE("."), "byte 1000: STOP: stack underflow"},
	{"STOP on a mark", PICKLE("N(."), "byte 1002: STOP: stack underflow"},
	{"protocol 6", PICKLE("\x80\x06N."), "PROTO: protocol 6"},
	{"a frame too long", PICKLE("\x95\3\0\0\0\0\0\0\0N."), "FRAME: a frame longer"},
	{"EXT1", PICKLE("\x82\1."), "EXT1: it names an object by its number"},
	{"EXT2", PICKLE("\x83\1\0."), "EXT2: "},
	{"EXT4", PICKLE("\x84\1\0\0\0."), "EXT4: "},
	{"NEXT_BUFFER", PICKLE("\x97."), "NEXT_BUFFER: it refers to a buffer"},
	{"READONLY_BUFFER", PICKLE("N\x98."), "READONLY_BUFFER: it refers to a buffer"},
	{"INT of letters", PICKLE("Iabc\n."), "INT: its line is no decimal integer"},
	{"INT of a sign", PICKLE("I-\n."), "INT: its line is no decimal integer"},
	{"INT of nothing", PICKLE("I\n."), "INT: its line is no decimal integer"},
	{"INT without an end", PICKLE("I12"), "INT: the pickle ends within its line"},
	{"LONG in hexadecimal", PICKLE("L0x10L\n."), "LONG: its line is no decimal integer"},
	{"FLOAT of letters", PICKLE("Fone\n."), "FLOAT: its line is no decimal number"},
	{"FLOAT in hexadecimal", PICKLE("F0x1p3\n."), "FLOAT: its line is no decimal number"},
	{"FLOAT of nothing", PICKLE("F\n."), "FLOAT: its line is no decimal number"},
	{"FLOAT with a zero byte", PICKLE("F1\0\n."), "FLOAT: its line is no decimal number"},
	{"STRING without quotes", PICKLE("Sab\n."), "STRING: its line is no quoted string"},
	{"STRING of one quote", PICKLE("S'\n."), "STRING: its line is no quoted string"},
	{"STRING with half an escape", PICKLE("S'\\x4'\n."), "STRING: a damaged escape"},
	{"UNICODE with half an escape", PICKLE("V\\u12\n."), "UNICODE: an escape"},
	{"UNICODE with a surrogate", PICKLE("V\\ud800\n."), "UNICODE: an escape"},
	{"UNICODE beyond Unicode", PICKLE("V\\U00110000\n."), "UNICODE: an escape"},
	{"BININT cut off", PICKLE("J\1\2"), "BININT: 4 bytes are wanted"},
	{"LONG1 cut off", PICKLE("\x8a\3\1."), "LONG1: 3 bytes are wanted"},
	{"LONG4 of negative length", PICKLE("\x8b\xff\xff\xff\xff."), "LONG4: a negative length"},
	{"BINSTRING of negative length", PICKLE("T\xff\xff\xff\xff."),
		"BINSTRING: a negative length"},
	{"BINBYTES of 2 GiB",
		PICKLE("B\0\0\0\x80"
		       "a."),
		"BINBYTES: 2147483648 bytes are wanted"},
	{"BINBYTES8 of all bits",
		PICKLE("\x8e\xff\xff\xff\xff\xff\xff\xff\xff"
		       "a."),
		"BINBYTES8: 18446744073709551615 bytes are wanted"},
	{"BINUNICODE, no UTF-8", PICKLE("X\2\0\0\0a\xff."),
		"BINUNICODE: the text is not UTF-8: an invalid byte at its byte 1"},
	{"a lone surrogate", PICKLE("\x8c\4a\xed\xa0\x80."),
		"SHORT_BINUNICODE: the text is not UTF-8: a lone surrogate at its byte 1"},
	{"an overlong form", PICKLE("\x8c\2\xc0\x80."), "the text is not UTF-8"},
	{"POP of nothing", PICKLE("0."), "POP: stack underflow"},
	{"DUP of nothing", PICKLE("2."), "DUP: stack underflow"},
	{"TUPLE2 of one", PICKLE("N\x86."), "TUPLE2: stack underflow"},
	{"TUPLE2 over a mark", PICKLE("N(N\x86."), "TUPLE2: stack underflow"},
	{"TUPLE without MARK", PICKLE("Nt."), "TUPLE: there is no MARK"},
	{"APPENDS without MARK", PICKLE("]Ne."), "APPENDS: there is no MARK"},
	{"APPENDS on nothing", PICKLE("(Ne."), "APPENDS: stack underflow"},
	{"APPEND to a dict", PICKLE("}Na."), "APPEND: it adds to a list, and there is a dict"},
	{"APPENDS to a tuple", PICKLE(")(Ne."), "APPENDS: it adds to a list, and there is a tuple"},
	{"SETITEM on an integer", PICKLE("K\1NNs."),
		"SETITEM: it adds to a dict, and there is an integer"},
	{"SETITEM on a global", PICKLE("ca\nb\nNNs."), "SETITEM: it adds to a dict, and"},
	{"SETITEM on a persistent id", PICKLE("NQNNs."), "SETITEM: it adds to a dict, and"},
	{"SETITEMS of three", PICKLE("}(NNNu."), "SETITEMS: 3 items are an odd number"},
	{"DICT of one", PICKLE("(Nd."), "DICT: 1 items are an odd number"},
	{"ADDITEMS to an object", PICKLE("ca\nb\n)R(N\x90."), "ADDITEMS: it adds to a set, and"},
	{"SETITEM on two", PICKLE("NNs."), "SETITEM: stack underflow"},
	{"GET of nothing", PICKLE("g0\n."), "GET: nothing was put at 0"},
	{"BINGET of nothing", PICKLE("h\7."), "BINGET: nothing was put at 7"},
	{"LONG_BINGET of nothing", PICKLE("Nq\0j\0\1\0\0."), "LONG_BINGET: nothing was put at 256"},
	{"PUT of a negative", PICKLE("Np-1\n."), "PUT: its line is no index"},
	{"PUT beyond 64 bits", PICKLE("Np18446744073709551616\n."), "PUT: an index beyond"},
	{"PUT of nothing", PICKLE("p0\n."), "PUT: stack underflow"},
	{"MEMOIZE of nothing", PICKLE("\x94."), "MEMOIZE: stack underflow"},
	{"GLOBAL without an end", PICKLE("cos\nsystem"), "GLOBAL: the pickle ends within its line"},
	{"GLOBAL without a module", PICKLE("c\nsystem\n."), "GLOBAL: the names of a module"},
	{"STACK_GLOBAL of no texts", PICKLE("K\1K\2\x93."),
		"STACK_GLOBAL: the names are an integer and an integer"},
	{"STACK_GLOBAL with a zero byte", PICKLE("\x8c\2a\0\x8c\1b\x93."),
		"STACK_GLOBAL: the names"},
	{"REDUCE of one", PICKLE("NR."), "REDUCE: stack underflow"},
	{"REDUCE with no tuple", PICKLE("ca\nb\nNR."),
		"REDUCE: the arguments are None, not a tuple"},
	{"NEWOBJ with a list", PICKLE("ca\nb\n]\x81."), "NEWOBJ: the arguments are a list"},
	{"NEWOBJ_EX with a list", PICKLE("ca\nb\n)]\x92."), "NEWOBJ_EX: the keyword arguments"},
	{"OBJ of nothing", PICKLE("(o."), "OBJ: stack underflow"},
	{"BUILD of a list", PICKLE("]Nb."),
		"BUILD: it sets the state of an object, and there is a list"},
	{"PERSID, no UTF-8", PICKLE("P\xff\n."), "PERSID: the text is not UTF-8"},
	{"BINPERSID of nothing", PICKLE("Q."), "BINPERSID: stack underflow"},
};

static void test_bad(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_test_message("%s", bad[i].what);
		check_refused(bad[i].length, bad[i].bytes, bad[i].says);
	}
}

/* The codes of Python's pickletools.opcodes; all other bytes are refused as such. */
static void test_unknown_opcodes(void)
{
	static const char known[] = "IJKML\x8a\x8bSTUBC\x8e\x96\x97\x98N\x88\x89VX\x8c\x8d"
				    "FG]ael)t\x85\x86\x87}dsu\x8f\x90\x91"
				    "02(1gjhpqr\x94\x82\x83\x84"
				    "c\x93Rbio\x81\x92\x80\x95.PQ";
	guint unknown = 0;

	for (guint code = 0; code < 256; code++) {
		g_autofree char *says = g_strdup_printf("0x%02x is no opcode", code);
		char bytes[] = {(char)code};
		g_autoptr(GError) error = NULL;
		g_autoptr(Pickle) pickle = read_copy(1, bytes, NULL, &error);
		gboolean refused = strstr(error->message, says) != NULL;
		g_assert_null(pickle);
		g_assert_cmpint(refused, ==, memchr(known, (int)code, sizeof known - 1) == NULL);
		unknown += refused ? 1 : 0;
	}
	g_assert_cmpuint(unknown, ==, 256 - 68);
}

static void test_python(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(pickles); i++)
		check_shown(pickles[i].length, pickles[i].bytes, PICKLES_OBJECT);
}

/* Cut anywhere, each of them is refused. */
static void test_truncated(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(pickles); i++)
		for (gsize length = 0; length < pickles[i].length; length++)
			check_refused(length, pickles[i].bytes, "file: byte 1");
}

static void test_one_after_another(void)
{
	static const char bytes[] = "K\1.K\2.rest";
	gsize used;
	g_autoptr(Pickle) first = read_copy(sizeof bytes - 1, bytes, &used, NULL);
	g_assert_cmpuint(used, ==, 3);
	g_autoptr(Pickle) second = read_copy(sizeof bytes - 1 - used, bytes + used, &used, NULL);
	g_assert_cmpuint(used, ==, 3);
	g_autoptr(Pickle) cut_off = read_copy(2, bytes, &used, NULL);
	g_assert_null(cut_off);
	g_assert_cmpuint(used, ==, 2);
	g_autoptr(Pickle) broken = read_copy(6, "K\1s.K\2", &used, NULL);
	g_assert_null(broken);
	g_assert_cmpuint(used, ==, 0);
	g_assert_cmpint(pickle_root(first)->integer, ==, 1);
	g_assert_cmpint(pickle_root(second)->integer, ==, 2);
}

static void test_globals(void)
{
	static const char bytes[] = "cb\nc\nca\nb\ncb\nc\n\x87P1\nK\2Q\x87.";
	g_autoptr(Pickle) pickle = read_copy(sizeof bytes - 1, bytes, NULL, NULL);
	const GPtrArray *globals = pickle_globals(pickle), *ids = pickle_persistents(pickle);

	g_assert_cmpuint(globals->len, ==, 2);
	g_assert_cmpstr(g_ptr_array_index(globals, 0), ==, "b.c");
	g_assert_cmpstr(g_ptr_array_index(globals, 1), ==, "a.b");
	g_assert_cmpuint(ids->len, ==, 2);
	g_assert_true(g_ptr_array_index(ids, 0) == pickle_root(pickle)->items[1]);
	g_assert_true(g_ptr_array_index(ids, 1) == pickle_root(pickle)->items[2]);
}

static void test_questions(void)
{
	static const char bytes[] = "((U\1aK\1U\1bK\2U\1aK\3U\2a\0K\4dccollections\nOrderedDict\n)R"
				    "ca\nB\n)RNt.";
	g_autoptr(Pickle) pickle = read_copy(sizeof bytes - 1, bytes, NULL, NULL);
	PickleValue *const *items = pickle_root(pickle)->items;

	g_assert_cmpint(pickle_get(items[0], "a")->integer, ==, 3);
	g_assert_cmpint(pickle_get(items[0], "b")->integer, ==, 2);
	g_assert_null(pickle_get(items[0], "c"));
	g_assert_null(pickle_get(items[1], "a"));
	g_assert_null(pickle_get(NULL, "a"));
	g_assert_true(pickle_mapping(items[0]) == items[0]);
	g_assert_cmpint(pickle_mapping(items[1])->kind, ==, PICKLE_DICT);
	g_assert_cmpuint(pickle_mapping(items[1])->count, ==, 0);
	g_assert_null(pickle_mapping(items[2]));
	g_assert_null(pickle_mapping(items[3]));
	g_assert_null(pickle_mapping(NULL));
	g_assert_true(pickle_is_global(items[2]->object->callee, "a", "B"));
	g_assert_false(pickle_is_global(items[2]->object->callee, "a", "C"));
	g_assert_false(pickle_is_global(items[3], "a", "B"));
}

/* `unit` again and again up to `length` bytes, after `begin`. */
static GString *repeated(const char *begin, gsize unit_length, const char *unit, gsize length)
{
	GString *text = g_string_sized_new(length + unit_length);
	g_string_append(text, begin);
	while (text->len < length)
		g_string_append_len(text, unit, (gssize)unit_length);
	return text;
}

/* Bytes of this process in memory. */
static gsize resident(void)
{
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
	const char *second = strchr(text, ' ');
	return (gsize)g_ascii_strtoull(second, NULL, 10) * (gsize)sysconf(_SC_PAGESIZE);
}

/* Opcodes of one byte, or few, that make values, marks, memo entries, calls and names without end:
 * 8 MB of them are refused, or read, in a moment and in memory of a small multiple. */
static void test_bombs(void)
{
	static const struct {
		const char *begin;
		gsize length;
		const char *unit;
	} bombs[] = {
		{"", PICKLE("]")},
		{"", PICKLE("N")},
		{"", PICKLE("(")},
		{"N", PICKLE("\x94")},
		{"N", PICKLE("\x85")},
		{"]", PICKLE("Na")},
		{"ca\nb\nq\1", PICKLE(")\x81h\1")},
		{"", PICKLE("Pid\n0")},
		{"X\20\1\1\1", PICKLE("a")},
		{"ccollections\nOrderedDict\nq\1](NN\x86NN\x86NN\x86"
		 "eq\2",
			PICKLE("h\1h\2\x85R0")},
	};
	for (guint i = 0; i < G_N_ELEMENTS(bombs); i++) {
		g_autoptr(GString) text =
			repeated(bombs[i].begin, bombs[i].length, bombs[i].unit, 8000000);
		g_autoptr(GError) error = NULL;
		gsize before = resident();
		gint64 start = g_get_monotonic_time();
		g_autoptr(Pickle) pickle =
			pickle_read("file", 0, text->str, text->len, NULL, &error);
		g_assert_null(pickle);
		test_error(error, ERROR_INPUT, "file: byte ");
		g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
		g_assert_cmpuint(resident(), <, before + (160u << 20));
	}
}

static void test_many_globals(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i <= PICKLE_GLOBALS_MOST; i++)
		g_string_append_printf(text, "cm\nn%u\n0", i);
	check_refused(text->len, text->str, "different globals");
}

/* Deep, shared and circular values are only values. */
static void test_deep(void)
{
	g_autoptr(GString) deep = repeated("N", PICKLE("\x85"), 90000);
	g_string_append_c(deep, '.');
	g_autoptr(Pickle) tuples = read_copy(deep->len, deep->str, NULL, NULL);
	guint depth = 0;
	for (const PickleValue *at = pickle_root(tuples); at->kind == PICKLE_TUPLE; depth++)
		at = at->items[0];
	g_assert_cmpuint(depth, ==, 89999);

	g_autoptr(Pickle) circle = read_copy(PICKLE("]q\0h\0a."), NULL, NULL);
	g_assert_true(pickle_root(circle)->items[0] == pickle_root(circle));
}

static void read_entry(const Zip *zip, const char *verdict)
{
	for (guint i = 0; i < zip_count(zip); i++) {
		const ZipEntry *entry = zip_entry(zip, i);
		if (!g_str_has_suffix(entry->name, "/data.pkl"))
			continue;
		gsize length = 0;
		g_autoptr(GError) error = NULL;
		g_autofree void *bytes = zip_read(zip, entry, PICKLE_BYTES_MOST, &length, &error);
		test_no_error(error);
		g_autoptr(Pickle) pickle = pickle_read("file", 0, bytes, length, NULL, &error);
		g_assert_true((pickle == NULL) == (strcmp(verdict, "reject") == 0));
		if (pickle == NULL)
			test_error(error, ERROR_INPUT, "file: byte ");
		else
			test_no_error(error);
		return;
	}
	g_assert_not_reached();
}

/* The pickle of an archive that is broken in its pickle alone. */
static void test_hostile(gconstpointer data)
{
	const cJSON *expected = data;
	g_autofree char *path = corpus_path("hostile", expected->string);
	g_autoptr(GError) error = NULL;
	g_autoptr(File) file = file_open(path, &error);
	test_no_error(error);
	g_autoptr(Zip) zip = zip_open(file, &error);
	test_no_error(error);
	read_entry(zip, corpus_text(expected, "verdict"));
	corpus_no_payload();
}

static void add_hostile(const cJSON *cases)
{
	const cJSON *expected;
	guint found = 0;

	cJSON_ArrayForEach (expected, cases) {
		if (!g_str_has_prefix(expected->string, "pt_vm_"))
			continue;
		g_autofree char *name = g_strdup_printf("/pickle/%s", expected->string);
		g_test_add_data_func(name, expected, test_hostile);
		found++;
	}
	g_assert_cmpuint(found, >, 30);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(cJSON) cases = corpus_cases("hostile");
	g_test_add_func("/pickle/good", test_good);
	g_test_add_func("/pickle/bad", test_bad);
	g_test_add_func("/pickle/unknown-opcodes", test_unknown_opcodes);
	g_test_add_func("/pickle/python", test_python);
	g_test_add_func("/pickle/truncated", test_truncated);
	g_test_add_func("/pickle/one-after-another", test_one_after_another);
	g_test_add_func("/pickle/globals", test_globals);
	g_test_add_func("/pickle/questions", test_questions);
	g_test_add_func("/pickle/bombs", test_bombs);
	g_test_add_func("/pickle/many-globals", test_many_globals);
	g_test_add_func("/pickle/deep", test_deep);
	add_hostile(cases);
	return g_test_run();
}
