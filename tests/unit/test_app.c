/* test_app.c - the workbench without a terminal: what keys do, that every screen keeps to its place
 * at every size, and that no keys at all can break it. */
#include "workbench.h"

#include "pane.h"

#include <unistd.h>

enum { MONKEY_KEYS = 20000, MARGIN = 3 };

static void load_digits(Session *session)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	static const struct {
		const char *name;
		gboolean run;
	} items[] = {{"mnist", TRUE}, {"fashion", TRUE}, {"optdigits", FALSE}, {"greek", FALSE}};
	request->base = test_source("data/digits/base");
	for (gsize i = 0; i < G_N_ELEMENTS(items); i++) {
		g_autofree char *relative = g_build_filename("data/digits", items[i].name, NULL);
		g_autofree char *path = test_source(relative);
		load_request_add(request, items[i].name, path, items[i].run);
	}
	session_load(session, request, &error);
	g_assert_no_error(error);
	wait_for_jobs(session);
	g_assert_true(session_ready(session));
}

static Bench bench_new(gboolean digits)
{
	return bench_open(digits ? load_digits : NULL, 30);
}

static void test_screens_by_key(void)
{
	Bench bench = bench_new(FALSE);
	static const char *const names[] = {"[1 Checkpoints]", "[2 Similarity]", "[3 Layers]",
		"[4 Trajectory]", "[5 Compose]", "[6 Jobs]"};
	for (guint i = 0; i < SCREEN_COUNT; i++) {
		press(&bench, (char[2]){(char)('1' + i), 0});
		g_assert_true(shows(&bench, names[i]));
	}
	press(&bench, "]");
	g_assert_true(shows(&bench, names[0]));
	press(&bench, "[");
	g_assert_true(shows(&bench, names[5]));
	bench_free(&bench);
}

static void test_too_small(void)
{
	Bench bench = bench_new(FALSE);
	g_autoptr(Canvas) canvas = canvas_new(79, 24, FALSE);
	app_draw(bench.ui, canvas);
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_nonnull(strstr(text, "tauscope needs 80 × 24, this is 79 × 24"));
	g_autoptr(Canvas) tiny = canvas_new(3, 1, TRUE);
	app_draw(bench.ui, tiny);
	bench_free(&bench);
}

static void test_unbound_key_says_so(void)
{
	Bench bench = bench_new(FALSE);
	press(&bench, "Z");
	g_assert_true(shows(&bench, "Z does nothing here"));
	press(&bench, "6 u");
	g_assert_true(shows(&bench, "undo: nothing to undo"));
	bench_free(&bench);
}

static void test_palette_runs_across_screens(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "1 :");
	g_assert_true(shows(&bench, "Every action"));
	type(&bench, "zoom-in");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "[4 Trajectory]"));
	g_assert_false(shows(&bench, "Every action"));
	press(&bench, "? <Esc>");
	g_assert_cmpuint(bench.ui->overlays->len, ==, 0);
	bench_free(&bench);
}

static void test_filter(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "1 / G R e");
	g_assert_cmpstr(ui_filter(bench.ui), ==, "gre");
	g_assert_true(shows(&bench, " /GRe"));
	g_assert_true(ui_filter_matches(bench.ui, "GREEK"));
	g_assert_false(ui_filter_matches(bench.ui, "mnist"));
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "/gre  Esc clears"));
	press(&bench, "2");
	g_assert_cmpstr(ui_filter(bench.ui), ==, "");
	press(&bench, "1 <Esc>");
	g_assert_cmpstr(ui_filter(bench.ui), ==, "");
	bench_free(&bench);
}

static void check_file_begins(const char *path, const char *text)
{
	g_autofree char *found = NULL;
	g_autoptr(GError) error = NULL;
	g_file_get_contents(path, &found, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(g_str_has_prefix(found, text));
}

static void test_write_screen_asks_before_replacing(void)
{
	Bench bench = bench_new(FALSE);
	test_write("screen.txt", "old", 3);
	press(&bench, "6 E <C-u>");
	type(&bench, "screen.txt");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "screen.txt exists. Replace it?"));
	press(&bench, "<Enter>");
	check_file_begins("screen.txt", "old");
	press(&bench, "E <C-u>");
	type(&bench, "screen.txt");
	press(&bench, "<Enter> y");
	check_file_begins("screen.txt", " τ    1 Checkpoints");
	bench_free(&bench);
}

static void test_export_table(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "2 e");
	g_assert_true(shows(&bench, "(●) this table as CSV"));
	g_assert_true(
		shows(&bench, "same as: tauscope similarity store.h5 --csv > similarity.csv"));
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "wrote similarity.csv"));
	g_autofree char *csv = NULL;
	g_file_get_contents("similarity.csv", &csv, NULL, NULL);
	g_assert_nonnull(csv);
	g_assert_nonnull(strstr(csv, "optdigits"));
	press(&bench, "e <Down> <Down> <Down> <Enter>");
	check_file_begins("similarity.svg", "<svg ");
	bench_free(&bench);
}

/* The store that is open is the one file that no table may replace, even when told to. */
static void test_export_spares_the_store(void)
{
	Bench bench = bench_new(TRUE);
	g_autofree char *before = NULL, *after = NULL;
	gsize before_length = 0, after_length = 0;
	g_file_get_contents("store.h5", &before, &before_length, NULL);
	press(&bench, "2 e <Tab> <C-u>");
	type(&bench, "store.h5");
	press(&bench, "<Enter> y");
	g_assert_true(shows(&bench, "this is the store that is open"));
	g_file_get_contents("store.h5", &after, &after_length, NULL);
	g_assert_cmpuint(before_length, ==, after_length);
	g_assert_cmpint(memcmp(before, after, before_length), ==, 0);
	bench_free(&bench);
}

static void test_export_model(void)
{
	Bench bench = bench_new(TRUE);
	g_autoptr(Composition) composition = composition_new();
	composition_add(composition, 0.5, "mnist", NULL);
	session_compose(bench.ui->session, composition, "half of mnist", NULL);
	press(&bench, "5 e");
	g_assert_true(shows(&bench, "(●) the edited checkpoint"));
	g_assert_true(shows(&bench, "tauscope export store.h5 '0.5*mnist' edited.safetensors"));
	press(&bench, "<Enter>");
	wait_for_jobs(bench.ui->session);
	g_assert_true(g_file_test("edited.safetensors", G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test("edited.recipe.json", G_FILE_TEST_EXISTS));
	press(&bench, "u");
	g_assert_true(shows(&bench, "undid: half of mnist"));
	press(&bench, "<C-r>");
	g_assert_true(shows(&bench, "redid: half of mnist"));
	bench_free(&bench);
}

static void write_layers(const char *path, double value)
{
	enum { LAYERS = 4000 };
	g_autofree TestTensor *tensors = g_new(TestTensor, LAYERS);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < LAYERS; i++) {
		g_ptr_array_add(names, g_strdup_printf("blocks.%u.w", i));
		tensors[i] = (TestTensor){names->pdata[i], DTYPE_F32, 1, {1}, &value};
	}
	test_write_safetensors(path, tensors, LAYERS);
}

/* What the dialog asks of a screen and of many tensors it asks once, not for each character. */
static void test_export_keys_are_quick(void)
{
	Bench bench = bench_new(FALSE);
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	write_layers("base.safetensors", 1);
	write_layers("t.safetensors", 2);
	request->base = g_strdup("base.safetensors");
	load_request_add(request, "t", "t.safetensors", FALSE);
	session_load(bench.ui->session, request, &error);
	g_assert_no_error(error);
	wait_for_jobs(bench.ui->session);
	press(&bench, "5 a <Enter>");
	g_test_timer_start();
	press(&bench, "e");
	double opening = g_test_timer_elapsed();
	g_test_timer_start();
	type(&bench, "abcdefghijklmnopqrstuvwxyz");
	double typing = g_test_timer_elapsed();
	g_test_message("%.1f ms to open, %.1f ms to type", opening * 1e3, typing * 1e3);
	g_assert_cmpfloat(typing, <, 5 * opening);
	bench_free(&bench);
}

/* A path that is typed at once is the path; a key that edits keeps the one that was proposed. */
static void test_export_to_what_is_typed(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "2 e");
	type(&bench, "mine.csv");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "wrote mine.csv"));
	g_assert_false(g_file_test("similarity.csv", G_FILE_TEST_EXISTS));
	press(&bench, "e <Tab> <Home>");
	type(&bench, "my-");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "wrote my-similarity.csv"));
	bench_free(&bench);
}

static void check_short(const char *name, int columns, const char *expected)
{
	g_autofree char *text = name_shortened(name, columns);
	g_assert_cmpstr(text, ==, expected);
	g_assert_cmpint(canvas_columns(text), <=, columns);
}

static void test_names_keep_what_distinguishes(void)
{
	check_short("blocks.0", 8, "blocks.0");
	check_short("model.layers.11", 12, "…layers.11");
	check_short("model.layers.11", 4, "…11");
	check_short("model.layers.2.post_attention_layernorm.weight", 34,
		"…2.post_attention_layernorm.weight");
	check_short("model.layers.2.post_attention_layernorm.weight", 20, "…2.…layernorm.weight");
	check_short("model.layers.2.input_layernorm.weight", 6, "…eight");
	check_short("model.embed_tokens.weight", 19, "…mbed_tokens.weight");
	check_short("model.embed_tokens.weight", 20, "…embed_tokens.weight");
}

/* What outlives the program: the second workbench reads what the first kept. */
static void test_layers_keep_scale_and_order(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "3 L s S");
	g_assert_true(shows(&bench, "log scale · by value, reversed"));
	g_assert_cmpstr(session_get(bench.ui->session, "layers.log"), ==, "1");
	g_assert_cmpstr(session_get(bench.ui->session, "layers.by-value"), ==, "1");
	layers_view.close(bench.ui->views[SCREEN_LAYERS]);
	bench.ui->views[SCREEN_LAYERS] = layers_view.open(bench.ui);
	press(&bench, "2 3");
	g_assert_true(shows(&bench, "log scale · by value, reversed"));
	bench_free(&bench);
}

static void test_quit_asks_while_a_job_runs(void)
{
	Bench bench = bench_new(TRUE);
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	g_autofree char *path = test_source("data/digits/cyrillic");
	load_request_add(request, "cyrillic", path, FALSE);
	session_load(bench.ui->session, request, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(session_running(bench.ui->session), ==, 1);
	press(&bench, "q");
	g_assert_false(app_quit(bench.ui));
	g_assert_true(shows(&bench, "1 job is not finished. Cancel and quit?"));
	press(&bench, "q");
	g_assert_false(app_quit(bench.ui));
	press(&bench, "q y");
	g_assert_true(app_quit(bench.ui));
	bench_free(&bench);
}

static void test_jobs_screen(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "6");
	g_assert_true(shows(&bench, "✓ load"));
	g_assert_true(shows(&bench, "in --:--"));
	press(&bench, "x");
	g_assert_true(shows(&bench, "cancel: this job is finished"));
	press(&bench, "D");
	g_assert_true(shows(&bench, "no job yet"));
	bench_free(&bench);
}

static void test_interrupt_twice_quits(void)
{
	Bench bench = bench_new(FALSE);
	press(&bench, "<C-c>");
	g_assert_false(app_quit(bench.ui));
	press(&bench, "<C-c>");
	g_assert_true(app_quit(bench.ui));
	bench_free(&bench);
}

static void test_copy(void)
{
	Bench bench = bench_new(TRUE);
	press(&bench, "2 Y");
	g_autofree char *table = app_take_clipboard(bench.ui);
	g_assert_nonnull(table);
	g_assert_nonnull(strstr(table, "mnist"));
	g_autofree char *again = app_take_clipboard(bench.ui);
	g_assert_null(again);
	g_autofree char *large = g_strnfill(100001, 'x');
	ui_copy(bench.ui, large);
	g_autofree char *none = app_take_clipboard(bench.ui);
	g_assert_null(none);
	g_assert_nonnull(strstr(bench.ui->message, "copied.txt"));
	bench_free(&bench);
}

static void test_user_keys_are_read(void)
{
	g_autofree char *folder = g_build_filename(g_get_user_config_dir(), "tauscope", NULL);
	g_autofree char *path = g_build_filename(folder, "keys", NULL);
	g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
	test_write(path, "bind everywhere Z jobs\nbind nowhere x y\n", 40);
	Bench bench = bench_new(FALSE);
	g_assert_true(shows(&bench, "line 2: no screen is called nowhere"));
	press(&bench, "Z");
	g_assert_true(shows(&bench, "[6 Jobs]"));
	bench_free(&bench);
	g_assert_cmpint(g_unlink(path), ==, 0);
}

/* Whether a view drew beyond the rectangle that it was given. */
static void check_margins(const Canvas *canvas, Rect rect, const char *screen)
{
	for (int y = 0; y < canvas->height; y++) {
		for (int x = 0; x < canvas->width; x++) {
			gboolean inside = x >= rect.x && x < rect.x + rect.width && y >= rect.y &&
					  y < rect.y + rect.height;
			const Cell *cell = &canvas->cells[y * canvas->width + x];
			if (!inside && (cell->character != '#' || cell->role != ROLE_GHOST))
				g_error("%s draws at %d, %d beyond %d x %d", screen, x, y,
					rect.width, rect.height);
		}
	}
}

static void check_view_at(Ui *ui, int width, int height)
{
	g_autoptr(Canvas) canvas = canvas_new(width + 2 * MARGIN, height + 2 * MARGIN, FALSE);
	Rect rect = {MARGIN, MARGIN, width, height};
	canvas_fill(canvas, canvas_rect(canvas), ROLE_GHOST, '#');
	ui_view(ui)->draw(ui_view_state(ui), ui, canvas, rect);
	check_margins(canvas, rect, screen_name(ui->screen));
}

static void check_frame_at(Ui *ui, int width, int height)
{
	g_autoptr(Canvas) canvas = canvas_new(width, height, FALSE);
	app_draw(ui, canvas);
	g_autofree char *text = canvas_to_text(canvas);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *name = g_strdup_printf("[%u %s]", ui->screen + 1, screen_name(ui->screen));
	g_assert_nonnull(strstr(lines[0], name));
	g_assert_nonnull(strstr(lines[0], "6 Jobs"));
	g_assert_true(g_str_has_suffix(lines[height - 1], ": palette  ? help  q quit"));
}

static void sweep(gboolean digits)
{
	Bench bench = bench_new(digits);
	for (guint screen = 0; screen < SCREEN_COUNT; screen++) {
		ui_go(bench.ui, (ScreenId)screen);
		for (int width = 80; width <= 200; width += 3) {
			for (int height = 24; height <= 60; height += 4) {
				check_view_at(bench.ui, width, height - 5);
				check_frame_at(bench.ui, width, height);
			}
		}
	}
	bench_free(&bench);
}

static void test_sweep_empty(void)
{
	sweep(FALSE);
}

static void test_sweep_digits(void)
{
	sweep(TRUE);
}

static void test_ascii_everywhere(void)
{
	Bench bench = bench_new(TRUE);
	static const char *const overlays[] = {":", "?", "i", "e", "E"};
	g_autoptr(Canvas) canvas = canvas_new(120, 40, TRUE);
	for (guint screen = 0; screen < SCREEN_COUNT; screen++) {
		ui_go(bench.ui, (ScreenId)screen);
		for (gsize i = 0; i < G_N_ELEMENTS(overlays); i++) {
			app_key(bench.ui, overlays[i]);
			app_draw(bench.ui, canvas);
			g_autofree char *text = canvas_to_text(canvas);
			g_assert_true(g_str_is_ascii(text));
			app_key(bench.ui, "<Esc>");
		}
	}
	bench_free(&bench);
}

static gboolean add_key(gpointer data, const char *key)
{
	g_ptr_array_add(data, g_strdup(key));
	return TRUE;
}

/* Every key of the table, and some that only a line of text takes. */
static GPtrArray *all_keys(void)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
	for (guint id = 1; id < ACTION_COUNT; id++)
		keys_foreach(action_get((ActionId)id)->keys, add_key, keys);
	keys_foreach("<C-a> <C-e> <C-k> <C-w> <Delete> <M-x> ( ) . @ é 漢 5 9 , y", add_key, keys);
	return keys;
}

/* Without a slash what is typed into prompts stays in the scratch folder. */
static const char *random_key(const Ui *ui, GRand *random, const GPtrArray *keys)
{
	const char *key = keys->pdata[g_rand_int_range(random, 0, (gint32)keys->len)];
	return ui->overlays->len > 0 && g_str_equal(key, "/") ? "<Esc>" : key;
}

/* Comes back to the screen that is tried, since many keys lead away from it. */
static void monkey_key(Bench *bench, ScreenId screen, GRand *random, const GPtrArray *keys, int i)
{
	app_key(bench->ui, random_key(bench->ui, random, keys));
	if (i % 8 == 0) {
		settle();
		app_draw(bench->ui, bench->canvas);
	}
	if (i % 64 == 0 && bench->ui->overlays->len == 0)
		ui_go(bench->ui, screen);
}

static void monkey(gboolean digits)
{
	g_autoptr(GPtrArray) keys = all_keys();
	for (guint screen = 0; screen < SCREEN_COUNT; screen++) {
		Bench bench = bench_new(digits);
		g_autoptr(GRand) random = g_rand_new_with_seed(1 + screen);
		ui_go(bench.ui, (ScreenId)screen);
		for (int i = 0; i < MONKEY_KEYS; i++)
			monkey_key(&bench, (ScreenId)screen, random, keys, i);
		bench_free(&bench);
	}
}

static void test_monkey_empty(void)
{
	monkey(FALSE);
}

static void test_monkey_digits(void)
{
	monkey(TRUE);
}

/* Nothing of the person who runs the tests is read or written. */
static char *private_folders(void)
{
	char *home = test_folder();
	g_setenv("HOME", home, TRUE);
	g_setenv("XDG_STATE_HOME", home, TRUE);
	g_setenv("XDG_CONFIG_HOME", home, TRUE);
	g_unsetenv("COLORFGBG");
	const char *source = g_getenv("TAUSCOPE_SOURCE");
	g_autofree char *top = g_canonicalize_filename(source ? source : ".", NULL);
	g_setenv("TAUSCOPE_SOURCE", top, TRUE);
	return home;
}

int main(int argc, char **argv)
{
	char *home = private_folders();
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/app/screens-by-key", test_screens_by_key);
	g_test_add_func("/app/too-small", test_too_small);
	g_test_add_func("/app/unbound-key", test_unbound_key_says_so);
	g_test_add_func("/app/palette", test_palette_runs_across_screens);
	g_test_add_func("/app/filter", test_filter);
	g_test_add_func("/app/write-screen", test_write_screen_asks_before_replacing);
	g_test_add_func("/app/export-table", test_export_table);
	g_test_add_func("/app/export-spares-the-store", test_export_spares_the_store);
	g_test_add_func("/app/export-model", test_export_model);
	g_test_add_func("/app/export-to-what-is-typed", test_export_to_what_is_typed);
	g_test_add_func("/app/export-keys-are-quick", test_export_keys_are_quick);
	g_test_add_func("/app/names", test_names_keep_what_distinguishes);
	g_test_add_func("/app/layers-keep", test_layers_keep_scale_and_order);
	g_test_add_func("/app/quit-asks", test_quit_asks_while_a_job_runs);
	g_test_add_func("/app/jobs", test_jobs_screen);
	g_test_add_func("/app/interrupt-twice", test_interrupt_twice_quits);
	g_test_add_func("/app/copy", test_copy);
	g_test_add_func("/app/user-keys", test_user_keys_are_read);
	g_test_add_func("/app/ascii", test_ascii_everywhere);
	g_test_add_func("/app/sweep-empty", test_sweep_empty);
	g_test_add_func("/app/sweep-digits", test_sweep_digits);
	g_test_add_func("/app/monkey-empty", test_monkey_empty);
	g_test_add_func("/app/monkey-digits", test_monkey_digits);
	int status = g_test_run();
	test_folder_remove(home);
	return status;
}
