/* gguf_scanner.c - the numbers and strings that the front of a GGUF file is made of. */
#include "checkpoint/gguf_scanner.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

gboolean gguf_refuse(const GgufScanner *scanner, const char *tensor, guint64 byte, GError **error,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT, (Place){.file = scanner->file->path, .tensor = tensor},
		"byte %" PRIu64 "%s: %s", byte, scanner->swapped ? ", big-endian" : "", reason);
}

/* Bytes of the file from the next one on. */
static guint64 left(const GgufScanner *scanner)
{
	return scanner->file->size - scanner->at;
}

static gboolean refuse_end(const GgufScanner *scanner, const char *what, GError **error)
{
	Place place = {.file = scanner->file->path,
		.remedy = "it is cut short: copy or download it again"};
	return fail_at(error, ERROR_INPUT, place,
		"byte %" PRIu64 ": the file ends within %s, at byte %" PRIu64, scanner->at, what,
		scanner->file->size);
}

/* The next bytes, at most a window of them, which have been checked to be there. */
static const guint8 *look(GgufScanner *scanner, gsize length, GError **error)
{
	guint64 past = scanner->at - scanner->begin;
	if (scanner->at >= scanner->begin && span_within(past, length, scanner->held))
		return scanner->window + past;
	gsize held = (gsize)MIN(left(scanner), GGUF_WINDOW);
	scanner->held = 0;
	if (!file_read(scanner->file, scanner->at, held, scanner->window, error))
		return NULL;
	scanner->begin = scanner->at;
	scanner->held = held;
	return scanner->window;
}

gboolean gguf_number(
	GgufScanner *scanner, guint width, const char *what, guint64 *number, GError **error)
{
	if (left(scanner) < width)
		return refuse_end(scanner, what, error);
	const guint8 *bytes = look(scanner, width, error);
	if (bytes == NULL)
		return FALSE;
	*number = 0;
	for (guint i = 0; i < width; i++)
		*number |= (guint64)bytes[scanner->swapped ? width - 1 - i : i] << 8 * i;
	scanner->at += width;
	return TRUE;
}

gboolean gguf_length(GgufScanner *scanner, const char *what, guint64 *length, GError **error)
{
	return gguf_number(scanner, scanner->version == 1 ? 4 : 8, what, length, error);
}

gboolean gguf_count(
	GgufScanner *scanner, const char *what, guint64 least, guint64 *count, GError **error)
{
	guint64 byte = scanner->at;
	if (!gguf_length(scanner, what, count, error))
		return FALSE;
	if (*count > left(scanner) / least)
		return gguf_refuse(scanner, NULL, byte, error,
			"%s is %" PRIu64 ", more than the %" PRIu64
			" bytes that follow can hold: the file is damaged or cut short",
			what, *count, left(scanner));
	return TRUE;
}

gboolean gguf_skip(GgufScanner *scanner, guint64 length, const char *what, GError **error)
{
	if (length > left(scanner))
		return refuse_end(scanner, what, error);
	scanner->at += length;
	return TRUE;
}

char *gguf_string(
	GgufScanner *scanner, const char *what, gsize most, guint64 *length, GError **error)
{
	g_autofree char *name = g_strdup_printf("the length of %s", what);
	if (!gguf_count(scanner, name, 1, length, error))
		return NULL;
	gsize kept = (gsize)MIN(*length, most);
	const guint8 *bytes = look(scanner, kept, error);
	if (bytes == NULL)
		return NULL;
	char *text = g_malloc0(kept + 1);
	memcpy(text, bytes, kept);
	scanner->at += *length;
	return text;
}
