/* truth.c - whether cosines and norms are those that checkpoints were made with. */
#include "bench.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* A sample strays by more than so many deviations about once in 500 million. */
#define DEVIATIONS 6.0

typedef struct {
	const cJSON *cosine, *norm;  /* found: the base first */
	const cJSON *expected;       /* of the tasks */
	double base_norm, task_norm; /* expected */
	double sampling, rounding;
} Truth;

static double cell(const cJSON *rows, guint i, guint j)
{
	return cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetArrayItem(rows, (int)i), (int)j));
}

/* By how many of what it may stray a number does. */
static double strays(const Truth *truth, double found, double expected, double scale)
{
	double most = DEVIATIONS * truth->sampling + truth->rounding * fabs(expected) / scale;
	return fabs(found - expected) / scale / most;
}

/* The most that anything strays; NaN where something was not found. */
static double most_astray(const Truth *truth)
{
	guint vectors = (guint)cJSON_GetArraySize(truth->norm);
	double most = 0;
	for (guint i = 0; i < vectors; i++) {
		double norm = cJSON_GetNumberValue(cJSON_GetArrayItem(truth->norm, (int)i));
		double wanted = i ? truth->task_norm : truth->base_norm;
		most = fmax(most, strays(truth, norm, wanted, wanted));
		for (guint j = 0; j < i; j++) {
			double expected = j ? cell(truth->expected, i - 1, j - 1) : 0;
			double one = strays(truth, cell(truth->cosine, i, j), expected, 1);
			most = isnan(one) ? G_MAXDOUBLE : fmax(most, one);
		}
	}
	return vectors < 2 ? NAN : most;
}

gboolean truth_check(const Data *data, const char *found, Row *row, GError **error)
{
	g_autofree char *path = g_build_filename(data->folder, "truth.json", NULL);
	g_autoptr(cJSON) known = json_read_file(path, 1 << 20, error);
	g_autoptr(cJSON) said = known ? json_parse(found, strlen(found), error) : NULL;
	if (!said)
		return FALSE;
	Truth truth = {.cosine = cJSON_GetObjectItemCaseSensitive(said, "cosine"),
		.norm = cJSON_GetObjectItemCaseSensitive(said, "norm"),
		.expected = cJSON_GetObjectItemCaseSensitive(known, "cosine"),
		.base_norm = report_number(known, "base_norm"),
		.task_norm = report_number(known, "task_norm"),
		.sampling = report_number(known, "sampling"),
		.rounding = report_number(known, "rounding")};
	double most = most_astray(&truth);
	row->wrong = !(most <= 1);
	if (row->wrong)
		row_note(row, "cosines or norms stray %.3g times as far as they may", most);
	else
		row_note(row, "cosines and norms as generated: astray %.2f of what is allowed",
			most);
	return TRUE;
}
