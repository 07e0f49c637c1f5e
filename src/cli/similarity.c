/* similarity.c - cosines between task vectors, as JSON, CSV or text. */
#include "cli/verb.h"

#include "export/report.h"

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_ALL;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_analysed_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	g_autoptr(Similarity) similarity =
		similarity_new(store->collection, store->gram, options->only, by, NULL, 0, error);
	if (similarity)
		verb_print_comparison(options, store, report_similarity_json(similarity),
			report_similarity_table(similarity), error);
	return 0;
}

const Verb verb_similarity = {
	.name = "similarity",
	.arguments = "STORE",
	.help = "Cosines between task vectors",
	.options = "csv by only",
	.least = 1,
	.most = 1,
	.run = run,
};
