/* script.c - keys from a file, screens to stdout; the terminal's place in tests.
 *
 * The frame is drawn after each key, as on a terminal, since views learn their size by drawing. */
#include "script.h"

#include "core/error.h"
#include "core/file.h"
#include "svg.h"

#include <stdio.h>
#include <string.h>

enum { SIZE_MOST = 1000, WAIT_SECONDS = 60, SCRIPT_MOST = 1 << 20 };

typedef struct {
	Ui *ui;
	Canvas *canvas;
	guint screens; /* written so far */
} Script;

typedef gboolean (*Command)(Script *script, const char *argument, GError **error);

static void settle(Script *script)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
	app_draw(script->ui, script->canvas);
}

static void resize(Script *script, int width, int height, gboolean ascii)
{
	canvas_free(script->canvas);
	script->canvas = canvas_new(width, height, ascii);
	settle(script);
}

static gboolean command_size(Script *script, const char *argument, GError **error)
{
	int width, height, end = 0;
	if (sscanf(argument, "%dx%d%n", &width, &height, &end) < 2 || argument[end] || width < 1 ||
		height < 1 || width > SIZE_MOST || height > SIZE_MOST)
		return fail(error, ERROR_USAGE, "expected a size such as 100x30");
	resize(script, width, height, script->canvas->ascii);
	return TRUE;
}

static gboolean command_ascii(Script *script, const char *argument, GError **error)
{
	gboolean on = g_str_equal(argument, "on");
	if (!on && !g_str_equal(argument, "off"))
		return fail(error, ERROR_USAGE, "expected on or off");
	resize(script, script->canvas->width, script->canvas->height, on);
	return TRUE;
}

static void press(Script *script, const char *key)
{
	app_key(script->ui, key);
	settle(script);
}

/* One key a character. */
static void type_text(Script *script, const char *text)
{
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		char key[7] = {0};
		g_unichar_to_utf8(g_utf8_get_char(at), key);
		press(script, *at == ' ' ? "<Space>" : key);
	}
}

static gboolean press_word(gpointer data, const char *word)
{
	gboolean named = strlen(word) > 2 && word[0] == '<' && g_str_has_suffix(word, ">");
	if (named)
		press(data, word);
	else
		type_text(data, word);
	return TRUE;
}

static gboolean command_keys(Script *script, const char *argument, G_GNUC_UNUSED GError **error)
{
	keys_foreach(argument, press_word, script);
	return TRUE;
}

static gboolean command_type(Script *script, const char *argument, G_GNUC_UNUSED GError **error)
{
	type_text(script, argument);
	return TRUE;
}

static gboolean command_wait(Script *script, G_GNUC_UNUSED const char *argument, GError **error)
{
	gint64 end = g_get_monotonic_time() + WAIT_SECONDS * G_USEC_PER_SEC;
	while (session_running(ui_session(script->ui)) > 0) {
		if (g_get_monotonic_time() > end)
			return fail(
				error, ERROR_IO, "jobs still run after %d seconds", WAIT_SECONDS);
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(1000);
	}
	settle(script);
	return TRUE;
}

static gboolean command_screen(
	Script *script, G_GNUC_UNUSED const char *argument, G_GNUC_UNUSED GError **error)
{
	g_autofree char *text = canvas_to_text(script->canvas);
	printf("--- screen %u (%dx%d)\n%s", ++script->screens, script->canvas->width,
		script->canvas->height, text);
	return TRUE;
}

static gboolean command_roles(Script *script, const char *argument, GError **error)
{
	int first, last, end = 0;
	if (sscanf(argument, "%d-%d%n", &first, &last, &end) < 2 || argument[end] || first < 1 ||
		last < first)
		return fail(error, ERROR_USAGE, "expected rows such as 3-14");
	g_autofree char *roles = canvas_to_roles(script->canvas, first - 1, last - 1);
	printf("--- roles %d-%d\n%s", first, last, roles);
	return TRUE;
}

static gboolean command_svg(Script *script, const char *argument, GError **error)
{
	if (!*argument)
		return fail(error, ERROR_USAGE, "a picture needs the name of a file");
	g_autofree char *svg = svg_from_canvas(script->canvas, app_theme(script->ui));
	return file_write_all(argument, svg, strlen(svg), TRUE, error);
}

static const struct {
	const char *name;
	Command run;
} commands[] = {
	{"size", command_size},
	{"ascii", command_ascii},
	{"keys", command_keys},
	{"type", command_type},
	{"wait", command_wait},
	{"screen", command_screen},
	{"roles", command_roles},
	{"svg", command_svg},
};

static gboolean run_command(Script *script, char *line, GError **error)
{
	char *argument = line + strcspn(line, " \t");
	if (*argument)
		*argument++ = '\0';
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (g_str_equal(commands[i].name, line))
			return commands[i].run(script, argument, error);
	return fail(error, ERROR_USAGE, "no command is called %s", line);
}

/* Whether a line holds nothing but a comment. */
static gboolean is_comment(const char *line)
{
	return !*line || *line == '#';
}

static gboolean run_lines(Script *script, const char *path, char **lines, GError **error)
{
	for (guint i = 0; lines[i]; i++) {
		g_autoptr(GError) reason = NULL;
		char *line = g_strchug(lines[i]);
		if (!is_comment(line) && !run_command(script, line, &reason))
			return fail_at(error, (ErrorCode)error_exit_status(reason),
				(Place){.file = path}, "line %u: %s", i + 1, reason->message);
	}
	return TRUE;
}

static char *read_stdin(GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char buffer[4096];
	gsize length;
	while ((length = fread(buffer, 1, sizeof buffer, stdin)) > 0 && text->len < SCRIPT_MOST)
		g_string_append_len(text, buffer, (gssize)length);
	if (!ferror(stdin))
		return g_strdup(text->str);
	fail(error, ERROR_IO, "the script cannot be read from stdin");
	return NULL;
}

static char *read_script(const char *path, GError **error)
{
	if (g_str_equal(path, "-"))
		return read_stdin(error);
	return file_read_text(path, SCRIPT_MOST, NULL, error);
}

gboolean script_run(Ui *ui, const char *path, GError **error)
{
	g_autofree char *text = read_script(path, error);
	if (!text)
		return FALSE;
	if (!g_utf8_validate(text, -1, NULL))
		return fail_at(error, ERROR_INPUT, (Place){.file = path}, "a script is UTF-8 text");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(Canvas) canvas = canvas_new(100, 30, FALSE);
	Script script = {ui, g_steal_pointer(&canvas), 0};
	app_draw(ui, script.canvas);
	gboolean done = run_lines(&script, path, lines, error);
	canvas_free(script.canvas);
	return done;
}
