/* pickle_text.c - the opcodes of protocol 0 whose arguments are lines of text.
 *
 * Numbers are in decimal as Python prints them; strings are quoted with Python's escapes. */
#include "checkpoint/pickle_machine.h"

#include <string.h>

#define LIMB_DIGITS_SCALE 1000000000u /* nine decimal digits at a time */
#define DECIMAL_DIGITS_MOST 2466      /* of an integer of PICKLE_HUGE_MOST bytes */
#define FLOAT_CHARACTERS_MOST 1024

static gboolean all_digits(const guint8 *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isdigit((char)text[i]))
			return FALSE;
	return length > 0;
}

/* Little-endian limbs of 32 bits; returns how many. */
static gsize decimal_to_limbs(const guint8 *digits, gsize length, guint32 *limbs)
{
	gsize used = 0;
	for (gsize at = 0; at < length;) {
		guint64 scale = 1, carry = 0;
		for (; at < length && scale < LIMB_DIGITS_SCALE; at++, scale *= 10)
			carry = carry * 10 + (guint64)(digits[at] - '0');
		for (gsize i = 0; i < used; i++) {
			carry += limbs[i] * scale;
			limbs[i] = (guint32)carry;
			carry >>= 32;
		}
		if (carry != 0)
			limbs[used++] = (guint32)carry;
	}
	return used;
}

static void negate(guint32 *limbs, gsize count)
{
	guint64 carry = 1;
	for (gsize i = 0; i < count; i++) {
		carry += (guint32)~limbs[i];
		limbs[i] = (guint32)carry;
		carry >>= 32;
	}
}

static gboolean push_decimal(Machine *machine, const guint8 *digits, gsize length, gboolean minus)
{
	guint32 limbs[DECIMAL_DIGITS_MOST / 9 + 3];
	gsize used = decimal_to_limbs(digits, length, limbs);
	limbs[used++] = 0;
	if (minus)
		negate(limbs, used);
	for (gsize i = 0; i < used; i++)
		limbs[i] = GUINT32_TO_LE(limbs[i]);
	return machine_push_long(machine, (const guint8 *)limbs, used * sizeof *limbs);
}

static gboolean push_integer_text(Machine *machine, const guint8 *text, gsize length)
{
	gboolean minus = length > 0 && text[0] == '-';
	const guint8 *digits = text + minus;
	if (!all_digits(digits, length - (gsize)minus))
		return machine_refuse(machine, "its line is no decimal integer");
	if (length > DECIMAL_DIGITS_MOST)
		return machine_refuse(machine, "an integer of %zu digits; at most %d are read",
			length - (gsize)minus, DECIMAL_DIGITS_MOST);
	return push_decimal(machine, digits, length - (gsize)minus, minus);
}

/* "00" and "01" are how protocol 1 writes the bools. */
gboolean pickle_run_int(Machine *machine, G_GNUC_UNUSED guint argument)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	if (line == NULL)
		return FALSE;
	if (length == 2 && line[0] == '0' && (line[1] == '0' || line[1] == '1'))
		return machine_push(machine, &machine->pickle->constants.booleans[line[1] == '1']);
	return push_integer_text(machine, line, length);
}

gboolean pickle_run_long(Machine *machine, G_GNUC_UNUSED guint argument)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	if (line == NULL)
		return FALSE;
	if (length > 0 && line[length - 1] == 'L')
		length--;
	return push_integer_text(machine, line, length);
}

gboolean pickle_take_index(Machine *machine, guint64 *index)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	if (line == NULL)
		return FALSE;
	if (!all_digits(line, length))
		return machine_refuse(machine, "its line is no index of the memo");
	*index = 0;
	for (gsize i = 0; i < length; i++)
		if (__builtin_mul_overflow(*index, 10, index) ||
			__builtin_add_overflow(*index, line[i] - '0', index))
			return machine_refuse(machine, "an index beyond 64 bits");
	return TRUE;
}

/* What Python's repr gives: digits, point and exponent, or the names of what is not finite. */
static gboolean parse_float(const char *text, double *number)
{
	gboolean name =
		strcmp(text, "nan") == 0 || strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0;
	if (*text == '\0' || (!name && text[strspn(text, "0123456789+-.eE")] != '\0'))
		return FALSE;
	char *end;
	*number = g_ascii_strtod(text, &end);
	return *end == '\0';
}

gboolean pickle_run_float(Machine *machine, G_GNUC_UNUSED guint argument)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	if (line == NULL)
		return FALSE;
	double number;
	g_autofree char *text = g_strndup((const char *)line, MIN(length, FLOAT_CHARACTERS_MOST));
	if (strlen(text) != length || !parse_float(text, &number))
		return machine_refuse(machine, "its line is no decimal number");
	PickleValue *value = machine_new(machine, PICKLE_FLOAT);
	if (value != NULL)
		value->number = number;
	return machine_push(machine, value);
}

/* The number of `digits` digits in a base of 8 or 16; -1 where one is no digit. */
static gint64 parse_code(const guint8 *text, gsize left, guint digits, gint base)
{
	gint64 code = 0;
	if (left < digits)
		return -1;
	for (guint i = 0; i < digits; i++) {
		gint digit = g_ascii_xdigit_value((char)text[i]);
		if (digit < 0 || digit >= base)
			return -1;
		code = code * base + digit;
	}
	return code;
}

static guint octal_digits(const guint8 *text, gsize left)
{
	guint digits = 0;
	while (digits < 3 && digits < left && text[digits] >= '0' && text[digits] <= '7')
		digits++;
	return digits;
}

/* One escape of a quoted string, from its backslash on; returns the bytes it takes, 0 where it is
 * damaged.  What is no escape stays as it is. */
static gsize unescape(const guint8 *escape, gsize left, GString *out)
{
	static const char names[] = "\\'\"abfnrtv", values[] = "\\'\"\a\b\f\n\r\t\v";

	if (left < 2)
		return 0;
	guint octal = octal_digits(escape + 1, left - 1);
	guint digits = octal > 0 ? octal : 2;
	if (octal > 0 || escape[1] == 'x') {
		gsize prefix = octal > 0 ? 1 : 2;
		gint64 code =
			parse_code(escape + prefix, left - prefix, digits, octal > 0 ? 8 : 16);
		if (code >= 0)
			g_string_append_c(out, (char)(code & 0xff));
		return code >= 0 ? prefix + digits : 0;
	}
	const char *name = memchr(names, escape[1], sizeof names - 1);
	if (name != NULL)
		g_string_append_c(out, values[name - names]);
	else
		g_string_append_len(out, (const char *)escape, 2);
	return 2;
}

gboolean pickle_run_string(Machine *machine, G_GNUC_UNUSED guint argument)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	if (line == NULL)
		return FALSE;
	if (length < 2 || (line[0] != '\'' && line[0] != '"') || line[length - 1] != line[0])
		return machine_refuse(machine, "its line is no quoted string");
	g_autoptr(GString) out = g_string_sized_new(length);
	for (gsize at = 1; at < length - 1;) {
		gsize taken = 1;
		if (line[at] != '\\')
			g_string_append_c(out, (char)line[at]);
		else
			taken = unescape(line + at, length - 1 - at, out);
		if (taken == 0)
			return machine_refuse(machine, "a damaged escape in its string");
		at += taken;
	}
	return machine_push_old_string(machine, out->str, out->len);
}

/* \uXXXX or \UXXXXXXXX; any other backslash is a character, and so is what follows it. */
static gsize unescape_unicode(const guint8 *escape, gsize left, GString *out)
{
	guint digits = left < 2 ? 0 : escape[1] == 'u' ? 4 : escape[1] == 'U' ? 8 : 0;
	if (digits == 0) {
		g_string_append_c(out, '\\');
		if (left > 1)
			g_string_append_unichar(out, escape[1]);
		return MIN(left, 2);
	}
	gint64 code = parse_code(escape + 2, left - 2, digits, 16);
	if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	g_string_append_unichar(out, (gunichar)code);
	return 2 + digits;
}

/* Latin-1 with those two escapes. */
gboolean pickle_run_unicode(Machine *machine, G_GNUC_UNUSED guint argument)
{
	gsize length;
	const guint8 *line = machine_take_line(machine, &length);
	if (line == NULL)
		return FALSE;
	g_autoptr(GString) out = g_string_sized_new(length);
	for (gsize at = 0; at < length;) {
		gsize taken = 1;
		if (line[at] != '\\')
			g_string_append_unichar(out, line[at]);
		else
			taken = unescape_unicode(line + at, length - at, out);
		if (taken == 0)
			return machine_refuse(machine,
				"an escape in its text that is damaged or a lone surrogate");
		at += taken;
	}
	return machine_push_characters(machine, PICKLE_TEXT, out->str, out->len);
}
