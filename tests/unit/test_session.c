/* test_session.c - marks, compositions and their undo, jobs, and what a session remembers. */
#include "session.h"
#include "stores.h"

static Session *open_session(const char *path)
{
	g_autoptr(GError) error = NULL;
	Session *session = session_open(path, 2, &error);
	test_no_error(error);
	return session;
}

static void wait_for_jobs(Session *session)
{
	while (session_running(session) > 0)
		g_main_context_iteration(NULL, TRUE);
}

/* A session over a store that is closed again, so that nothing holds its lock. */
static Session *digits_session(const Scratch *scratch)
{
	store_free(digits_store(scratch, WEIGHTS_COPY));
	return open_session(scratch->store);
}

static void compose(Session *session, const char *text, double scale, const char *merge)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Composition) next = composition_copy(session_composition(session));
	composition_set_text(next, session_collection(session), text, &error);
	test_no_error(error);
	next->scale = scale;
	session_compose(session, next, text, merge);
}

static void assert_composed(const Session *session, const char *text, double scale)
{
	g_autofree char *found = composition_text(session_composition(session));
	g_assert_cmpstr(found, ==, text);
	g_assert_cmpfloat(session_composition(session)->scale, ==, scale);
}

static gboolean export_edit(Session *session, const char *expression, const char *output,
	gboolean replace, GError **error)
{
	EditChoice choice = {.expression = expression, .scale = 1};
	return session_export(session, &choice, output, replace, FALSE, error);
}

static void test_empty(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = open_session(scratch.store);
	g_autoptr(GError) error = NULL;
	g_assert_null(session_collection(session));
	g_assert_false(session_ready(session));
	g_assert_null(session_preview(session, session_composition(session), GROUP_ALL, &error));
	test_error(error, ERROR_USAGE, "no checkpoint is loaded");
	g_clear_error(&error);
	g_assert_null(
		session_recipe(session, &(EditChoice){.expression = "mnist", .scale = 1}, &error));
	test_error(error, ERROR_USAGE, "no checkpoint is loaded");
	g_autoptr(GArray) marked = session_marked(session);
	g_assert_cmpuint(marked->len, ==, 0);
	g_assert_true(session_save(session, NULL));
	g_assert_false(g_file_test(scratch.store, G_FILE_TEST_EXISTS));
}

static void test_marks(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_assert_true(session_is_marked(session, 1) && session_is_marked(session, 2));
	g_assert_false(session_is_marked(session, 0));
	session_mark(session, 1, FALSE);
	g_autoptr(GArray) one = session_marked(session);
	g_assert_cmpuint(one->len, ==, 1);
	g_assert_cmpuint(g_array_index(one, guint, 0), ==, 2);
	session_invert_marks(session);
	g_assert_true(session_is_marked(session, 1));
	g_assert_false(session_is_marked(session, 2));
	session_mark(session, 1, FALSE);
	g_autoptr(GArray) all = session_marked(session);
	g_assert_cmpuint(all->len, ==, 2);
}

static void test_undo(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autofree char *label = NULL, *forth = NULL;
	g_assert_false(session_undo(session, NULL));
	compose(session, "mnist", 1, NULL);
	compose(session, "0.5*mnist", 1, "mnist");
	compose(session, "0.6*mnist", 1, "mnist");
	compose(session, "0.7*mnist", 1, "mnist");
	compose(session, "0.7*mnist", 1, "other");
	g_assert_cmpuint(session_undo_steps(session), ==, 2);
	compose(session, "0.7*mnist", 0.5, "scale");
	g_assert_cmpuint(session_undo_steps(session), ==, 3);
	g_assert_true(session_undo(session, NULL));
	assert_composed(session, "0.7*mnist", 1);
	g_assert_true(session_undo(session, &label));
	g_assert_cmpstr(label, ==, "0.7*mnist");
	assert_composed(session, "mnist", 1);
	g_assert_cmpuint(session_redo_steps(session), ==, 2);
	g_assert_true(session_redo(session, &forth));
	g_assert_cmpstr(forth, ==, "0.7*mnist");
	assert_composed(session, "0.7*mnist", 1);
	compose(session, "greek", 1, "mnist");
	g_assert_cmpuint(session_redo_steps(session), ==, 0);
	g_assert_false(session_redo(session, NULL));
	g_assert_cmpuint(session_undo_steps(session), ==, 3);
	while (session_undo(session, NULL))
		continue;
	assert_composed(session, "", 1);
}

static void test_reference(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	compose(session, "mnist", 1, NULL);
	g_assert_null(session_reference(session));
	session_set_reference(session);
	compose(session, "greek", 2, NULL);
	session_swap_reference(session);
	assert_composed(session, "mnist", 1);
	g_assert_cmpfloat(session_reference(session)->scale, ==, 2);
	g_assert_true(session_undo(session, NULL));
	assert_composed(session, "greek", 2);
}

static void test_remembers(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autoptr(GError) error = NULL;
	compose(session, "0.1*mnist - greek[blocks.0]", 0.3, NULL);
	g_autoptr(Composition) next = composition_copy(session_composition(session));
	g_array_index(next->terms, Term, 0).on = FALSE;
	session_compose(session, next, "off", NULL);
	session_mark(session, 2, FALSE);
	session_set(session, "screen", "compose");
	session_save(session, &error);
	test_no_error(error);
	g_autoptr(Session) again = open_session(scratch.store);
	g_assert_true(composition_equal(session_composition(session), session_composition(again)));
	g_assert_false(session_is_marked(again, 2));
	g_assert_true(session_is_marked(again, 1));
	g_assert_cmpstr(session_get(again, "screen"), ==, "compose");
	g_assert_cmpuint(session_store(again)->edits->len, ==, 1);
	const StoreEdit *edit = session_store(again)->edits->pdata[0];
	g_assert_cmpfloat(edit->scale, ==, 0.3);
}

/* Looking writes nothing; a store that another has written is not overwritten. */
static void test_saves_with_care(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autoptr(GError) error = NULL;
	struct stat before, after;
	g_assert_cmpint(stat(scratch.store, &before), ==, 0);
	g_assert_true(session_save(session, NULL));
	g_assert_cmpint(stat(scratch.store, &after), ==, 0);
	g_assert_cmpuint(before.st_ino, ==, after.st_ino);
	g_autoptr(Session) other = open_session(scratch.store);
	session_set(other, "screen", "layers");
	g_assert_true(session_save(other, NULL));
	session_set(session, "screen", "compose");
	g_assert_false(session_save(session, &error));
	test_error(error, ERROR_IO, "another process wrote the store");
	g_assert_true(session_ready(session));
}

static void test_load(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autofree char *greek = test_source("data/digits/greek");
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_AUTOMATIC, "+run", greek, NULL);
	g_autoptr(GError) error = NULL;
	JobStatus status;
	session_load(session, request, &error);
	test_no_error(error);
	g_assert_false(session_load(session, request, &error));
	test_error(error, ERROR_USAGE, "a load is running");
	g_clear_error(&error);
	g_assert_false(export_edit(session, "mnist", "/tmp/x", FALSE, &error));
	test_error(error, ERROR_USAGE, "a load is running");
	wait_for_jobs(session);
	g_autofree char *message = session_take_message(session);
	g_assert_true(g_str_has_prefix(message, "12 checkpoints"));
	g_assert_null(session_take_message(session));
	g_assert_true(session_ready(session));
	g_assert_cmpint(collection_find(session_collection(session), "run@5"), ==, 3);
	g_assert_cmpuint(session_jobs(session)->len, ==, 1);
	job_status(session_jobs(session)->pdata[0], &status);
	g_assert_cmpstr(status.title, ==, "load run");
	session_clear_jobs(session);
	g_assert_cmpuint(session_jobs(session)->len, ==, 0);
	g_assert_cmpint(session_store(session)->lock, ==, -1);
}

/* A session that ends in the middle of a load leaves the store as it was. */
static void test_freed_while_loading(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autofree char *greek = test_source("data/digits/greek");
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_AUTOMATIC, "+run", greek, NULL);
	g_assert_true(session_load(session, request, NULL));
	g_clear_pointer(&session, session_free);
	g_autoptr(Store) store = reopen(scratch.store);
	g_assert_true(store_is_complete(store));
	g_assert_true(store_lock(store, NULL));
}

static void test_recipe(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autoptr(GError) error = NULL;
	g_autoptr(Recipe) recipe = session_recipe(
		session, &(EditChoice){.expression = "2*greek", .scale = 0.5}, &error);
	test_no_error(error);
	g_assert_cmpuint(recipe->inputs->len, ==, 2);
	const RecipeInput *base = recipe->inputs->pdata[0], *task = recipe->inputs->pdata[1];
	g_assert_cmpstr(base->role, ==, "base");
	g_assert_cmpstr(task->name, ==, "greek");
	g_assert_cmpstr(task->hash, ==, stored(session_store(session), "greek")->hash);
	g_assert_null(
		session_recipe(session, &(EditChoice){.expression = "grek", .scale = 1}, &error));
	test_error(error, ERROR_USAGE, "greek");
}

static void test_export(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	g_autofree char *output = scratch_path(&scratch, "out.safetensors");
	g_autofree char *second = scratch_path(&scratch, "second.safetensors");
	g_autoptr(GError) error = NULL;
	export_edit(session, "mnist", output, FALSE, &error);
	test_no_error(error);
	export_edit(session, "0*mnist", second, FALSE, &error);
	test_no_error(error);
	g_assert_cmpuint(session_running(session), ==, 2);
	wait_for_jobs(session);
	g_autoptr(Checkpoint) written = checkpoint_open(output, &error);
	test_no_error(error);
	const Checkpoint *mnist = collection_member(session_collection(session), 1)->checkpoint;
	for (guint i = 0; i < checkpoint_count(mnist); i++) {
		const Tensor *tensor = checkpoint_tensor(mnist, i);
		g_autofree guint8 *one = g_malloc(tensor->bytes), *other = g_malloc(tensor->bytes);
		checkpoint_read_raw(mnist, i, 0, tensor->elements, one, NULL);
		checkpoint_read_raw(written, i, 0, tensor->elements, other, NULL);
		g_assert_cmpint(memcmp(one, other, tensor->bytes), ==, 0);
	}
	g_assert_true(g_file_test(second, G_FILE_TEST_EXISTS));
	g_assert_false(export_edit(session, "mnist", output, FALSE, &error));
	test_error(error, ERROR_IO, "exists");
}

/* Linked files that changed are never read for an export: not before the store was opened, nor
 * since. */
static void test_export_of_changed(void)
{
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_LINK));
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	g_autofree char *output = scratch_path(&scratch, "out.safetensors");
	flip_byte(mnist, -2000);
	g_autoptr(Session) session = open_session(scratch.store);
	g_autoptr(GError) error = NULL;
	g_assert_false(export_edit(session, "mnist", output, FALSE, &error));
	test_error(error, ERROR_INPUT, "changed since it was loaded");
	g_clear_error(&error);
	compose(session, "mnist", 1, NULL);
	g_assert_null(session_preview(session, session_composition(session), GROUP_ALL, &error));
	test_error(error, ERROR_INPUT, "stale");
	g_clear_error(&error);
	compose(session, "greek", 1, NULL);
	g_autoptr(Preview) preview =
		session_preview(session, session_composition(session), GROUP_ALL, &error);
	test_no_error(error);
	g_assert_cmpstr(preview->edit, ==, "greek");
	export_edit(session, "greek", output, FALSE, &error);
	test_no_error(error);
	wait_for_jobs(session);
	g_assert_true(g_file_test(output, G_FILE_TEST_EXISTS));
	g_autofree char *greek = scratch_path(&scratch, "greek.safetensors");
	flip_byte(greek, -2000);
	g_assert_false(export_edit(session, "greek", output, TRUE, &error));
	test_error(error, ERROR_INPUT, "changed since it was loaded");
}

/* Nor since an export was asked for that had to wait; and no measure is made of them. */
static void test_changed_while_waiting(void)
{
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_LINK));
	g_autoptr(Session) session = open_session(scratch.store);
	g_autofree char *greek = scratch_path(&scratch, "greek.safetensors");
	g_autofree char *first = scratch_path(&scratch, "first.safetensors");
	g_autofree char *second = scratch_path(&scratch, "second.safetensors");
	g_autoptr(GError) error = NULL;
	export_edit(session, "mnist", first, FALSE, &error);
	test_no_error(error);
	export_edit(session, "greek", second, FALSE, &error);
	test_no_error(error);
	session_measure(session, "trim(greek, density=0.5)", &error);
	test_no_error(error);
	flip_byte(greek, -2000);
	wait_for_jobs(session);
	g_assert_true(g_file_test(first, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(second, G_FILE_TEST_EXISTS));
	g_autofree char *message = session_take_message(session);
	g_assert_true(g_str_has_prefix(message, "measuring failed: "));
	g_assert_nonnull(strstr(message, "changed since it was loaded"));
}

static void assert_export_refused(
	Session *session, const char *expression, const char *output, int code, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(export_edit(session, expression, output, TRUE, &error));
	test_error(error, code, text);
}

/* Sources are never replaced: not where their weights were copied, nor where they have changed. */
static void test_export_over_sources(gconstpointer data)
{
	WeightsMode weights = (WeightsMode)GPOINTER_TO_INT(data);
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, weights));
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	g_autofree char *link = scratch_path(&scratch, "link.safetensors");
	flip_byte(mnist, -2000);
	g_assert_cmpint(symlink(scratch.store, link), ==, 0);
	g_autoptr(Session) session = open_session(scratch.store);
	assert_export_refused(session, "greek", mnist, ERROR_IO, "it is one of the inputs");
	assert_export_refused(session, "greek", link, ERROR_IO, "it is one of the inputs");
}

/* Neither the store nor what it links to is written over, by whatever name. */
static void test_check_output(void)
{
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_LINK));
	g_autoptr(Session) session = open_session(scratch.store);
	g_autofree char *link = scratch_path(&scratch, "link");
	g_autofree char *other = scratch_path(&scratch, "other");
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	g_assert_cmpint(symlink(mnist, link), ==, 0);
	const char *const kept[] = {scratch.store, mnist, link};
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(session_check_output(session, kept[i], &error));
		test_error(error, ERROR_IO, "never written to");
	}
	g_assert_true(session_check_output(session, other, NULL));
	test_write(other, "x", 1);
	g_assert_true(session_check_output(session, other, NULL));
}

static void count_changes(gpointer data)
{
	(*(guint *)data)++;
}

static void test_tells(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Session) session = digits_session(&scratch);
	guint changes = 0;
	session_on_change(session, count_changes, &changes);
	compose(session, "mnist", 1, NULL);
	compose(session, "mnist", 1, NULL);
	g_assert_cmpuint(changes, ==, 1);
	session_undo(session, NULL);
	session_mark(session, 1, FALSE);
	g_assert_cmpuint(changes, ==, 3);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/session/empty", test_empty);
	g_test_add_func("/session/marks", test_marks);
	g_test_add_func("/session/undo", test_undo);
	g_test_add_func("/session/reference", test_reference);
	g_test_add_func("/session/remembers", test_remembers);
	g_test_add_func("/session/saves-with-care", test_saves_with_care);
	g_test_add_func("/session/load", test_load);
	g_test_add_func("/session/freed-while-loading", test_freed_while_loading);
	g_test_add_func("/session/recipe", test_recipe);
	g_test_add_func("/session/export", test_export);
	g_test_add_func("/session/export-of-changed", test_export_of_changed);
	g_test_add_func("/session/changed-while-waiting", test_changed_while_waiting);
	g_test_add_data_func("/session/export-over-sources/copied", GINT_TO_POINTER(WEIGHTS_COPY),
		test_export_over_sources);
	g_test_add_data_func("/session/export-over-sources/linked", GINT_TO_POINTER(WEIGHTS_LINK),
		test_export_over_sources);
	g_test_add_func("/session/check-output", test_check_output);
	g_test_add_func("/session/tells", test_tells);
	return g_test_run();
}
