/* verify.c - whether a store holds what it promised, and its sources what it read. */
#include "cli/verb.h"

#include "core/error.h"

static cJSON *problems_json(const Store *store, const GPtrArray *problems)
{
	cJSON *result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "store", store->path);
	cJSON_AddBoolToObject(result, "whole", problems->len == 0);
	cJSON *list = cJSON_AddArrayToObject(result, "problems");
	for (guint i = 0; i < problems->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(problems->pdata[i]));
	return result;
}

static Table *problems_table(const GPtrArray *problems)
{
	Table *table = table_new(NULL);
	table_add_text_column(table, "problem");
	for (guint i = 0; i < problems->len; i++)
		table_add_text(table, problems->pdata[i]);
	return table;
}

/* What the job looks through, and what came of it. */
typedef struct {
	Store *store;
	GPtrArray *problems;
	gboolean whole;
} Verifying;

static gboolean verify_run(Job *job, gpointer data, GError **error)
{
	Verifying *verifying = data;
	g_autoptr(GError) reason = NULL;
	verifying->whole = store_verify(verifying->store, verifying->problems, job, &reason);
	if (!reason)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&reason));
	return FALSE;
}

static int run(const VerbOptions *options, GError **error)
{
	g_autoptr(Store) store = verb_open_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	Verifying verifying = {store, problems, FALSE};
	g_autoptr(Job) job = job_new("verify", verify_run, NULL, &verifying, NULL);
	if (!job_run(job, error))
		return 0;
	cJSON *result = problems_json(store, problems);
	if (verifying.whole && !options->csv)
		verb_print_sentence(options, result, "the store is whole", error);
	else
		verb_print(options, result, problems_table(problems), error);
	return verifying.whole ? 0 : ERROR_ANSWER_NO;
}

const Verb verb_verify = {
	.name = "verify",
	.arguments = "STORE",
	.help = "Whether a store and its sources are whole",
	.options = "csv",
	.least = 1,
	.most = 1,
	.run = run,
};
