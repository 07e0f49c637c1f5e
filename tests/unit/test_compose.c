/* test_compose.c - the Compose screen by its keys: rows, methods, undo, kept edits, and that no
 * keys break it. */
#include "composing.h"

enum { MONKEY_KEYS = 3000 };

#define DEEP                                                                                       \
	"0.5*ties(0.4*dare(mnist, p=0.5), 0.3*(greek - 0.1*fashion)[attn], "                       \
	"density=0.3)[blocks.0-1]"                                                                 \
	" - ramp(0, 1)*optdigits + slerp(mnist, greek, t=0.25)"

/* What keys make of an edit; the cursor is on its first term. */
static const struct {
	const char *edit, *keys, *after;
} strokes[] = {
	{"0.5*mnist", "l l L", "0.85*mnist"},
	{"0.5*mnist", "~ H", "-0.75*mnist"},
	{"0.5*mnist", "= 7 <Enter> l h", "6.95*mnist"},
	{"0.5*mnist", "= r a m p ( 0 , 1 ) <Enter>", "(ramp(0, 1)*mnist)"},
	{"0.5*mnist", "D l", "0.5*mnist + 0.55*mnist"},
	{"0.5*mnist + greek", "J h", "greek + 0.45*mnist"},
	{"0.5*mnist + greek", "<Space>", "greek"},
	{"0.5*mnist", "t s u m <Enter>", "0.5*sum(mnist)"},
	{"0.5*mnist", "t s u m <Enter> j j <Enter> g r e e k <Enter> l",
		"0.5*sum(mnist, 1.05*greek)"},
	{"0.5*mnist + greek", "k t t i e s <Enter>", "ties(0.5*mnist, greek)"},
	{"0.5*mnist + greek", "j t o r t h o <Enter>", "orthogonal(greek, 0.5*mnist)"},
	{"0.5*mnist", "t s l e r p <Enter> g r e e k <Enter>", "0.5*slerp(mnist, greek, t=0.5)"},
	{"0.5*sum(mnist, 2*greek)", "T", "0.5*mnist + greek"},
	{"0.5*sum(mnist, 2*greek)", "j j T", "0.5*mnist + greek"},
	{"sum(mnist, 2*greek)", "j J l", "sum(2*greek, 1.05*mnist)"},
	{"sum(mnist, 2*greek)", "j d", "sum(2*greek)"},
	{"sum(mnist, 2*greek)", "j m h e a d <Enter>", "sum(mnist[head], 2*greek)"},
	{"ties(mnist, greek)", "j j j j l", "ties(mnist, greek, dialect=mergekit)"},
	{"ties(mnist, greek)", "j j j j <Enter> m e r g <Enter>",
		"ties(mnist, greek, dialect=mergekit)"},
	{"ties(mnist, greek)", "j j j j j l l", "ties(mnist, greek, density=0.3)"},
	{"ties(mnist, greek)", "j j j j j l l d", "ties(mnist, greek)"},
	{"ties(mnist, greek)", "j j j j j = 0 . 7 <Enter>", "ties(mnist, greek, density=0.7)"},
	{"ties(mnist, greek)", "j j j j j = 7 <Enter> <Esc>", "ties(mnist, greek)"},
	{"2*(mnist - greek)", "j j l", "2*(mnist - greek)"},
	{"2*(mnist - greek)", "<Enter> j j l", "2*(mnist - 0.95*greek)"},
	{"mnist", "c <Space> + <Space> g r e <Tab> <Enter>", "mnist + greek"},
	{"mnist", "a g r e e k <Enter> u", "mnist"},
};

/* Another edit, with the cursor on its first term. */
static void compose(Bench *bench, const char *edit)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Composition) next = composition_new();
	composition_set_text(next, session_collection(bench->ui->session), edit, &error);
	test_no_error(error);
	session_compose(bench->ui->session, next, edit, NULL);
	press(bench, "g j");
}

static void test_strokes(void)
{
	Bench bench = bench_new("mnist");
	for (gsize i = 0; i < G_N_ELEMENTS(strokes); i++) {
		compose(&bench, strokes[i].edit);
		g_test_message("%s: %s", strokes[i].edit, strokes[i].keys);
		press(&bench, strokes[i].keys);
		assert_edit(&bench, strokes[i].after);
	}
	bench_free(&bench);
}

/* Keys that are held are one step; each step says what it did. */
static void test_undo(void)
{
	Bench bench = bench_new("ties(mnist, greek)");
	guint steps = session_undo_steps(bench.ui->session);
	press(&bench, "j j j j j l l l");
	g_assert_true(shows(&bench, "density of ties 0.30 → 0.35"));
	g_assert_cmpuint(session_undo_steps(bench.ui->session), ==, steps + 1);
	press(&bench, "h H");
	g_assert_cmpuint(session_undo_steps(bench.ui->session), ==, steps + 1);
	press(&bench, "j j l");
	g_assert_true(shows(&bench, "normalize of ties yes → no"));
	g_assert_cmpuint(session_undo_steps(bench.ui->session), ==, steps + 2);
	press(&bench, "u");
	g_assert_true(shows(&bench, "undid: normalize of ties yes → no"));
	press(&bench, "u");
	assert_edit(&bench, "ties(mnist, greek)");
	bench_free(&bench);
}

static void test_end_of_range(void)
{
	Bench bench = bench_new("0.5*dare(mnist, p=0.95)");
	press(&bench, "j j j j l");
	g_assert_true(shows(&bench, "p of dare stays at 0.95, the end of its range"));
	press(&bench, "k k k k L L L L");
	press(&bench, "L");
	g_assert_true(shows(&bench, "λ dare stays at 1.50, the end of its slider"));
	bench_free(&bench);
}

static void test_kept_edits(void)
{
	Bench bench = bench_new("0.5*mnist");
	press(&bench, "X");
	g_assert_true(shows(&bench, "drop-edit: no edit is kept: W keeps one"));
	press(&bench, "W");
	type(&bench, "current");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "choose another name"));
	press(&bench, "<C-u>");
	type(&bench, "half");
	press(&bench, "<Enter> ~ L O");
	g_assert_true(shows(&bench, "half"));
	g_assert_true(shows(&bench, "0.5*mnist"));
	press(&bench, "<Enter>");
	assert_edit(&bench, "0.5*mnist");
	press(&bench, "u");
	assert_edit(&bench, "-0.25*mnist");
	press(&bench, "W");
	type(&bench, "half");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "An edit is kept as half.  Replace it?"));
	press(&bench, "n = 1 <Enter> O <Enter>");
	assert_edit(&bench, "0.5*mnist");
	press(&bench, "X <Enter> y O");
	g_assert_true(shows(&bench, "open-edit: no edit is kept"));
	bench_free(&bench);
}

/* A recipe says what a method takes that does not say; mergekit's own are read too. */
static void test_recipes(void)
{
	static const char json[] =
		"{\"tauscope_recipe\": 1, \"expression\": \"ties(mnist, greek)\","
		" \"scale\": 0.5, \"dialect\": \"mergekit\", \"dtype\": \"BF16\", \"inputs\": []}";
	static const char yaml[] = "merge_method: task_arithmetic\nbase_model: base\nmodels:\n"
				   "- model: mnist\n  parameters: {weight: 0.25}\n";
	Bench bench = bench_new("0.5*mnist");
	test_write("their.json", json, strlen(json));
	test_write("their.yaml", yaml, strlen(yaml));
	press(&bench, "o");
	type(&bench, "their.json");
	press(&bench, "<Enter>");
	assert_edit(&bench, "ties(mnist, greek, dialect=mergekit)");
	g_assert_true(shows(&bench, "choose again when you export: model of type BF16"));
	g_assert_cmpfloat(session_composition(bench.ui->session)->scale, ==, 0.5);
	press(&bench, "o");
	type(&bench, "their.yaml");
	press(&bench, "<Enter>");
	assert_edit(&bench, "0.25*mnist");
	press(&bench, "u u w <C-u>");
	assert_edit(&bench, "0.5*mnist");
	session_save(bench.ui->session, NULL);
	type(&bench, "store.h5");
	press(&bench, "<Enter> y");
	g_assert_true(shows(&bench, "belongs to the store"));
	bench_free(&bench);
}

/* A kept edit outlives the program. */
static void test_kept_edits_stay(void)
{
	Bench bench = bench_new("0.5*mnist");
	press(&bench, "W");
	type(&bench, "half");
	press(&bench, "<Enter> d");
	g_autoptr(GError) error = NULL;
	session_save(bench.ui->session, &error);
	test_no_error(error);
	app_free(bench.ui);
	Session *session = session_open("store.h5", 1, &error);
	test_no_error(error);
	bench.ui = app_new(session, TRUE);
	session_open_edit(session, "half", &error);
	test_no_error(error);
	assert_edit(&bench, "0.5*mnist");
	g_assert_false(session_open_edit(session, "other", &error));
	test_error(error, ERROR_USAGE, "no edit of the name other");
	bench_free(&bench);
}

/* The column of an error stands below the line, also where the line is scrolled. */
static void test_column(void)
{
	Bench bench = bench_new("mnist");
	press(&bench, "c <C-u>");
	type(&bench, "mnist + bogus");
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "│         ^"));
	g_assert_true(shows(&bench, "column 9: there is no task bogus"));
	press(&bench, "<Left>");
	g_assert_false(shows(&bench, "^"));
	bench_free(&bench);
}

static void test_completion(void)
{
	Bench bench = bench_new("mnist");
	press(&bench, "c <C-u>");
	type(&bench, "0.5*ra");
	press(&bench, "<Tab>");
	g_assert_true(shows(&bench, "ramplus_tl("));
	g_assert_true(shows(&bench, "random_like("));
	type(&bench, "nd");
	press(&bench, "<Tab>");
	g_assert_true(shows(&bench, "0.5*random_like("));
	bench_free(&bench);
}

static void test_folding(void)
{
	Bench bench = bench_new("ties(mnist, greek) + 2*(mnist - greek)");
	g_assert_true(shows(&bench, "▾ ties"));
	g_assert_true(shows(&bench, "density"));
	g_assert_true(shows(&bench, "▸ (mnist - greek)"));
	press(&bench, "<Enter>");
	g_assert_true(shows(&bench, "▸ ties"));
	g_assert_false(shows(&bench, "density"));
	press(&bench, "j <Enter>");
	g_assert_true(shows(&bench, "▾ (mnist - greek)"));
	g_assert_true(shows(&bench, "+ add a summand"));
	bench_free(&bench);
}

/* What a coefficient in a method cannot have. */
static void test_curve(void)
{
	Bench bench = bench_new("0.5*mnist + magmax(greek, sum(fashion)) + sum(optdigits)");
	g_assert_true(shows(&bench, "cos ● mnist"));
	press(&bench, "p");
	g_assert_false(shows(&bench, "cos ●"));
	press(&bench, "p j j");
	g_assert_false(shows(&bench, "cos ●"));
	g_assert_true(shows(&bench, "no curve: the edit is not linear in λ greek in magmax"));
	press(&bench, "j j");
	g_assert_true(shows(&bench, "no curve: the edit is not linear in λ fashion in sum"));
	press(&bench, "G k k");
	g_assert_true(shows(&bench, "cos ● optdigits"));
	press(&bench, "g j <Space>");
	g_assert_true(shows(&bench, "no curve: the term is off"));
	bench_free(&bench);
}

/* The curve at a number is the preview of the edit with that number. */
static void check_curve(const Bench *bench, double number)
{
	const ComposeView *view = ui_view_state(bench->ui);
	g_autoptr(GError) error = NULL;
	g_assert_true(shows(bench, "cos ●"));
	g_autoptr(Composition) there =
		outline_set_number(view->outline, compose_place(view), number, &error);
	test_no_error(error);
	g_autoptr(Preview) preview = session_preview(bench->ui->session, there, GROUP_ALL, &error);
	test_no_error(error);
	double norm = preview->whole->norm.value;
	g_assert_cmpfloat_with_epsilon(compose_curve_norm(view->curve, number), norm, 1e-9 * norm);
	for (guint i = 0; i < preview->count; i++)
		g_assert_cmpfloat_with_epsilon(compose_curve_cosine(view->curve, i, number),
			preview->whole->cosine[i].value, 1e-9);
}

static void test_curve_is_exact(void)
{
	static const char *const rows[] = {"k", "j", "j", "j j"};
	static const double numbers[] = {-0.7, 0.33, 1.4};
	Bench bench = bench_new("0.5*mnist - 0.3*greek[attn] + sum(fashion, 0.2*optdigits)"
				" + 0.1*slerp(mnist, greek, t=0.3)");
	canvas_free(bench.canvas);
	bench.canvas = canvas_new(100, 60, FALSE);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		press(&bench, rows[i]);
		for (gsize at = 0; at < G_N_ELEMENTS(numbers); at++)
			check_curve(&bench, numbers[at]);
	}
	bench_free(&bench);
}

/* A name deep within is seen where there is least room. */
static void test_deep(void)
{
	Bench bench = bench_new("sum(mean(sum(mean(sum(mean(sum(mean(optdigits))))))))");
	g_autoptr(Canvas) canvas = canvas_new(80, 24, FALSE);
	press(&bench, "j j j j j j j j");
	app_draw(bench.ui, canvas);
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_nonnull(strstr(text, " ▾ mean "));
	g_assert_nonnull(strstr(text, " optdigi"));
	bench_free(&bench);
}

static void test_sweep(void)
{
	Bench bench = bench_new(DEEP);
	for (int width = 80; width <= 200; width += 7) {
		for (int height = 24; height <= 60; height += 5) {
			g_autoptr(Canvas) canvas = canvas_new(width, height, width % 2);
			app_draw(bench.ui, canvas);
			g_autofree char *text = canvas_to_text(canvas);
			g_assert_nonnull(strstr(text, "OUTPUT"));
			g_assert_true(canvas->ascii ? g_str_is_ascii(text)
						    : g_utf8_validate(text, -1, NULL));
			g_assert_true(g_str_has_suffix(text, "? help  q quit\n"));
		}
	}
	bench_free(&bench);
}

static gboolean add_key(gpointer data, const char *key)
{
	g_ptr_array_add(data, g_strdup(key));
	return TRUE;
}

/* The keys of this screen and of all lists; none that leads away. */
static GPtrArray *compose_keys(void)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
	for (guint id = 1; id < ACTION_COUNT; id++)
		if (action_get((ActionId)id)->screen == SCREEN_COMPOSE)
			keys_foreach(action_get((ActionId)id)->keys, add_key, keys);
	keys_foreach("<Up> <Up> <Down> <Down> <Left> <Right> <Enter> <Enter> <Space> <Tab> u <C-r> "
		     "s e a <Esc> <Esc> ) ( . 5 <Backspace>",
		add_key, keys);
	return keys;
}

/* A load that ends under an open prompt: what is typed means what there is now. */
static void test_prompt_over_load(void)
{
	Bench bench = bench_new("mnist");
	Session *session = bench.ui->session;
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	g_autofree char *path = test_source("data/digits/cyrillic/model.safetensors");
	press(&bench, "c <C-u>");
	type(&bench, "mnist + 2*cyrillic");
	load_request_add(request, "cyrillic", path, FALSE);
	session_load(session, request, &error);
	test_no_error(error);
	wait_for_jobs(session);
	app_key(bench.ui, "<Enter>");
	g_autofree char *text = composition_text(session_composition(session));
	g_assert_cmpstr(text, ==, "mnist + 2*cyrillic");
	bench_free(&bench);
}

/* Whatever is pressed, the edit keeps a meaning. */
static void test_monkey(void)
{
	Bench bench = bench_new(DEEP);
	const Collection *collection = session_collection(bench.ui->session);
	g_autoptr(GPtrArray) keys = compose_keys();
	g_autoptr(GRand) random = g_rand_new_with_seed(5);
	for (int i = 0; i < MONKEY_KEYS; i++) {
		const char *key = keys->pdata[g_rand_int_range(random, 0, (gint32)keys->len)];
		app_key(bench.ui, key);
		if (i % 16 == 0)
			app_draw(bench.ui, bench.canvas);
		g_autofree char *text = composition_text(session_composition(bench.ui->session));
		g_autoptr(Node) edit = expression_parse(collection, text, NULL);
		g_assert_true(edit || !*text);
	}
	bench_free(&bench);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/compose/strokes", test_strokes);
	g_test_add_func("/compose/undo", test_undo);
	g_test_add_func("/compose/end-of-range", test_end_of_range);
	g_test_add_func("/compose/recipes", test_recipes);
	g_test_add_func("/compose/kept-edits", test_kept_edits);
	g_test_add_func("/compose/kept-edits-stay", test_kept_edits_stay);
	g_test_add_func("/compose/column", test_column);
	g_test_add_func("/compose/completion", test_completion);
	g_test_add_func("/compose/folding", test_folding);
	g_test_add_func("/compose/curve", test_curve);
	g_test_add_func("/compose/curve-is-exact", test_curve_is_exact);
	g_test_add_func("/compose/deep", test_deep);
	g_test_add_func("/compose/sweep", test_sweep);
	g_test_add_func("/compose/prompt-over-load", test_prompt_over_load);
	g_test_add_func("/compose/monkey", test_monkey);
	return g_test_run();
}
