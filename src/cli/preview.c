/* preview.c - what an edit will be, known before it is written. */
#include "cli/verb.h"

#include "export/report.h"

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_ALL;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_complete_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	g_autoptr(Node) edit =
		expression_parse(store->collection, verb_argument(options, 1), error);
	if (!edit)
		return 0;
	g_autoptr(Preview) preview = preview_new(
		store->collection, store->gram, edit, options->scale, options->only, by, error);
	if (preview)
		verb_print_analysis(options, store, report_preview_json(preview),
			report_preview_table(preview), error);
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
