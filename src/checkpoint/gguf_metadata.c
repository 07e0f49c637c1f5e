/* gguf_metadata.c - keys and values: what is short is kept as text, what is long is stepped over.
 *
 * A vocabulary may have a million strings; none of them is kept.  A string longer than a window of
 * the scanner is cut off, and all that is kept together is bounded. */
#include "checkpoint/gguf_metadata.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define KEY_MOST 65535u         /* as the specification says */
#define STRINGS_MOST (1u << 22) /* of an array; no vocabulary comes near */
#define KEPT_MOST (8u << 20)    /* bytes of keys and values */
#define PAIR_BYTES 128          /* what a pair costs beside its text */
#define CUT_OFF "… (cut off: %" PRIu64 " bytes)"

enum { VALUE_U32 = 4, VALUE_BOOL = 7, VALUE_STRING = 8, VALUE_ARRAY = 9 };

/* By the number in the file. */
static const struct {
	const char *name;
	guint width; /* bytes; 0 where it has a length of its own */
	char kind;   /* unsigned, integer, float, other */
} types[] = {{"u8", 1, 'u'}, {"i8", 1, 'i'}, {"u16", 2, 'u'}, {"i16", 2, 'i'}, {"u32", 4, 'u'},
	{"i32", 4, 'i'}, {"f32", 4, 'f'}, {"bools", 1, 'o'}, {"strings", 0, 'o'},
	{"arrays", 0, 'o'}, {"u64", 8, 'u'}, {"i64", 8, 'i'}, {"f64", 8, 'f'}};

typedef struct {
	GgufScanner *scanner;
	Checkpoint *checkpoint;
	GHashTable *seen; /* of keys */
	gsize kept;
	guint64 alignment;
} Metadata;

static gboolean read_key(Metadata *metadata, char **key, GError **error)
{
	GgufScanner *scanner = metadata->scanner;
	guint64 byte = scanner->at, length;

	*key = gguf_string(scanner, "a key", KEY_MOST, &length, error);
	if (*key == NULL)
		return FALSE;
	if (length == 0 || length > KEY_MOST)
		return gguf_refuse(scanner, NULL, byte, error,
			"a key of %" PRIu64 " bytes; it must have 1 to %u", length, KEY_MOST);
	if (!g_utf8_validate_len(*key, length, NULL))
		return gguf_refuse(scanner, NULL, byte, error, "a key is not UTF-8");
	if (!g_hash_table_add(metadata->seen, g_strdup(*key)))
		return gguf_refuse(
			scanner, NULL, byte, error, "there are two keys of the name %.100s", *key);
	return TRUE;
}

static gboolean read_type(GgufScanner *scanner, const char *key, guint64 *type, GError **error)
{
	guint64 byte = scanner->at;
	if (!gguf_number(scanner, 4, "the type of a value", type, error))
		return FALSE;
	if (*type >= G_N_ELEMENTS(types))
		return gguf_refuse(scanner, NULL, byte, error,
			"the value of %.100s has the unknown type %" PRIu64, key, *type);
	return TRUE;
}

static gint64 with_sign(guint64 number, guint width)
{
	guint unused = 64 - 8 * width;
	return (gint64)(number << unused) >> unused;
}

/* As few digits as give the same number again. */
static char *print_float(double value, gboolean is_single)
{
	char text[32] = "";
	for (int digits = 6; digits <= 17; digits++) {
		g_snprintf(text, sizeof text, "%.*g", digits, value);
		double again = g_ascii_strtod(text, NULL);
		if (is_single ? (float)again == (float)value : again == value)
			break;
	}
	return g_strdup(text);
}

static double float_from_bits(guint64 bits, guint width)
{
	guint32 half = (guint32)bits;
	float single;
	double value;
	memcpy(&single, &half, sizeof single);
	memcpy(&value, &bits, sizeof value);
	return width == 4 ? (double)single : value;
}

static char *print_number(guint64 type, guint64 bits)
{
	guint width = types[type].width;
	switch (types[type].kind) {
	case 'u':
		return g_strdup_printf("%" PRIu64, bits);
	case 'i':
		return g_strdup_printf("%" PRIi64, with_sign(bits, width));
	case 'f':
		return print_float(float_from_bits(bits, width), width == 4);
	default:
		return g_strdup(bits ? "true" : "false");
	}
}

/* Counts what is kept of a pair. */
static gboolean charge(Metadata *metadata, const char *key, const char *text, GError **error)
{
	metadata->kept += strlen(key) + strlen(text) + PAIR_BYTES;
	if (metadata->kept > KEPT_MOST)
		return gguf_refuse(metadata->scanner, NULL, metadata->scanner->at, error,
			"the keys and values take more than %u MiB, arrays not counted",
			KEPT_MOST >> 20);
	return TRUE;
}

/* Takes the text. */
static gboolean keep(Metadata *metadata, const char *key, char *text, GError **error)
{
	g_hash_table_replace(metadata->checkpoint->metadata, g_strdup(key), text);
	return charge(metadata, key, text, error);
}

static gboolean read_number(
	Metadata *metadata, const char *key, guint64 type, guint64 *bits, GError **error)
{
	guint64 byte = metadata->scanner->at;
	if (!gguf_number(metadata->scanner, types[type].width, "a value", bits, error))
		return FALSE;
	if (type == VALUE_BOOL && *bits > 1)
		return gguf_refuse(metadata->scanner, NULL, byte, error,
			"the value of %.100s is a bool of %" PRIu64 ", neither 0 nor 1", key,
			*bits);
	return keep(metadata, key, print_number(type, *bits), error);
}

/* A character that the cut went through is dropped. */
static char *cut_off(const char *text, gsize kept, guint64 length)
{
	while (kept > 0 && ((guint8)text[kept] & 0xc0) == 0x80)
		kept--;
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)kept);
	return g_strdup_printf("%s" CUT_OFF, valid, length);
}

static gboolean read_string(Metadata *metadata, const char *key, GError **error)
{
	guint64 length;
	g_autofree char *text =
		gguf_string(metadata->scanner, "a string", GGUF_WINDOW, &length, error);
	if (text == NULL)
		return FALSE;
	char *value = length <= GGUF_WINDOW ? g_utf8_make_valid(text, (gssize)length)
					    : cut_off(text, GGUF_WINDOW - 1, length);
	return keep(metadata, key, value, error);
}

static gboolean skip_strings(Metadata *metadata, guint64 count, GError **error)
{
	GgufScanner *scanner = metadata->scanner;
	if (count > STRINGS_MOST)
		return gguf_refuse(scanner, NULL, scanner->at, error,
			"an array of %" PRIu64 " strings; at most %u are read", count,
			STRINGS_MOST);
	for (guint64 i = 0; i < count; i++) {
		guint64 length;
		if (!gguf_count(scanner, "the length of a string", 1, &length, error) ||
			!gguf_skip(scanner, length, "a string", error))
			return FALSE;
	}
	return TRUE;
}

static guint64 least_bytes(const GgufScanner *scanner, guint64 type)
{
	if (type != VALUE_STRING)
		return types[type].width;
	return scanner->version == 1 ? 4 : 8;
}

static gboolean read_array(Metadata *metadata, const char *key, GError **error)
{
	GgufScanner *scanner = metadata->scanner;
	guint64 byte = scanner->at, type, count;

	if (!read_type(scanner, key, &type, error))
		return FALSE;
	if (type == VALUE_ARRAY)
		return gguf_refuse(scanner, NULL, byte, error,
			"the value of %.100s is an array of arrays, which no program reads", key);
	guint64 least = least_bytes(scanner, type);
	if (!gguf_count(scanner, "the length of an array", least, &count, error))
		return FALSE;
	g_autofree char *text = g_strdup_printf("array of %" PRIu64 " %s", count, types[type].name);
	checkpoint_tell(metadata->checkpoint, key, text);
	if (!charge(metadata, key, text, error))
		return FALSE;
	return type == VALUE_STRING ? skip_strings(metadata, count, error)
				    : gguf_skip(scanner, count * least, "an array", error);
}

static gboolean take_alignment(Metadata *metadata, guint64 type, guint64 bits, GError **error)
{
	if (type != VALUE_U32 || bits == 0 || (bits & (bits - 1)) != 0)
		return gguf_refuse(metadata->scanner, NULL, metadata->scanner->at, error,
			"general.alignment, which ends here, is %" PRIu64
			" (%s); it must be a power of two (u32)",
			bits, types[type].name);
	metadata->alignment = bits;
	return TRUE;
}

static gboolean read_pair(Metadata *metadata, GError **error)
{
	g_autofree char *key = NULL;
	guint64 type, bits = 0;

	if (!read_key(metadata, &key, error) || !read_type(metadata->scanner, key, &type, error))
		return FALSE;
	gboolean read = type == VALUE_ARRAY    ? read_array(metadata, key, error)
			: type == VALUE_STRING ? read_string(metadata, key, error)
					       : read_number(metadata, key, type, &bits, error);
	if (!read || strcmp(key, "general.alignment") != 0)
		return read;
	return take_alignment(metadata, type, bits, error);
}

gboolean gguf_read_metadata(GgufScanner *scanner, Checkpoint *checkpoint, guint64 count,
	guint64 *alignment, GError **error)
{
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(text_table_hash, g_str_equal, g_free, NULL);
	Metadata metadata = {scanner, checkpoint, seen, 0, *alignment};

	for (guint64 i = 0; i < count; i++)
		if (!read_pair(&metadata, error))
			return FALSE;
	*alignment = metadata.alignment;
	return TRUE;
}
