/* bench_screens.c - how long each key of each screen takes to become a frame, of stores with many
 * members and many tensors: bench_screens FOLDER [SHAPE…]
 *
 * Makes the checkpoints of a shape in the folder, loads them, opens the store and presses every key
 * of the table on every screen.  Prints a line of JSON for each store and each screen. */
#include "frame.h"

#include "core/error.h"
#include "core/rng.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 3
#define OPENS 5
#define REST_MICROSECONDS 400000 /* what is made once the keys rest has begun by then */

typedef struct {
	const char *name;
	guint steps, tasks, tensors, elements;
	const char *tensor; /* a name of layer and part */
	guint parts;        /* of a layer */
} Shape;

#define LONG "a.module.of.a.model.whose.names.are.very.long.as.those.of.wrapped.modules.tend.to.be."
static const Shape shapes[] = {
	{"open", 17, 2, 300, 1024, "model.layers.%u.part_%u.weight", 9},
	{"steps", 100, 1, 300, 1024, "model.layers.%u.part_%u.weight", 9},
	{"many", 100, 32, 500, 1024, "model.layers.%u.part_%u.weight", 9},
	{"tasks", 0, 32, 500, 1024, "model.layers.%u.part_%u.weight", 9},
	{"experts", 0, 2, 60000, 64, "model.layers.%u.mlp.experts.%u.up_proj.weight", 1500},
	{"names", 8, 4, 1000, 512, LONG LONG "layers.%u.part_%u.weight", 9},
};

/* One number of a checkpoint: the base, a way that all go, and a noise of its own. */
static float value_at(guint member, double way, guint64 element)
{
	double base = rng_uniform(1, element) - 0.5, along = rng_uniform(2, element) - 0.5;
	double own = member ? rng_uniform(3 + member, element) - 0.5 : 0;
	return (float)(base + 0.02 * way * along + 0.01 * own);
}

static GString *header_of(const Shape *shape)
{
	GString *text = g_string_new("{");
	for (guint t = 0; t < shape->tensors; t++) {
		g_autofree char *name =
			g_strdup_printf(shape->tensor, t / shape->parts, t % shape->parts);
		guint64 bytes = 4 * (guint64)shape->elements;
		g_string_append_printf(text,
			"%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%u],\"data_offsets\":["
			"%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
			t ? "," : "", name, shape->elements, t * bytes, (t + 1) * bytes);
	}
	return g_string_append_c(text, '}');
}

static gboolean write_checkpoint(
	const Shape *shape, const char *path, guint member, double way, GError **error)
{
	g_autoptr(GString) text = header_of(shape);
	guint64 length = GUINT64_TO_LE(text->len);
	g_string_prepend_len(text, (const char *)&length, 8);
	for (guint64 i = 0; i < (guint64)shape->tensors * shape->elements; i++) {
		float value = value_at(member, way, i);
		g_string_append_len(text, (const char *)&value, sizeof value);
	}
	return g_file_set_contents(path, text->str, (gssize)text->len, error);
}

static gboolean write_step(const Shape *shape, const char *run, guint step, GError **error)
{
	g_autofree char *folder = g_strdup_printf("%s/checkpoint-%u", run, 100 * step);
	g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
	g_mkdir_with_parents(folder, 0700);
	return write_checkpoint(shape, path, step, (double)step / shape->steps, error);
}

/* Makes the checkpoints and a request that loads them; NULL on failure. */
static LoadRequest *make_checkpoints(const Shape *shape, const char *folder, GError **error)
{
	g_autoptr(LoadRequest) request = load_request_new();
	g_autofree char *run = g_build_filename(folder, "run", NULL);
	request->base = g_build_filename(folder, "base.safetensors", NULL);
	request->weights = WEIGHTS_LINK;
	g_mkdir_with_parents(folder, 0700);
	if (!write_checkpoint(shape, request->base, 0, 0, error))
		return NULL;
	for (guint i = 1; i <= shape->tasks; i++) {
		g_autofree char *name = g_strdup_printf("task%u", i);
		g_autofree char *path = g_strdup_printf("%s/%s.safetensors", folder, name);
		if (!write_checkpoint(shape, path, 1000 + i, 1, error))
			return NULL;
		load_request_add(request, name, path, FALSE);
	}
	for (guint i = 1; i <= shape->steps; i++)
		if (!write_step(shape, run, i, error))
			return NULL;
	if (shape->steps)
		load_request_add(request, "run", run, TRUE);
	return g_steal_pointer(&request);
}

static gboolean make_store(const Shape *shape, const char *folder, const char *path, GError **error)
{
	g_autoptr(LoadRequest) request = make_checkpoints(shape, folder, error);
	g_autoptr(Store) store = request ? store_new(path) : NULL;
	return store && load_all(store, request, NULL, error);
}

static double milliseconds(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1000;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(GArray *values)
{
	g_array_sort(values, compare_doubles);
	return g_array_index(values, double, values->len / 2);
}

/* Bytes of the store and its parts. */
static guint64 bytes_of(const char *path)
{
	g_autofree char *parts = g_strndup(path, strlen(path) - 3);
	g_autofree char *folder = g_strconcat(parts, ".d", NULL);
	g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
	GStatBuf at;
	guint64 bytes = g_stat(path, &at) == 0 ? (guint64)at.st_size : 0;
	for (const char *name; files && (name = g_dir_read_name(files));) {
		g_autofree char *file = g_build_filename(folder, name, NULL);
		bytes += g_stat(file, &at) == 0 ? (guint64)at.st_size : 0;
	}
	return bytes;
}

static gboolean report_opening(const Shape *shape, const char *path, GError **error)
{
	g_autoptr(GArray) opens = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint i = 0; i < OPENS; i++) {
		gint64 start = g_get_monotonic_time();
		Session *session = session_open(path, 0, error);
		if (!session)
			return FALSE;
		double open = milliseconds(start);
		Ui *ui = app_new(session, FALSE);
		g_autoptr(Canvas) canvas = canvas_new(100, 30, FALSE);
		app_draw(ui, canvas);
		double frame = milliseconds(start);
		g_array_append_val(opens, open);
		g_array_append_val(frames, frame);
		app_free(ui);
	}
	guint members = 1 + shape->steps + shape->tasks;
	printf("{\"open\": \"%s\", \"members\": %u, \"tensors\": %u, \"open_ms\": %.1f, "
	       "\"first_frame_ms\": %.1f, \"bytes\": %" G_GUINT64_FORMAT
	       ", \"bytes_a_member_and_tensor\": %.0f}\n",
		shape->name, members, shape->tensors, median(opens), median(frames), bytes_of(path),
		(double)bytes_of(path) / members / shape->tensors);
	return TRUE;
}

/* What a screen's keys took. */
typedef struct {
	Ui *ui;
	Canvas *canvas;
	GArray *spent;
	double most, rest; /* of a key, of a frame after the keys had rested */
	char *slowest;     /* the key */
} Timing;

static gboolean press(gpointer data, const char *key)
{
	Timing *timing = data;
	gint64 start = g_get_monotonic_time();
	app_key(timing->ui, key);
	app_draw(timing->ui, timing->canvas);
	double spent = milliseconds(start);
	g_array_append_val(timing->spent, spent);
	if (spent > timing->most) {
		timing->most = spent;
		g_free(timing->slowest);
		timing->slowest = g_strdup(key);
	}
	return TRUE;
}

/* What comes by itself once no key does. */
static void rest(Timing *timing)
{
	gint64 end = g_get_monotonic_time() + REST_MICROSECONDS;
	while (g_get_monotonic_time() < end) {
		gint64 start = g_get_monotonic_time();
		if (g_main_context_iteration(NULL, FALSE)) {
			app_draw(timing->ui, timing->canvas);
			timing->rest = MAX(timing->rest, milliseconds(start));
		}
		g_usleep(1000);
	}
}

/* What ends the bench, or writes to disk. */
static gboolean is_left_out(ActionId id)
{
	return id == ACTION_QUIT || id == ACTION_INTERRUPT || id == ACTION_SUSPEND ||
	       id == ACTION_RELOAD || id == ACTION_WRITE_SCREEN || id == ACTION_CHECKPOINT_DROP ||
	       id == ACTION_COMPOSE_MEASURE || (id >= ACTION_GO_1 && id <= ACTION_NEXT_SCREEN);
}

static void press_all(Timing *timing, ScreenId screen)
{
	for (guint id = 1; id < ACTION_COUNT; id++) {
		const Action *action = action_get((ActionId)id);
		if ((action->screen != screen && action->screen != SCREEN_EVERYWHERE) ||
			is_left_out((ActionId)id))
			continue;
		g_autofree char *first = g_strndup(action->keys, strcspn(action->keys, " "));
		press(timing, first);
		/* What opened over the screen goes; a second level of the screen stays. */
		if (id == ACTION_FILTER)
			keys_foreach("e <Backspace> <Esc>", press, timing);
		else if (timing->ui->overlays->len > 0)
			keys_foreach("t <Down>", press, timing);
		while (timing->ui->overlays->len > 0)
			press(timing, "<Esc>");
		if (screen == SCREEN_COMPOSE && (id == ACTION_RIGHT || id == ACTION_MARK))
			rest(timing);
	}
}

/* A sum of up to 32 tasks, and what lies around it. */
static char *edit_of(const Session *session, const char *method)
{
	g_autoptr(GArray) tasks = collection_tasks(session_collection(session));
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < tasks->len && i < 32; i++) {
		guint task = g_array_index(tasks, guint, i);
		g_autofree char *name =
			expression_name(collection_member(session_collection(session), task)->name);
		g_string_append_printf(
			text, "%s0.%u*%s", i ? *method ? ", " : " + " : "", i + 1, name);
	}
	return *method ? g_strdup_printf("%s(%s%s)", method, text->str,
				 g_str_equal(method, "dare") ? ", p=0.5" : "")
		       : g_strdup(text->str);
}

static gboolean compose(Session *session, const char *method, GError **error)
{
	g_autoptr(Composition) next = composition_new();
	g_autofree char *text = edit_of(session, method);
	if (!composition_set_text(next, session_collection(session), text, error))
		return FALSE;
	session_compose(session, next, text, NULL);
	return TRUE;
}

static void time_screen(
	const Shape *shape, Ui *ui, ScreenId screen, const char *method, int width, int height)
{
	g_autofree char *go = g_strdup_printf("%u", screen + 1);
	g_autoptr(Canvas) canvas = canvas_new(width, height, width < 100);
	g_autoptr(GArray) spent = g_array_new(FALSE, FALSE, sizeof(double));
	Timing timing = {.ui = ui, .canvas = canvas, .spent = spent};
	press(&timing, go);
	for (guint round = 0; round < ROUNDS; round++)
		press_all(&timing, screen);
	printf("{\"screen\": \"%s%s%s\", \"shape\": \"%s\", \"size\": \"%dx%d\", \"keys\": %u, "
	       "\"median_ms\": %.2f, \"most_ms\": %.2f, \"slowest\": \"%s\", \"rest_ms\": %.2f}\n",
		screen_name(screen), *method ? " " : "", method, shape->name, width, height,
		spent->len, median(spent), timing.most, timing.slowest, timing.rest);
	g_free(timing.slowest);
}

static gboolean time_screens(const Shape *shape, Ui *ui, int width, int height, GError **error)
{
	static const char *const around[] = {"", "ties", "dare"};
	for (guint screen = 0; screen < SCREEN_COUNT; screen++)
		if (screen != SCREEN_COMPOSE)
			time_screen(shape, ui, (ScreenId)screen, "", width, height);
	for (guint i = 0; i < G_N_ELEMENTS(around); i++) {
		if (!compose(ui->session, around[i], error))
			return FALSE;
		time_screen(shape, ui, SCREEN_COMPOSE, around[i], width, height);
	}
	return TRUE;
}

static gboolean run(const Shape *shape, const char *folder, GError **error)
{
	static const int sizes[][2] = {{80, 24}, {100, 30}, {250, 70}};
	g_autofree char *own = g_build_filename(folder, shape->name, NULL);
	g_autofree char *path = g_strconcat(own, ".h5", NULL);
	if (!g_file_test(path, G_FILE_TEST_EXISTS) && !make_store(shape, own, path, error))
		return FALSE;
	if (!report_opening(shape, path, error))
		return FALSE;
	Session *session = session_open(path, 0, error);
	if (!session)
		return FALSE;
	Ui *ui = app_new(session, FALSE);
	gboolean ok = TRUE;
	for (guint size = 0; ok && size < G_N_ELEMENTS(sizes); size++)
		ok = time_screens(shape, ui, sizes[size][0], sizes[size][1], error);
	app_free(ui);
	return ok;
}

static gboolean is_asked_for(const Shape *shape, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (g_str_equal(argv[i], shape->name))
			return TRUE;
	return argc == 2;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gboolean ok = argc > 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!ok)
		fprintf(stderr, "usage: bench_screens FOLDER [SHAPE...]\n");
	for (guint i = 0; ok && i < G_N_ELEMENTS(shapes); i++)
		if (is_asked_for(&shapes[i], argc, argv))
			ok = run(&shapes[i], argv[1], &error);
	if (error)
		fprintf(stderr, "%s\n", error->message);
	return ok ? 0 : ERROR_IO;
}
