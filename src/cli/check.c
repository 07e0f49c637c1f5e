/* check.c - what of the checkpoints lines up with the base, and what does not. */
#include "cli/verb.h"

#include "core/error.h"
#include "export/report.h"

/* What is skipped lies outside of the comparison; it is shown and does not count. */
static gboolean has_faults(const cJSON *checkpoint)
{
	static const char *const faults[] = {"missing", "extra", "reshaped"};
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
		if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(checkpoint, faults[i])) > 0)
			return TRUE;
	return FALSE;
}

static gboolean lines_up(const cJSON *result)
{
	const cJSON *checkpoint;
	cJSON_ArrayForEach (checkpoint, cJSON_GetObjectItemCaseSensitive(result, "checkpoints"))
		if (has_faults(checkpoint))
			return FALSE;
	return TRUE;
}

static int run(const VerbOptions *options, GError **error)
{
	g_autoptr(Store) store = verb_open_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	cJSON *result = report_check_json(store->collection);
	int status = lines_up(result) ? 0 : ERROR_ANSWER_NO;
	verb_print_analysis(options, store, result, report_check_table(store->collection), error);
	return status;
}

const Verb verb_check = {
	.name = "check",
	.arguments = "STORE",
	.help = "What lines up with the base, and what does not",
	.options = "csv",
	.least = 1,
	.most = 1,
	.run = run,
};
