/* json.h - JSON from files, checked before it is believed.
 *
 * cJSON accepts duplicate keys, bad numbers and NUL escapes (formats.md fact 9), so a strict check
 * of the text stands in front of it: RFC 8259 grammar, valid UTF-8, no duplicate keys, no \u0000,
 * no lone surrogate, bounded depth. */
#ifndef TAUSCOPE_JSON_H
#define TAUSCOPE_JSON_H

#include <cjson/cJSON.h>
#include <glib.h>

#define JSON_DEPTH_MOST 64

/* Whether text[0..length) is one strict JSON value; *error names the byte and the reason.
 * White space may surround the value; duplicate keys are compared after decoding. */
gboolean json_check(const char *text, gsize length, GError **error);

/* Checks, then parses.  Free with cJSON_Delete; NULL with *error set. */
cJSON *json_parse(const char *text, gsize length, GError **error);

/* Reads and parses a whole file of at most `most` bytes; errors name the file. */
cJSON *json_read_file(const char *path, gsize most, GError **error);

/* A non-negative integer below 2^53, exactly; FALSE for anything else. */
gboolean json_get_uint(const cJSON *item, guint64 *value);

/* Builders: a number, or null where the value is not finite. */
cJSON *json_number(double value);
void json_add_number(cJSON *object, const char *key, double value);
void json_add_uint(cJSON *object, const char *key, guint64 value);
/* An array of n numbers. */
cJSON *json_numbers(const double *values, guint n);

/* The printed form, ending in a newline; a double has all the digits it needs.  g_free it. */
char *json_text(const cJSON *item);
/* The same on one line, without the newline. */
char *json_line(const cJSON *item);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)

#endif
