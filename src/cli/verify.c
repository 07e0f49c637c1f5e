/* verify.c - whether a store holds what it promised and its sources what it read, or whether all of
 * a checkpoint can be read. */
#include "cli/verb.h"

#include "checkpoint/integrity.h"
#include "core/error.h"
#include "export/report_json.h"

static cJSON *problems_json(const char *what, const char *path, const GPtrArray *problems)
{
	cJSON *result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, what, path);
	cJSON_AddBoolToObject(result, "whole", problems->len == 0);
	cJSON_AddItemToObject(result, "problems", report_text_array(problems));
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

/* Prints the problems, or one sentence where there are none; the exit status.  Takes the JSON. */
static int print(const VerbOptions *options, cJSON *json, const GPtrArray *problems,
	const char *sentence, GError **error)
{
	if (problems->len == 0 && !options->csv)
		verb_print_sentence(options, json, sentence, error);
	else
		verb_print(options, json, problems_table(problems), error);
	return problems->len == 0 ? 0 : ERROR_ANSWER_NO;
}

/* What the job looks through, and what came of it. */
typedef struct {
	Store *store;
	const Checkpoint *checkpoint;
	GPtrArray *problems;
	IntegrityCounts counts;
} Verifying;

static gboolean verify_store_run(Job *job, gpointer data, GError **error)
{
	Verifying *verifying = data;
	g_autoptr(GError) reason = NULL;
	store_verify(verifying->store, verifying->problems, job, &reason);
	if (!reason)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&reason));
	return FALSE;
}

static int verify_store(const VerbOptions *options, const char *path, GError **error)
{
	g_autoptr(Store) store = verb_open_store(path, error);
	if (!store)
		return 0;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	Verifying verifying = {.store = store, .problems = problems};
	g_autoptr(Job) job = job_new("verify", verify_store_run, NULL, &verifying, NULL);
	if (!job_run(job, error))
		return 0;
	cJSON *result = problems_json("store", store->path, problems);
	return print(options, result, problems, "the store is whole", error);
}

static gboolean verify_checkpoint_run(Job *job, gpointer data, GError **error)
{
	Verifying *verifying = data;
	return integrity_read_tensors(verifying->checkpoint, verifying->problems,
		       &verifying->counts, job, error) &&
	       integrity_compare_checksums(
		       verifying->checkpoint, verifying->problems, &verifying->counts, job, error);
}

static char *checkpoint_sentence(const Checkpoint *checkpoint, IntegrityCounts counts)
{
	if (counts.checksums)
		return g_strdup_printf("all %u tensors can be read, and the checksums of %u "
				       "entries agree",
			counts.tensors, counts.checksums);
	return g_strdup_printf("all %u tensors can be read; %s has no checksums to compare",
		counts.tensors, checkpoint->format);
}

static int verify_checkpoint(const VerbOptions *options, const char *path, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, error);
	if (!checkpoint)
		return 0;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	Verifying verifying = {.checkpoint = checkpoint, .problems = problems};
	g_autoptr(Job) job = job_new("verify", verify_checkpoint_run, NULL, &verifying, NULL);
	if (!job_run(job, error))
		return 0;
	cJSON *result = problems_json("checkpoint", path, problems);
	json_add_uint(result, "tensors", verifying.counts.tensors);
	json_add_uint(result, "checksums", verifying.counts.checksums);
	g_autofree char *sentence = checkpoint_sentence(checkpoint, verifying.counts);
	return print(options, result, problems, sentence, error);
}

static int run(const VerbOptions *options, GError **error)
{
	const char *path = verb_argument(options, 0);
	return store_is(path) ? verify_store(options, path, error)
			      : verify_checkpoint(options, path, error);
}

const Verb verb_verify = {
	.name = "verify",
	.arguments = "STORE|PATH",
	.help = "Whether a store and its sources, or a checkpoint, are whole",
	.options = "csv",
	.least = 1,
	.most = 1,
	.run = run,
};
