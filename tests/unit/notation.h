/* notation.h - pickles that tests write in a short notation, and archives of PyTorch around them.
 *
 * The notation is words with white space between them, each an opcode or a few. */
#ifndef TAUSCOPE_TEST_NOTATION_H
#define TAUSCOPE_TEST_NOTATION_H

#include "archives.h"

#include <stdlib.h>

/* Besides these: 'text' without white space; integers; @module:name, a global; <7 puts what is on
 * top into the memo, and >7 gets it from there. */
static const struct {
	const char *word, *opcodes;
} notation_words[] = {
	{"{", "}("}, /* a dict of keys and values */
	{"}", "u"},
	{".{", "("}, /* SETITEMS on what is on top */
	{".}", "u"},
	{"[", "]("}, /* a list */
	{"]", "e"},
	{".[", "("}, /* APPENDS to what is on top */
	{".]", "e"},
	{"(", "("}, /* a tuple */
	{")", "t"},
	{"!", "R"},    /* REDUCE: a callee and a tuple */
	{"^", "\x81"}, /* NEWOBJ: a class and a tuple */
	{"=", "b"},    /* BUILD: an object and its state */
	{"~", "Q"},    /* a persistent id */
	{"N", "N"},
	{"+", "\x88"},
	{"-", "\x89"},
};

static inline void put_notation_text(GByteArray *bytes, const char *text, gsize length)
{
	put_text(bytes, "X");
	put32(bytes, (guint32)length);
	g_byte_array_append(bytes, (const guint8 *)text, (guint)length);
}

static inline void put_notation_global(GByteArray *bytes, const char *word)
{
	g_auto(GStrv) names = g_strsplit(word, ":", 2);
	g_autofree char *lines = g_strdup_printf("c%s\n%s\n", names[0], names[1]);
	put_text(bytes, lines);
}

static inline void put_notation_word(GByteArray *bytes, const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(notation_words); i++)
		if (strcmp(word, notation_words[i].word) == 0) {
			put_text(bytes, notation_words[i].opcodes);
			return;
		}
	if (*word == '\'')
		put_notation_text(bytes, word + 1, strlen(word) - 2);
	else if (*word == '@')
		put_notation_global(bytes, word + 1);
	else if (*word == '<' || *word == '>') {
		put_text(bytes, *word == '<' ? "r" : "j");
		put32(bytes, (guint32)strtoul(word + 1, NULL, 10));
	} else {
		put_text(bytes, "\x8a\x08");
		put64(bytes, (guint64)strtoll(word, NULL, 10));
	}
}

/* A whole pickle of protocol 2; g_byte_array_unref. */
static inline GByteArray *test_pickle(const char *notation)
{
	GByteArray *bytes = g_byte_array_new();
	g_auto(GStrv) words = g_strsplit_set(notation, " \n\t", -1);

	put_text(bytes, "\x80\x02");
	for (guint i = 0; words[i] != NULL; i++)
		if (*words[i] != '\0')
			put_notation_word(bytes, words[i]);
	put_text(bytes, ".");
	return bytes;
}

#define STORAGE(type, key, elements)                                                               \
	"( 'storage' @torch:" type "Storage '" key "' 'cpu' " elements " ) ~ "
/* A tensor of _rebuild_tensor_v2: the storage, then offset, sizes and strides. */
#define VIEW(storage, offset, sizes, strides)                                                      \
	"@torch._utils:_rebuild_tensor_v2 ( " storage offset " ( " sizes " ) ( " strides           \
	" ) - @collections:OrderedDict ( ) ! ) ! "
/* Floats: the first ones of a storage of 16. */
#define FLOATS(key, sizes, strides) VIEW(STORAGE("Float", key, "16"), "0", sizes, strides)

/* A module, from dicts of its parts. */
#define MODULE(class, parameters, buffers, modules, more)                                          \
	"@" class " ( ) ^ { 'training' + '_parameters' " parameters " '_buffers' " buffers         \
		  " '_modules' " modules " " more " } = "

/* An archive as torch.save writes it: the pickle, and storages 0, 1, … of the bytes given. */
static inline GByteArray *test_torch_archive(
	const GByteArray *pickle, const char *byte_order, GByteArray *const *storages, guint n)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(TestEntry));
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const TestEntry first = {"model/data.pkl", pickle->data, pickle->len, .late = TRUE};
	const TestEntry order = {"model/byteorder", byte_order, strlen(byte_order), .late = TRUE};
	const TestEntry last = {"model/version", "3\n", 2, .late = TRUE};

	g_array_append_val(entries, first);
	g_array_append_val(entries, order);
	for (guint i = 0; i < n; i++) {
		char *name = g_strdup_printf("model/data/%u", i);
		TestEntry entry = {name, storages[i]->data, storages[i]->len, .late = TRUE};
		g_ptr_array_add(names, name);
		g_array_append_val(entries, entry);
	}
	g_array_append_val(entries, last);
	return test_zip((const TestEntry *)(void *)entries->data, entries->len);
}

#endif
