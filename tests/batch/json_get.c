/* json_get.c - pick a value out of JSON, or compare two, for tests written in shell.
 *
 *     json_get FILE KEY...                          prints a value; text bare, numbers in full
 *     json_get FILE KEY... '#'                      prints how many entries it has
 *     json_get --near X FILE KEY... -- FILE KEY...  whether two values are equal, numbers to X
 *
 * Exit status 1 where there is no such value or they differ. */
#include "core/error.h"
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MOST (64u << 20)

static const cJSON *step_into(const cJSON *value, const char *key)
{
	if (cJSON_IsObject(value))
		return cJSON_GetObjectItemCaseSensitive(value, key);
	return cJSON_IsArray(value) ? cJSON_GetArrayItem(value, atoi(key)) : NULL;
}

/* Follows keys as far as they lead; NULL where there is no such value. */
static const cJSON *follow(const cJSON *value, char **keys, int n)
{
	for (int i = 0; value && i < n; i++)
		value = step_into(value, keys[i]);
	if (!value)
		fprintf(stderr, "json_get: no such value\n");
	return value;
}

static void print_value(const cJSON *value)
{
	if (cJSON_IsString(value)) {
		puts(value->valuestring);
		return;
	}
	if (cJSON_IsNumber(value)) {
		printf("%.17g\n", value->valuedouble);
		return;
	}
	char *text = cJSON_PrintUnformatted(value);
	puts(text);
	free(text);
}

static gboolean near(const cJSON *a, const cJSON *b, double most, const char *where);

static gboolean near_children(const cJSON *a, const cJSON *b, double most)
{
	const cJSON *child;
	guint i = 0;
	cJSON_ArrayForEach (child, a) {
		g_autofree char *where = g_strdup_printf("%u", i);
		const char *key = child->string ? child->string : where;
		if (!near(child, step_into(b, key), most, key))
			return FALSE;
		i++;
	}
	return cJSON_GetArraySize(a) == cJSON_GetArraySize(b);
}

static gboolean near(const cJSON *a, const cJSON *b, double most, const char *where)
{
	gboolean same;
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		same = fabs(a->valuedouble - b->valuedouble) <= most;
	else if (cJSON_IsArray(a) || cJSON_IsObject(a))
		same = b && a->type == b->type && near_children(a, b, most);
	else
		same = b && cJSON_Compare(a, b, TRUE);
	if (!same)
		fprintf(stderr, "json_get: they differ at %s\n", where);
	return same;
}

static cJSON *read_file(const char *path)
{
	g_autoptr(GError) error = NULL;
	cJSON *json = json_read_file(path, FILE_MOST, &error);
	if (!json)
		fprintf(stderr, "json_get: %s\n", error->message);
	return json;
}

static gboolean get(char **words, int n)
{
	gboolean count = n > 1 && g_str_equal(words[n - 1], "#");
	g_autoptr(cJSON) json = read_file(words[0]);
	const cJSON *value = json ? follow(json, words + 1, n - 1 - count) : NULL;
	if (value && count)
		printf("%d\n", cJSON_GetArraySize(value));
	else if (value)
		print_value(value);
	return value != NULL;
}

static gboolean compare(double most, char **words, int n)
{
	int middle = 0;
	while (middle < n && !g_str_equal(words[middle], "--"))
		middle++;
	if (middle == 0 || middle + 1 >= n)
		return FALSE;
	g_autoptr(cJSON) left = read_file(words[0]);
	g_autoptr(cJSON) right = read_file(words[middle + 1]);
	const cJSON *a = left ? follow(left, words + 1, middle - 1) : NULL;
	const cJSON *b = right ? follow(right, words + middle + 2, n - middle - 2) : NULL;
	return a && b && near(a, b, most, "the top");
}

int main(int argc, char **argv)
{
	if (argc > 3 && g_str_equal(argv[1], "--near"))
		return compare(g_ascii_strtod(argv[2], NULL), argv + 3, argc - 3) ? 0 : 1;
	if (argc > 1)
		return get(argv + 1, argc - 1) ? 0 : 1;
	return ERROR_USAGE;
}
