/* preview.c - what an edit will be, known before it is written. */
#include "cli/verb.h"

#include "core/error.h"
#include "export/report.h"

/* An edit of what is not known has no preview. */
static gboolean check_members(const Store *store, const Node *edit, GError **error)
{
	g_autoptr(GArray) members = expression_members(edit);
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		if (!((const StoreMember *)store->members->pdata[member])->known)
			return fail_at(error, ERROR_INPUT,
				(Place){.file = store->path,
					.remedy = "run tauscope load on it again"},
				"%s has changed since it was read",
				collection_member(store->collection, member)->name);
	}
	return TRUE;
}

/* That the weights are not those of the source concerns what an export will write. */
static void add_notices(const Store *store, const Node *edit, Preview *preview)
{
	g_autoptr(GArray) members = expression_members(edit);
	guint first = preview->warnings->len;
	store_add_notices(store, members, preview->warnings);
	verb_warn(preview->warnings, first);
}

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_ALL;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_analysed_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	g_autoptr(Node) edit =
		expression_parse(store->collection, verb_argument(options, 1), error);
	if (!edit || !check_members(store, edit, error))
		return 0;
	PreviewRequest request = {.collection = store->collection,
		.gram = store->gram,
		.plan = store->plan,
		.edit = edit,
		.scale = options->scale,
		.pattern = options->only,
		.by = by};
	g_autoptr(Preview) preview = preview_new(&request, error);
	if (!preview)
		return 0;
	add_notices(store, edit, preview);
	Table *table =
		options->csv ? report_preview_records(preview) : report_preview_table(preview);
	verb_print_analysis(options, store, report_preview_json(preview), table, error);
	return 0;
}

const Verb verb_preview = {
	.name = "preview",
	.arguments = "STORE EDIT",
	.help = "What an edit will be, before it is written",
	.options = "csv by only scale",
	.least = 2,
	.most = 2,
	.run = run,
};
