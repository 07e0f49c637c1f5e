/* demo.c - the shipped checkpoints, loaded into a store of their own.
 *
 * They are looked for where TAUSCOPE_DATADIR says, where the program was installed to, and beside
 * the program. */
#include "cli/demo.h"

#include "core/error.h"
#include "core/job.h"
#include "export/report.h"
#include "store/load.h"

#include <errno.h>
#include <stdio.h>

#define DEMO_EDIT "0.5*(mnist + greek)"

typedef struct {
	const char *name;
	gboolean run;
} DemoTask;

static const DemoTask demo_tasks[] = {
	{"mnist", TRUE},
	{"optdigits", FALSE},
	{"mnist-inv", FALSE},
	{"fashion", TRUE},
	{"greek", TRUE},
	{"cyrillic", FALSE},
};

char *state_path(const char *name)
{
	return g_build_filename(g_get_user_state_dir(), "tauscope", name, NULL);
}

/* A path relative to the folder of the program; NULL where that is not known. */
static char *beside_program(const char *relative)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	if (!program)
		return NULL;
	g_autofree char *folder = g_path_get_dirname(program);
	return g_build_filename(folder, relative, NULL);
}

static char *find_data(GError **error)
{
	g_autofree char *shared = beside_program("../share/tauscope");
	g_autofree char *source = beside_program("../data");
	const char *told = g_getenv("TAUSCOPE_DATADIR");
	const char *const places[] = {told ? told : TAUSCOPE_DATADIR, shared, source};
	guint n = told ? 1 : G_N_ELEMENTS(places);
	for (guint i = 0; i < n; i++) {
		if (!places[i])
			continue;
		g_autofree char *digits = g_build_filename(places[i], "digits", NULL);
		if (g_file_test(digits, G_FILE_TEST_IS_DIR))
			return g_steal_pointer(&digits);
	}
	fail_at(error, ERROR_IO,
		(Place){.file = places[0], .remedy = "name its folder in TAUSCOPE_DATADIR"},
		"the checkpoints of the demo are not there");
	return NULL;
}

static LoadRequest *demo_request(const char *digits, guint threads)
{
	LoadRequest *request = load_request_new();
	request->base = g_build_filename(digits, "base", NULL);
	request->threads = threads;
	for (guint i = 0; i < G_N_ELEMENTS(demo_tasks); i++) {
		g_autofree char *path = g_build_filename(digits, demo_tasks[i].name, NULL);
		load_request_add(request, demo_tasks[i].name, path, demo_tasks[i].run);
	}
	return request;
}

static gboolean make_folder_of(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	if (g_mkdir_with_parents(folder, 0700) != 0)
		return fail_at(error, ERROR_IO,
			(Place){.file = folder,
				.remedy = "set XDG_STATE_HOME to a place that can be"},
			"cannot make the folder: %s", g_strerror(errno));
	return TRUE;
}

char *demo_store(guint threads, GError **error)
{
	g_autofree char *path = state_path("demo.h5");
	g_autofree char *digits = find_data(error);
	if (!digits || !make_folder_of(path, error))
		return NULL;
	gboolean exists = g_file_test(path, G_FILE_TEST_EXISTS);
	g_autoptr(Store) store = exists ? store_open(path, error) : store_new(path);
	if (!store)
		return NULL;
	g_autoptr(LoadRequest) request = demo_request(digits, threads);
	g_autofree char *summary = NULL;
	if (!load_all(store, request, &summary, error))
		return NULL;
	return g_steal_pointer(&path);
}

/* Prints a sentence (taken; may be NULL) under a table (taken). */
static void print_section(Table *table, char *sentence)
{
	g_autoptr(Table) owned = table;
	g_autofree char *line = sentence;
	g_autofree char *text = table_print(owned, TABLE_TEXT);
	printf("%s%s%s\n", text, line ? line : "", line ? "\n" : "");
}

static gboolean report_similarity(const Store *store, GError **error)
{
	g_autoptr(Similarity) similarity =
		similarity_new(store->collection, store->gram, NULL, GROUP_ALL, NULL, 0, error);
	if (!similarity)
		return FALSE;
	print_section(report_similarity_table(similarity), similarity_sentence(similarity));
	return TRUE;
}

static gboolean report_norms(const Store *store, GError **error)
{
	g_autoptr(Layers) layers =
		layers_new(store->collection, store->gram, NULL, GROUP_LAYER, NULL, 0, error);
	if (!layers)
		return FALSE;
	print_section(report_layers_table(layers), layers_sentence(layers));
	return TRUE;
}

static gboolean report_trajectory(const Store *store, const char *run, GError **error)
{
	g_autoptr(Trajectory) trajectory =
		trajectory_new(store->collection, store->gram, run, -1, NULL, GROUP_ALL, error);
	if (!trajectory)
		return FALSE;
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_ptr_array_add(list, trajectory);
	print_section(report_trajectories_table(list), trajectory_sentence(trajectory));
	return TRUE;
}

static gboolean report_trajectories(const Store *store, GError **error)
{
	g_autoptr(GPtrArray) runs = collection_runs(store->collection);
	for (guint i = 0; i < runs->len; i++)
		if (!report_trajectory(store, runs->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean report_edit(const Store *store, GError **error)
{
	g_autoptr(Node) edit = expression_parse(store->collection, DEMO_EDIT, error);
	if (!edit)
		return FALSE;
	g_autoptr(GPtrArray) statistics = store_statistics(store);
	PreviewRequest request = {.collection = store->collection,
		.gram = store->gram,
		.plan = store->plan,
		.statistics = (Statistics **)statistics->pdata,
		.edit = edit,
		.scale = 1,
		.by = GROUP_ALL};
	g_autoptr(Preview) preview = preview_new(&request, error);
	if (!preview)
		return FALSE;
	print_section(report_preview_table(preview), NULL);
	return TRUE;
}

gboolean demo_report(const char *path, GError **error)
{
	g_autoptr(Store) store = store_open(path, error);
	if (!store)
		return FALSE;
	print_section(report_check_table(store->collection), NULL);
	if (!report_similarity(store, error) || !report_norms(store, error) ||
		!report_trajectories(store, error) || !report_edit(store, error))
		return FALSE;
	if (fflush(stdout) != 0)
		return fail(error, ERROR_IO, "cannot write the report: %s", g_strerror(errno));
	return TRUE;
}
