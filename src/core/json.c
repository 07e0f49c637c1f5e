/* json.c - cJSON behind the strict check, and builders that write no NaN. */
#include "core/json.h"

#include "core/error.h"
#include "core/file.h"

#include <inttypes.h>
#include <math.h>

cJSON *json_parse(const char *text, gsize length, GError **error)
{
	if (!json_check(text, length, error))
		return NULL;
	cJSON *value = cJSON_ParseWithLengthOpts(text, length, NULL, FALSE);
	if (!value)
		fail(error, ERROR_INPUT, "there is not enough memory for its JSON");
	return value;
}

cJSON *json_read_file(const char *path, gsize most, GError **error)
{
	gsize length;
	g_autofree char *text = file_read_text(path, most, &length, error);
	if (!text)
		return NULL;
	g_autoptr(GError) reason = NULL;
	cJSON *value = json_parse(text, length, &reason);
	if (!value)
		fail_at(error, (ErrorCode)reason->code, (Place){.file = path}, "%s",
			reason->message);
	return value;
}

/* 2^53 itself is refused: 2^53 + 1 would look the same. */
gboolean json_get_uint(const cJSON *item, guint64 *value)
{
	if (!cJSON_IsNumber(item))
		return FALSE;
	double number = item->valuedouble;
	if (!(number >= 0 && number < 0x1p53) || number != floor(number))
		return FALSE;
	*value = (guint64)number;
	return TRUE;
}

cJSON *json_number(double value)
{
	return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

void json_add_number(cJSON *object, const char *key, double value)
{
	cJSON_AddItemToObject(object, key, json_number(value));
}

/* Past 2^53 a double would change the digits, so the digits themselves are kept. */
void json_add_uint(cJSON *object, const char *key, guint64 value)
{
	if (value < G_GUINT64_CONSTANT(1) << 53) {
		cJSON_AddNumberToObject(object, key, (double)value);
		return;
	}
	g_autofree char *digits = g_strdup_printf("%" PRIu64, value);
	cJSON_AddRawToObject(object, key, digits);
}

cJSON *json_numbers(const double *values, guint n)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < n; i++)
		cJSON_AddItemToArray(array, json_number(values[i]));
	return array;
}
