/* test_many.c - the workbench on a long run and many tasks: frames that read nothing and format
 * what is seen, lists whose ends can be reached, long tables as jobs, previews off the main thread.
 */
#include "workbench.h"

#include "checkpoints_view.h"
#include "core/text.h"
#include "tensors.h"

enum { STEPS = 30, TASKS = 45, LAYERS = 20, PARTS = 6, TENSORS = LAYERS * PARTS, ELEMENTS = 8 };

static void write_checkpoint(const char *path, double phase)
{
	g_autofree double *values = test_numbers(ELEMENTS * TENSORS, phase);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	TestTensor tensors[TENSORS];
	for (guint t = 0; t < TENSORS; t++) {
		char *name = g_strdup_printf("blocks.%u.part_%u.weight", t / PARTS, t % PARTS);
		g_ptr_array_add(names, name);
		tensors[t] = (TestTensor){name, DTYPE_F32, 1, {ELEMENTS}, values + t * ELEMENTS};
	}
	test_write_safetensors(path, tensors, TENSORS);
}

static LoadRequest *make_checkpoints(void)
{
	LoadRequest *request = load_request_new();
	request->base = g_strdup("base.safetensors");
	request->weights = WEIGHTS_LINK;
	write_checkpoint(request->base, 0);
	for (guint i = 1; i <= TASKS; i++) {
		g_autofree char *name = g_strdup_printf("task%02u", i);
		g_autofree char *path = g_strconcat(name, ".safetensors", NULL);
		write_checkpoint(path, 0.1 * i);
		load_request_add(request, name, path, FALSE);
	}
	for (guint i = 1; i <= STEPS; i++) {
		g_autofree char *folder = g_strdup_printf("run/checkpoint-%u", 10 * i);
		g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
		g_mkdir_with_parents(folder, 0700);
		write_checkpoint(path, 0.01 * i);
	}
	load_request_add(request, "run", "run", TRUE);
	return request;
}

static void load_many(Session *session)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = make_checkpoints();
	session_load(session, request, &error);
	test_no_error(error);
	wait_for_jobs(session);
}

static Bench bench_new(void)
{
	return bench_open(load_many, 30);
}

static void remove_below(const char *folder)
{
	g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
	for (const char *name; names && (name = g_dir_read_name(names));) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			remove_below(path);
		g_remove(path);
	}
}

static const char KEYS[] =
	"1 j j G <Enter> j t G g <Esc> s S / t a s k <Esc> 2 j l G o m > < v "
	"<Enter> <Enter> <Esc> <Esc> 3 j m t t G <Enter> <Esc> > L 4 l h H + 0 m "
	"j G 5 l h 0 ~ v p 6 ? j <Esc> : x <Esc>";

/* The screens after each key, one behind the other. */
static char *press_all(Bench *bench)
{
	GString *screens = g_string_new(NULL);
	g_auto(GStrv) keys = g_strsplit(KEYS, " ", -1);
	for (guint i = 0; keys[i]; i++) {
		press(bench, keys[i]);
		g_autofree char *screen = canvas_to_text(bench->canvas);
		g_string_append(screens, screen);
	}
	return g_string_free(screens, FALSE);
}

static void reopen(Bench *bench)
{
	g_autoptr(GError) error = NULL;
	app_free(bench->ui);
	Session *session = session_open("store.h5", 1, &error);
	test_no_error(error);
	bench->ui = app_new(session, TRUE);
}

/* All that a frame needs is in memory: with every file gone the screens are the same. */
static void test_frames_read_nothing(void)
{
	Bench bench = bench_new();
	reopen(&bench);
	g_autofree char *first = press_all(&bench);
	reopen(&bench);
	remove_below(bench.folder);
	g_autofree char *again = press_all(&bench);
	g_assert_true(g_str_equal(first, again));
	bench_free(&bench);
}

/* Lines of tensors hold no text before they are seen. */
static void test_lines_are_formatted_when_seen(void)
{
	Bench bench = bench_new();
	g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) rows = checkpoint_rows(bench.ui, SORT_LOADED, FALSE, none);
	const CheckpointRow *row = rows->pdata[1];
	g_autoptr(GPtrArray) lines = checkpoint_detail(bench.ui, row, NULL, none, TRUE);
	guint tensors = 0;
	for (guint i = 0; i < lines->len; i++) {
		const DetailLine *line = lines->pdata[i];
		if (line->kind != DETAIL_TENSOR)
			continue;
		tensors++;
		g_assert_null(line->text);
		g_assert_null(line->value);
		g_assert_cmpfloat(line->number, >, 0);
	}
	g_assert_cmpuint(tensors, ==, TENSORS);
	bench_free(&bench);
}

/* The last of every list can be reached, and the first again. */
static void test_ends(void)
{
	Bench bench = bench_new();
	press(&bench, "1 G <Enter> G");
	g_assert_true(shows(&bench, "run@290"));
	press(&bench, "g");
	g_assert_true(shows(&bench, "task01"));
	press(&bench, "2 o g G");
	g_assert_true(shows(&bench, "▶ task45"));
	press(&bench, "g");
	g_assert_true(shows(&bench, "▶ run"));
	press(&bench, "3 G");
	g_assert_true(shows(&bench, "blocks.19"));
	press(&bench, "t t G");
	g_assert_true(shows(&bench, "blocks.19.part_5"));
	press(&bench, "4 G");
	g_assert_true(shows(&bench, "step 300"));
	press(&bench, "g");
	g_assert_true(shows(&bench, "step 10"));
	bench_free(&bench);
}

static char *expected_csv(Ui *ui)
{
	g_autoptr(Table) table = ui_view(ui)->table(ui_view_state(ui), ui);
	g_assert_cmpuint(table_cells(table), >=, LONG_CELLS);
	return table_print(table, TABLE_CSV);
}

static void check_file(const char *path, const char *expected)
{
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, expected);
}

/* What takes long to print is written by a job, the same bytes as a short table would be. */
static void test_long_tables(void)
{
	Bench bench = bench_new();
	press(&bench, "3 t t");
	g_autofree char *expected = expected_csv(bench.ui);
	press(&bench, "Y");
	g_assert_cmpuint(session_running(bench.ui->session), ==, 1);
	g_assert_true(shows(&bench, "too long for the clipboard: being written to"));
	wait_for_jobs(bench.ui->session);
	g_autofree char *copied = ui_copied_path();
	check_file(copied, expected);
	press(&bench, "e");
	g_assert_true(shows(&bench, " cells   free here"));
	press(&bench, "<Enter>");
	g_assert_cmpuint(session_running(bench.ui->session), ==, 1);
	wait_for_jobs(bench.ui->session);
	check_file("layers.csv", expected);
	bench_free(&bench);
}

/* Previews that were asked for, in the order in which they came. */
typedef struct {
	GString *came;
	char name;
} Wish;

static void came(gpointer data, Preview *preview, const GError *error)
{
	Wish *wish = data;
	test_no_error(error);
	g_string_append_c(wish->came, wish->name);
	preview_free(preview);
}

static void ask(Session *session, Wish *wish, const char *body)
{
	g_autoptr(Composition) composition = composition_new();
	composition_add(composition, 1, body, NULL);
	session_ask_preview(session, composition, GROUP_LAYER, FALSE, came, wish);
}

static void test_asked_previews(void)
{
	Bench bench = bench_new();
	Session *session = bench.ui->session;
	g_autoptr(GString) order = g_string_new(NULL);
	Wish a = {order, 'a'}, b = {order, 'b'}, c = {order, 'c'};
	ask(session, &a, "ties(task01, task02)");
	ask(session, &b, "ties(task03, task04)");
	ask(session, &c, "ties(task05, task06)");
	session_drop_asked(session, &b);
	g_assert_false(session_asked(session, &b));
	g_assert_true(session_asked(session, &c));
	session_wait_previews(session, 60 * G_USEC_PER_SEC);
	g_assert_cmpstr(order->str, ==, "ac");
	g_assert_false(session_asked(session, &c));
	bench_free(&bench);
}

/* What is ready and not handed over yet is still asked for, and can be dropped. */
static void test_ready_previews(void)
{
	Bench bench = bench_new();
	Session *session = bench.ui->session;
	g_autoptr(GString) order = g_string_new(NULL);
	Wish a = {order, 'a'};
	ask(session, &a, "0.5*task01");
	g_usleep(G_USEC_PER_SEC / 2);
	g_assert_true(session_asked(session, &a));
	session_drop_asked(session, &a);
	g_assert_false(session_asked(session, &a));
	session_wait_previews(session, 60 * G_USEC_PER_SEC);
	g_assert_cmpstr(order->str, ==, "");
	bench_free(&bench);
}

/* Meanwhile the main thread makes its own, to the same numbers. */
static void test_preview_beside(void)
{
	Bench bench = bench_new();
	Session *session = bench.ui->session;
	g_autoptr(GString) order = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Composition) edit = composition_new();
	Wish wish = {order, 'w'};
	composition_add(edit, 0.5, "ties(task07, task08)", NULL);
	g_autoptr(Preview) alone = session_preview(session, edit, GROUP_LAYER, &error);
	test_no_error(error);
	ask(session, &wish, "ties(task01, task02, task03, task04, task05)");
	g_autoptr(Preview) beside = session_preview(session, edit, GROUP_LAYER, &error);
	test_no_error(error);
	g_assert_cmpfloat(beside->whole->norm.value, ==, alone->whole->norm.value);
	g_assert_cmpfloat(beside->whole->moves[1], ==, alone->whole->moves[1]);
	session_drop_asked(session, &wish);
	session_wait_previews(session, 60 * G_USEC_PER_SEC);
	g_assert_cmpstr(order->str, ==, "");
	bench_free(&bench);
}

/* A load replaces what previews are of, so they are dropped. */
static void test_load_drops_previews(void)
{
	Bench bench = bench_new();
	Session *session = bench.ui->session;
	g_autoptr(GString) order = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	Wish wish = {order, 'w'};
	guint version = session_version(session);
	ask(session, &wish, "ties(task01, task02)");
	g_ptr_array_add(request->drop, g_strdup("task01"));
	session_load(session, request, &error);
	test_no_error(error);
	g_assert_false(session_asked(session, &wish));
	wait_for_jobs(session);
	g_assert_cmpuint(session_version(session), ==, version + 1);
	session_wait_previews(session, 60 * G_USEC_PER_SEC);
	g_assert_cmpstr(order->str, ==, "");
	bench_free(&bench);
}

int main(int argc, char **argv)
{
	char *home = test_folder();
	g_setenv("XDG_STATE_HOME", home, TRUE);
	g_setenv("XDG_CONFIG_HOME", home, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/many/frames-read-nothing", test_frames_read_nothing);
	g_test_add_func("/many/lines-are-formatted-when-seen", test_lines_are_formatted_when_seen);
	g_test_add_func("/many/ends", test_ends);
	g_test_add_func("/many/long-tables", test_long_tables);
	g_test_add_func("/many/asked-previews", test_asked_previews);
	g_test_add_func("/many/ready-previews", test_ready_previews);
	g_test_add_func("/many/preview-beside", test_preview_beside);
	g_test_add_func("/many/load-drops-previews", test_load_drops_previews);
	int status = g_test_run();
	test_folder_remove(home);
	return status;
}
