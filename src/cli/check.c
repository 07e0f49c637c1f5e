/* check.c - what of the checkpoints lines up with the base, and what does not. */
#include "cli/verb.h"

#include "core/error.h"
#include "export/report.h"

/* What is skipped lies outside of the comparison, and what a task vector or an adapter lacks it
 * does not change: both are shown and do not count. */
static gboolean has_faults(const cJSON *checkpoint)
{
	static const char *const faults[] = {"extra", "reshaped", "resized", "missing"};
	gboolean differences =
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(checkpoint, "differences"));
	for (guint i = 0; i < G_N_ELEMENTS(faults) - (differences ? 1 : 0); i++)
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

static const guint64 *nonfinite_of(const Store *store, guint member)
{
	const Statistics *statistics =
		((const StoreMember *)store->members->pdata[member])->statistics;
	return statistics ? statistics->nonfinite : NULL;
}

/* The tensors of a member with elements that are not finite. */
static cJSON *nonfinite_json(const Store *store, guint member)
{
	const guint64 *nonfinite = nonfinite_of(store, member);
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; nonfinite && i < collection_tensors(store->collection); i++) {
		if (!nonfinite[i])
			continue;
		cJSON *tensor = cJSON_CreateObject();
		cJSON_AddStringToObject(
			tensor, "name", collection_tensor(store->collection, i)->name);
		json_add_uint(tensor, "elements", nonfinite[i]);
		cJSON_AddItemToArray(array, tensor);
	}
	return array;
}

static cJSON *check_json(const Store *store)
{
	cJSON *json = report_check_json(store->collection);
	const cJSON *checkpoints = cJSON_GetObjectItemCaseSensitive(json, "checkpoints");
	cJSON_AddItemToObject(json, "base_nonfinite", nonfinite_json(store, 0));
	for (guint i = 1; i < collection_members(store->collection); i++) {
		cJSON *checkpoint = cJSON_GetObjectItemCaseSensitive(
			checkpoints, collection_member(store->collection, i)->name);
		cJSON_AddItemToObject(checkpoint, "nonfinite", nonfinite_json(store, i));
	}
	return json;
}

static void add_nonfinite_line(Table *table, const Store *store, guint member)
{
	const guint64 *nonfinite = nonfinite_of(store, member);
	guint tensors = 0, first = 0;
	for (guint i = 0; nonfinite && i < collection_tensors(store->collection); i++)
		if (nonfinite[i] && tensors++ == 0)
			first = i;
	if (!tensors)
		return;
	g_autofree char *line = g_strdup_printf("%s: %" G_GUINT64_FORMAT
						" element%s of %s not finite%s",
		collection_member(store->collection, member)->name, nonfinite[first],
		nonfinite[first] == 1 ? "" : "s", collection_tensor(store->collection, first)->name,
		tensors > 1 ? ", and others of other tensors" : "");
	table_add_line(table, line);
}

static Table *check_table(const Store *store)
{
	Table *table = report_check_table(store->collection);
	for (guint i = 0; i < collection_members(store->collection); i++)
		add_nonfinite_line(table, store, i);
	return table;
}

static int run(const VerbOptions *options, GError **error)
{
	g_autoptr(Store) store = verb_open_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	cJSON *result = check_json(store);
	int status = lines_up(result) ? 0 : ERROR_ANSWER_NO;
	verb_print_analysis(options, store, result, check_table(store), error);
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
