/* norms.c - where task vectors live: norms by layer, kind or tensor. */
#include "cli/verb.h"

#include "export/report.h"

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_LAYER;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_analysed_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	g_autoptr(Layers) layers =
		layers_new(store->collection, store->gram, options->only, by, NULL, 0, error);
	if (layers)
		verb_print_comparison(options, store, report_layers_json(layers),
			report_layers_table(layers), error);
	return 0;
}

const Verb verb_norms = {
	.name = "norms",
	.arguments = "STORE",
	.help = "Norms of task vectors by layer, kind or tensor",
	.options = "csv by only",
	.least = 1,
	.most = 1,
	.run = run,
};
