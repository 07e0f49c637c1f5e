/* numpy_header.c - the small literal in which NumPy writes an array's type, order and shape (NEP
 * 1).
 *
 * NumPy has Python evaluate it.  Here it is a dictionary of exactly three keys, a string, a bool
 * and a tuple of numbers; whatever else Python allows is refused. */
#include "checkpoint/numpy_header.h"

#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6u
#define PREFIX_BYTES 10u      /* magic, version, a length of two bytes */
#define LONG_PREFIX_BYTES 12u /* from version 2 on: a length of four */
#define LITERAL_MOST 65536u
#define CUT_SHORT "it is cut short: copy or download it again"
#define SAVE_AS_FLOAT32 "save it as float32, or as safetensors"
#define SAVE_AS_FLOAT64 "save it as float64"
#define SAVE_AS_COMPLEX64 "save it as complex64, or its two parts"
#define SAVE_AS_NUMBERS "save it as an array of numbers"

typedef struct {
	const char *text;
	gsize length, at;
	guint64 origin; /* bytes of the array before the text */
	Place place;
	NumpyHeader *header;
	guint seen; /* a bit for each key */
} Literal;

static const struct {
	const char *name;
	Dtype dtype;
} numbers[] = {
	{"b1", DTYPE_BOOL},
	{"i1", DTYPE_I8},
	{"u1", DTYPE_U8},
	{"i2", DTYPE_I16},
	{"u2", DTYPE_U16},
	{"f2", DTYPE_F16},
	{"i4", DTYPE_I32},
	{"u4", DTYPE_U32},
	{"f4", DTYPE_F32},
	{"i8", DTYPE_I64},
	{"u8", DTYPE_U64},
	{"f8", DTYPE_F64},
	{"c8", DTYPE_C64},
};

/* Types that are not read, the first whose pattern fits. */
static const struct {
	const char *pattern, *what, *remedy;
} others[] = {
	{"O*", "Python objects (a pickle), which are never read", SAVE_AS_NUMBERS},
	{"V2", "raw 2-byte elements, as NumPy writes bfloat16", SAVE_AS_FLOAT32},
	{"V1", "raw 1-byte elements, as NumPy writes float8", SAVE_AS_FLOAT32},
	{"V*", "raw bytes", SAVE_AS_NUMBERS},
	{"c16", "complex128 numbers", SAVE_AS_COMPLEX64},
	{"c24", "complex numbers of long doubles", SAVE_AS_COMPLEX64},
	{"c32", "complex numbers of long doubles", SAVE_AS_COMPLEX64},
	{"f12", "long doubles, which differ between machines", SAVE_AS_FLOAT64},
	{"f16", "long doubles, which differ between machines", SAVE_AS_FLOAT64},
	{"*", "of a type that is not known", SAVE_AS_NUMBERS},
};

G_GNUC_PRINTF(5, 6)
static gboolean refuse_at(const Literal *literal, gsize at, const char *remedy, GError **error,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	Place place = literal->place;
	place.remedy = remedy;
	return fail_at(error, ERROR_INPUT, place, "byte %" PRIu64 " of the array: %s",
		literal->origin + at, reason);
}

static gboolean refuse(const Literal *literal, const char *reason, GError **error)
{
	return refuse_at(literal, literal->at, NULL, error, "%s", reason);
}

/* The next character beyond white space; 0 at the end, or for a zero byte. */
static char peek(Literal *literal)
{
	while (literal->at < literal->length && strchr(" \t\n\r", literal->text[literal->at]) &&
		literal->text[literal->at] != '\0')
		literal->at++;
	return literal->at < literal->length ? literal->text[literal->at] : '\0';
}

static gboolean take(Literal *literal, char wanted)
{
	if (peek(literal) != wanted)
		return FALSE;
	literal->at++;
	return TRUE;
}

/* A string in either quotes, without escapes; NULL where there is none.  Free with g_free. */
static char *take_string(Literal *literal)
{
	char quote = peek(literal);
	if (quote != '\'' && quote != '"')
		return NULL;
	const char *begin = literal->text + literal->at + 1;
	const char *end = memchr(begin, quote, literal->length - literal->at - 1);
	if (end == NULL || memchr(begin, '\\', (gsize)(end - begin)) ||
		memchr(begin, '\0', (gsize)(end - begin)))
		return NULL;
	literal->at += (gsize)(end - begin) + 2;
	return g_strndup(begin, (gsize)(end - begin));
}

static gboolean take_word(Literal *literal, const char *word)
{
	gsize length = strlen(word);
	peek(literal);
	if (literal->length - literal->at < length ||
		memcmp(literal->text + literal->at, word, length) != 0)
		return FALSE;
	literal->at += length;
	return TRUE;
}

/* Digits alone.  Python 2 wrote an L behind numbers that were long there. */
static gboolean take_number(Literal *literal, guint64 *number)
{
	gsize begin = literal->at;
	*number = 0;
	while (literal->at < literal->length && g_ascii_isdigit(literal->text[literal->at])) {
		guint64 digit = (guint64)(literal->text[literal->at++] - '0');
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, digit, number))
			return FALSE;
	}
	gboolean padded = literal->text[begin] == '0' && literal->at - begin > 1;
	if (literal->at == begin || padded)
		return FALSE;
	if (literal->at < literal->length && literal->text[literal->at] == 'L')
		literal->at++;
	return TRUE;
}

static gboolean refuse_type(const Literal *literal, gsize at, const char *descr, GError **error)
{
	guint i = 0;
	while (!text_glob(others[i].pattern, descr + 1))
		i++;
	return refuse_at(literal, at, others[i].remedy, error, "its elements are %s ('%.20s')",
		others[i].what, descr);
}

/* The order of bytes, a letter for the kind, and the size: "<f4". */
static gboolean read_type(Literal *literal, gsize at, const char *descr, GError **error)
{
	NumpyHeader *header = literal->header;
	gsize length = strlen(descr);

	if (length < 2 || !strchr("<>|", descr[0]))
		return refuse_at(literal, at, SAVE_AS_NUMBERS, error,
			"descr is no type in a stated byte order, as '<f4' is: '%.20s'", descr);
	header->text = strchr("USaMmT", descr[1]) != NULL;
	if (header->text)
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		if (strcmp(descr + 1, numbers[i].name) != 0)
			continue;
		header->dtype = numbers[i].dtype;
		header->swapped = descr[0] == '>' && descr[2] != '1';
		if (descr[0] == '|' && descr[2] != '1')
			return refuse_at(literal, at, SAVE_AS_NUMBERS, error,
				"descr does not say the order of bytes: '%s'", descr);
		return TRUE;
	}
	return refuse_type(literal, at, descr, error);
}

static gboolean read_descr(Literal *literal, GError **error)
{
	char first = peek(literal);
	gsize at = literal->at;
	if (first == '[' || first == '(' || first == '{')
		return refuse_at(literal, at, "save each field as an array of its own", error,
			"its elements are structures, not numbers");
	g_autofree char *descr = take_string(literal);
	if (descr == NULL)
		return refuse(literal, "descr is not a plain string", error);
	return read_type(literal, at, descr, error);
}

static gboolean read_fortran(Literal *literal, GError **error)
{
	literal->header->fortran = take_word(literal, "True");
	if (!literal->header->fortran && !take_word(literal, "False"))
		return refuse(literal, "fortran_order is neither True nor False", error);
	return TRUE;
}

static gboolean read_size(Literal *literal, GError **error)
{
	NumpyHeader *header = literal->header;
	if (header->rank == TENSOR_RANK_MOST)
		return refuse(literal, "shape has more than 32 dimensions", error);
	peek(literal);
	gsize at = literal->at;
	if (!take_number(literal, &header->shape[header->rank++]))
		return refuse_at(literal, at, NULL, error,
			"dimension %u of shape is not a whole number of 64 bits", header->rank);
	return TRUE;
}

/* A tuple: with one element it has a comma behind it. */
static gboolean read_shape(Literal *literal, GError **error)
{
	gboolean comma = TRUE;
	literal->header->rank = 0;
	if (!take(literal, '('))
		return refuse(literal, "shape is not a tuple", error);
	while (!take(literal, ')')) {
		if (!comma)
			return refuse(literal, "shape is not a tuple of numbers", error);
		if (!read_size(literal, error))
			return FALSE;
		comma = take(literal, ',');
	}
	if (literal->header->rank == 1 && !comma)
		return refuse(literal, "shape is a number, not a tuple", error);
	return TRUE;
}

static const struct {
	const char *key;
	gboolean (*read)(Literal *literal, GError **error);
} keys[] = {
	{"descr", read_descr},
	{"fortran_order", read_fortran},
	{"shape", read_shape},
};

static gboolean read_member(Literal *literal, GError **error)
{
	g_autofree char *key = take_string(literal);
	guint i = 0;

	if (key == NULL || !take(literal, ':'))
		return refuse(literal, "a key in quotes and a colon should stand here", error);
	while (i < G_N_ELEMENTS(keys) && strcmp(keys[i].key, key) != 0)
		i++;
	if (i == G_N_ELEMENTS(keys))
		return refuse_at(literal, literal->at, NULL, error,
			"%.40s is none of descr, fortran_order and shape", key);
	if (literal->seen & 1u << i)
		return refuse_at(literal, literal->at, NULL, error, "%s is given twice", key);
	literal->seen |= 1u << i;
	return keys[i].read(literal, error);
}

static gboolean read_literal(Literal *literal, GError **error)
{
	gboolean comma = TRUE;
	if (!take(literal, '{'))
		return refuse(literal, "a { should stand here: the header is no dictionary", error);
	while (!take(literal, '}')) {
		if (!comma)
			return refuse(literal, "a comma or a } should stand here", error);
		if (!read_member(literal, error))
			return FALSE;
		comma = take(literal, ',');
	}
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		if (!(literal->seen & 1u << i))
			return refuse_at(
				literal, literal->at, NULL, error, "%s is missing", keys[i].key);
	peek(literal);
	if (literal->at < literal->length)
		return refuse(literal, "the header goes on after its }", error);
	return TRUE;
}

static gboolean refuse_prefix(Place place, const char *reason, GError **error)
{
	return fail_at(error, ERROR_INPUT, place, "%s", reason);
}

/* Magic, version, and the length of the literal. */
static gboolean read_prefix(
	Bytes *bytes, Place place, guint64 *prefix, guint64 *length, GError **error)
{
	guint8 head[LONG_PREFIX_BYTES] = {0};
	guint64 there = MIN(bytes_length(bytes), sizeof head);

	if (!bytes_read(bytes, 0, there, head, error))
		return FALSE;
	if (there < MAGIC_BYTES || memcmp(head, MAGIC, MAGIC_BYTES) != 0)
		return refuse_prefix(
			place, "byte 0: this is no array: it does not begin as a .npy does", error);
	if (there < PREFIX_BYTES) {
		place.remedy = CUT_SHORT;
		return refuse_prefix(place, "byte 6: it ends before its header", error);
	}
	if (head[6] < 1 || head[6] > 3 || head[7] != 0)
		return refuse_prefix(
			place, "byte 6: a version of .npy that is not 1.0, 2.0 or 3.0", error);
	*prefix = head[6] == 1 ? PREFIX_BYTES : LONG_PREFIX_BYTES;
	*length = head[8] | (guint64)head[9] << 8;
	if (head[6] > 1)
		*length |= (guint64)head[10] << 16 | (guint64)head[11] << 24;
	if (*length > LITERAL_MOST)
		return refuse_prefix(place,
			"byte 8: its header is longer than 64 KiB, and so no array of numbers",
			error);
	place.remedy = CUT_SHORT;
	if (!span_within(*prefix, *length, bytes_length(bytes)))
		return refuse_prefix(place, "byte 8: its header should end beyond its end", error);
	return TRUE;
}

gboolean numpy_header_read(Bytes *bytes, Place place, NumpyHeader *header, GError **error)
{
	guint64 prefix = 0, length = 0;

	*header = (NumpyHeader){0};
	if (!read_prefix(bytes, place, &prefix, &length, error))
		return FALSE;
	g_autofree char *text = g_malloc0(length + 1);
	if (!bytes_read(bytes, prefix, length, text, error))
		return FALSE;
	header->length = prefix + length;
	Literal literal = {
		.text = text, .length = length, .origin = prefix, .place = place, .header = header};
	return read_literal(&literal, error);
}
