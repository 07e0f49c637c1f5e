/* preview.c - what an edit will be, known before it is written. */
#include "cli/verb.h"

#include "core/error.h"
#include "preview/closed.h"
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

/* A pass over the weights as a job. */
typedef struct {
	MeasureRequest request;
	Measure *measure;
} Measuring;

static gboolean measure_run(Job *job, gpointer data, GError **error)
{
	Measuring *measuring = data;
	measuring->measure = measure_edit(&measuring->request, job, error);
	return measuring->measure != NULL;
}

/* The tasks whose weights can be read; of those that take part that must be so. */
static gboolean *usable_members(Store *store, const Node *edit, GError **error)
{
	g_autoptr(GArray) members = expression_members(edit);
	g_autofree gboolean *usable = g_new0(gboolean, store->members->len);
	for (guint i = 0; i < store->members->len; i++)
		usable[i] = collection_member(store->collection, i)->role != MEMBER_STEP &&
			    store_member_usable(store, i, NULL);
	if (!store_member_usable(store, 0, error))
		return NULL;
	for (guint i = 0; i < members->len; i++)
		if (!store_member_usable(store, g_array_index(members, guint, i), error))
			return NULL;
	return g_steal_pointer(&usable);
}

static Measure *measure(const VerbOptions *options, Store *store, const Node *edit, GError **error)
{
	g_autofree gboolean *usable = usable_members(store, edit, error);
	if (!usable)
		return NULL;
	Measuring measuring = {{.collection = store->collection,
				       .edit = edit,
				       .wanted = usable,
				       .threads = (guint)options->threads,
				       .budget = verb_budget(options)},
		NULL};
	g_autoptr(Job) job = job_new("measure", measure_run, NULL, &measuring, NULL);
	return job_run(job, error) ? measuring.measure : NULL;
}

/* What is exact from the Gram tables, where these know all of it, is not measured again. */
static gboolean wants_measure(const VerbOptions *options, const Store *store, const Node *edit)
{
	return options->exact && !(closed_is(store->collection, edit, FALSE) &&
					 closed_is_known(store->collection, store->gram, edit));
}

static Preview *preview_edit(
	const VerbOptions *options, Store *store, const Node *edit, GroupBy by, GError **error)
{
	g_autoptr(Measure) measured = NULL;
	g_autoptr(GPtrArray) statistics = store_statistics(store);
	if (wants_measure(options, store, edit) &&
		!(measured = measure(options, store, edit, error)))
		return NULL;
	PreviewRequest request = {.collection = store->collection,
		.gram = store->gram,
		.plan = store->plan,
		.statistics = (Statistics **)statistics->pdata,
		.edit = edit,
		.scale = options->scale,
		.pattern = options->only,
		.by = by,
		.measure = measured};
	return preview_new(&request, error);
}

static Node *parse(const VerbOptions *options, const Store *store, GError **error)
{
	ExpressionDefaults defaults;
	if (!verb_defaults(options, &defaults, error))
		return NULL;
	g_autoptr(Node) edit = expression_parse_with(
		store->collection, verb_argument(options, 1), &defaults, error);
	return edit && check_members(store, edit, error) ? g_steal_pointer(&edit) : NULL;
}

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_ALL;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_analysed_store(verb_argument(options, 0), error);
	g_autoptr(Node) edit = store ? parse(options, store, error) : NULL;
	g_autoptr(Preview) preview = edit ? preview_edit(options, store, edit, by, error) : NULL;
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
	.options = "csv by only scale dialect seed exact",
	.least = 2,
	.most = 2,
	.run = run,
};
