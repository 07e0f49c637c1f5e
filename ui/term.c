/* term.c - the terminal: keys in, frames out, and the terminal as it was on every way out.
 *
 * The frame is drawn whole each time; curses finds the difference.  A fatal signal may not call
 * curses, so what undoes its work is kept ready as bytes. */
#include "term.h"

#include "core/error.h"
#include "core/file.h"
#include "theme.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

enum {
	FRAME_MILLISECONDS = 33, /* between two frames */
	LIVE_MILLISECONDS = 50,  /* between two looks at a running job */
	ESCAPE_MILLISECONDS = 25,
	RESTORE_MOST = 512,
	STACK_BYTES = 65536,
	KEY_ESCAPE = 27,
	COLUMNS_MOST = 1000, /* a terminal may say anything of its size */
	ROWS_MOST = 500,
};

typedef struct {
	Ui *ui;
	GMainLoop *loop;
	SCREEN *screen;
	Canvas *canvas;
	guint draw_source, live_source;
	gint64 drawn; /* when the last frame was, in microseconds */
	guint theme;  /* that the pairs were made for */
	guint colours;
	gboolean ascii, synchronized, repaint;
	int status;
} Terminal;

/* What the handler of a fatal signal needs, since it can be given nothing. */
static struct {
	volatile sig_atomic_t active;
	char bytes[RESTORE_MOST];
	gsize length;
	struct termios modes;
	int errors; /* the real stderr; -1: not replaced */
	char note[RESTORE_MOST];
	gsize note_length;
} emergency = {.errors = -1};

static void write_all(int descriptor, const char *bytes, gsize length)
{
	while (length > 0) {
		gssize written = write(descriptor, bytes, length);
		if (written < 0 && errno != EINTR)
			return;
		bytes += MAX(written, 0);
		length -= (gsize)MAX(written, 0);
	}
}

/* Async-signal-safe. */
static void restore_at_once(void)
{
	if (!emergency.active)
		return;
	emergency.active = 0;
	write_all(STDOUT_FILENO, emergency.bytes, emergency.length);
	tcsetattr(STDIN_FILENO, TCSANOW, &emergency.modes);
	if (emergency.errors >= 0)
		dup2(emergency.errors, STDERR_FILENO);
}

static void on_ending_signal(int number)
{
	restore_at_once();
	file_remove_temporaries();
	raise(number);
}

static void on_fault(int number)
{
	gboolean was_active = emergency.active;
	restore_at_once();
	if (was_active)
		write_all(STDERR_FILENO, emergency.note, emergency.note_length);
	on_ending_signal(number);
}

/* Appends a terminfo string without its padding. */
static void append_capability(const char *name)
{
	const char *text = tigetstr(name);
	if (!text || text == (const char *)-1)
		return;
	for (; *text && emergency.length < RESTORE_MOST; text++) {
		const char *end = g_str_has_prefix(text, "$<") ? strchr(text, '>') : NULL;
		if (end)
			text = end;
		else
			emergency.bytes[emergency.length++] = *text;
	}
}

static void prepare_restore(void)
{
	static const char *const names[] = {"sgr0", "cnorm", "rmkx", "rmcup"};
	static const char end_synchronized[] = "\033[?2026l";
	emergency.length = 0;
	if (g_strcmp0(g_getenv("TERM"), "linux") != 0) {
		emergency.length = strlen(end_synchronized);
		memcpy(emergency.bytes, end_synchronized, emergency.length);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		append_capability(names[i]);
	emergency.active = 1;
	atexit(restore_at_once);
}

static void handle_all(const int *numbers, gsize count, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	action.sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
	for (gsize i = 0; i < count; i++)
		sigaction(numbers[i], &action, NULL);
}

/* Those that end the program at once; run_loop has those that end it in order. */
static void handle_fatal_signals(char *stack)
{
	static const int faults[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
	static const int endings[] = {
		SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGXCPU, SIGIO};
	stack_t alternate = {.ss_sp = stack, .ss_size = STACK_BYTES};
	sigaltstack(&alternate, NULL);
	handle_all(faults, G_N_ELEMENTS(faults), on_fault);
	handle_all(endings, G_N_ELEMENTS(endings), on_ending_signal);
}

/* stderr goes to a log while the screen is curses'; what cannot be opened is done without. */
static void redirect_errors(void)
{
	g_autofree char *folder = g_build_filename(g_get_user_state_dir(), "tauscope", NULL);
	g_autofree char *path = g_build_filename(folder, "log", NULL);
	g_mkdir_with_parents(folder, 0700);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return;
	emergency.errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	g_snprintf(emergency.note, sizeof emergency.note,
		"tauscope: ended by a fault of its own; what it said before is in %s\n", path);
	emergency.note_length = strlen(emergency.note);
	dup2(log, STDERR_FILENO);
	close(log);
}

static void restore_errors(void)
{
	if (emergency.errors < 0)
		return;
	dup2(emergency.errors, STDERR_FILENO);
	close(emergency.errors);
	emergency.errors = -1;
}

/* Colours and pairs: pair 1 + role for each role. */

static void make_pairs(Terminal *terminal)
{
	terminal->theme = app_theme(terminal->ui);
	for (guint role = 0; terminal->colours > 0 && role < ROLE_COUNT; role++) {
		Style style = theme_style(terminal->theme, (Role)role);
		init_pair((short)(1 + role), style.foreground, style.background);
	}
}

static guint count_colours(void)
{
	const char *no_color = g_getenv("NO_COLOR");
	if ((no_color && *no_color) || start_color() == ERR || !has_colors())
		return 0;
	if (use_default_colors() == ERR)
		assume_default_colors(-1, -1);
	return COLORS >= 256 ? 256 : COLORS >= 8 ? 8 : 0;
}

static attr_t attributes(Style style)
{
	attr_t result = A_NORMAL;
	if (style.flags & STYLE_BOLD)
		result |= A_BOLD;
	if (style.flags & STYLE_REVERSE)
		result |= A_REVERSE;
	if (style.flags & STYLE_UNDERLINE)
		result |= A_UNDERLINE;
	if (style.flags & STYLE_DIM)
		result |= A_DIM;
	return result;
}

/* A character as wide as the canvas believes, whatever the C library's tables say. */
static wchar_t safe_character(gunichar character, int columns)
{
	wchar_t wide = (wchar_t)character;
	return wcwidth(wide) == columns ? wide : L'?';
}

/* Adds the cell at x to a row of curses' cells; returns how many it became. */
static int convert_cell(const Terminal *terminal, const Cell *cell, gboolean wide, cchar_t *out)
{
	short pair = terminal->colours > 0 ? (short)(1 + cell->role) : 0;
	attr_t flags = attributes(theme_style(terminal->theme, (Role)cell->role));
	wchar_t text[2] = {safe_character(cell->character, wide ? 2 : 1), 0};
	int cells = wide && text[0] == L'?' ? 2 : 1;
	for (int i = 0; i < cells; i++)
		setcchar(&out[i], text, flags, pair, NULL);
	return cells;
}

static void blit_row(const Terminal *terminal, int y, cchar_t *row)
{
	const Canvas *canvas = terminal->canvas;
	const Cell *cells = &canvas->cells[y * canvas->width];
	int n = 0;
	for (int x = 0; x < canvas->width; x++) {
		gboolean wide = x + 1 < canvas->width && cells[x + 1].character == 0;
		if (cells[x].character)
			n += convert_cell(terminal, &cells[x], wide, &row[n]);
	}
	mvadd_wchnstr(y, 0, row, n);
}

/* Without a cursor of its own the terminal's stands on what is selected, for those who listen. */
static void place_cursor(const Terminal *terminal)
{
	const Canvas *canvas = terminal->canvas;
	curs_set(canvas->cursor_x >= 0);
	if (canvas->cursor_x >= 0) {
		move(canvas->cursor_y, canvas->cursor_x);
		return;
	}
	int cells = canvas->width * canvas->height, at = 0;
	while (at < cells && canvas->cells[at].role != ROLE_SELECTED)
		at++;
	if (at < cells)
		move(at / canvas->width, at % canvas->width);
}

static void fit_canvas(Terminal *terminal)
{
	if (terminal->canvas && terminal->canvas->width == COLS &&
		terminal->canvas->height == LINES)
		return;
	canvas_free(terminal->canvas);
	terminal->canvas = canvas_new(COLS, LINES, terminal->ascii);
	terminal->repaint = TRUE;
}

static void show_frame(Terminal *terminal)
{
	g_autofree cchar_t *row = g_new0(cchar_t, (gsize)COLS + 2);
	if (app_theme(terminal->ui) != terminal->theme)
		make_pairs(terminal);
	erase();
	for (int y = 0; y < terminal->canvas->height; y++)
		blit_row(terminal, y, row);
	place_cursor(terminal);
	if (terminal->repaint)
		clearok(curscr, TRUE);
	terminal->repaint = FALSE;
	wnoutrefresh(stdscr);
}

/* OSC 52: terminals that know it take the text, also through ssh. */
static void copy_out(Terminal *terminal)
{
	g_autofree char *text = app_take_clipboard(terminal->ui);
	if (!text)
		return;
	g_autofree char *coded = g_base64_encode((const guchar *)text, strlen(text));
	g_autofree char *sequence = g_strdup_printf("\033]52;c;%s\a", coded);
	write_all(STDOUT_FILENO, sequence, strlen(sequence));
}

static gboolean on_live(gpointer data);

static gboolean draw(gpointer data)
{
	Terminal *terminal = data;
	terminal->draw_source = 0;
	terminal->drawn = g_get_monotonic_time();
	fit_canvas(terminal);
	app_draw(terminal->ui, terminal->canvas);
	show_frame(terminal);
	if (terminal->synchronized)
		write_all(STDOUT_FILENO, "\033[?2026h", 8);
	doupdate();
	if (terminal->synchronized)
		write_all(STDOUT_FILENO, "\033[?2026l", 8);
	copy_out(terminal);
	if (!terminal->live_source && app_is_live(terminal->ui))
		terminal->live_source = g_timeout_add(LIVE_MILLISECONDS, on_live, terminal);
	return G_SOURCE_REMOVE;
}

static void on_dirty(gpointer data)
{
	Terminal *terminal = data;
	if (terminal->draw_source)
		return;
	gint64 since = (g_get_monotonic_time() - terminal->drawn) / 1000;
	guint wait = (guint)CLAMP(FRAME_MILLISECONDS - since, 0, FRAME_MILLISECONDS);
	terminal->draw_source = g_timeout_add(wait, draw, terminal);
}

static gboolean on_live(gpointer data)
{
	Terminal *terminal = data;
	on_dirty(terminal);
	if (app_is_live(terminal->ui))
		return G_SOURCE_CONTINUE;
	terminal->live_source = 0;
	return G_SOURCE_REMOVE;
}

/* Keys. */

static const struct {
	wint_t code;
	const char *name;
} special_keys[] = {
	{KEY_UP, "<Up>"},
	{KEY_DOWN, "<Down>"},
	{KEY_LEFT, "<Left>"},
	{KEY_RIGHT, "<Right>"},
	{KEY_HOME, "<Home>"},
	{KEY_END, "<End>"},
	{KEY_NPAGE, "<PgDn>"},
	{KEY_PPAGE, "<PgUp>"},
	{KEY_BTAB, "<S-Tab>"},
	{KEY_BACKSPACE, "<Backspace>"},
	{KEY_DC, "<Delete>"},
	{KEY_ENTER, "<Enter>"},
};

static const struct {
	wint_t code;
	const char *name;
} control_keys[] = {
	{'\t', "<Tab>"},
	{'\r', "<Enter>"},
	{'\n', "<Enter>"},
	{'\b', "<Backspace>"},
	{127, "<Backspace>"},
	{' ', "<Space>"},
	{KEY_ESCAPE, "<Esc>"},
};

/* A key that is no character; NULL where it has no name here. */
static char *name_special(wint_t code)
{
	for (gsize i = 0; i < G_N_ELEMENTS(special_keys); i++)
		if (special_keys[i].code == code)
			return g_strdup(special_keys[i].name);
	return NULL;
}

static char *name_character(wint_t code)
{
	for (gsize i = 0; i < G_N_ELEMENTS(control_keys); i++)
		if (control_keys[i].code == code)
			return g_strdup(control_keys[i].name);
	if (code >= 1 && code <= 26)
		return g_strdup_printf("<C-%c>", (char)('a' + code - 1));
	if (code < ' ' || !g_unichar_validate((gunichar)code))
		return NULL;
	char text[7] = {0};
	g_unichar_to_utf8((gunichar)code, text);
	return g_strdup(text);
}

/* Esc with a character right behind it is that character with Alt. */
static char *name_escape(void)
{
	wint_t next;
	int kind = get_wch(&next);
	if (kind == ERR)
		return g_strdup("<Esc>");
	g_autofree char *name = kind == KEY_CODE_YES ? name_special(next) : name_character(next);
	if (!name || name[0] == '<')
		return g_strdup("<Esc>");
	return g_strdup_printf("<M-%s>", name);
}

static char *name_key(int kind, wint_t code)
{
	if (kind == KEY_CODE_YES)
		return name_special(code);
	return code == KEY_ESCAPE ? name_escape() : name_character(code);
}

static void suspend(Terminal *terminal)
{
	def_prog_mode();
	endwin();
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	reset_prog_mode();
	terminal->repaint = TRUE;
	on_dirty(terminal);
}

static void after_keys(Terminal *terminal)
{
	if (app_quit(terminal->ui))
		g_main_loop_quit(terminal->loop);
	else if (app_take_suspend(terminal->ui))
		suspend(terminal);
	if (app_take_repaint(terminal->ui)) {
		terminal->repaint = TRUE;
		on_dirty(terminal);
	}
}

static void read_keys(Terminal *terminal)
{
	wint_t code;
	int kind;
	while (!app_quit(terminal->ui) && (kind = get_wch(&code)) != ERR) {
		g_autofree char *key = name_key(kind, code);
		if (key)
			app_key(terminal->ui, key);
	}
	after_keys(terminal);
}

static gboolean on_input(G_GNUC_UNUSED gint descriptor, GIOCondition condition, gpointer data)
{
	Terminal *terminal = data;
	read_keys(terminal);
	if (!(condition & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)))
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(terminal->loop);
	return G_SOURCE_REMOVE;
}

/* Signals. */

static gboolean on_resize(gpointer data)
{
	Terminal *terminal = data;
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(MIN(size.ws_row, ROWS_MOST), MIN(size.ws_col, COLUMNS_MOST));
	on_dirty(terminal);
	return G_SOURCE_CONTINUE;
}

static gboolean end_with(Terminal *terminal, int number)
{
	terminal->status = 128 + number;
	g_main_loop_quit(terminal->loop);
	return G_SOURCE_CONTINUE;
}

static gboolean on_interrupt(gpointer data)
{
	return end_with(data, SIGINT);
}

static gboolean on_terminate(gpointer data)
{
	return end_with(data, SIGTERM);
}

static gboolean on_hangup(gpointer data)
{
	return end_with(data, SIGHUP);
}

/* Start and end. */

/* Curses believes the environment first, then the terminal, and allocates whatever they say. */
static void limit_size(const char *variable, int own, int most)
{
	const char *text = g_getenv(variable);
	gint64 size = text ? g_ascii_strtoll(text, NULL, 10) : own;
	g_autofree char *limit = g_strdup_printf("%d", most);
	if (size > most)
		g_setenv(variable, limit, TRUE);
}

static void limit_sizes(void)
{
	struct winsize size = {0};
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	limit_size("LINES", size.ws_row, ROWS_MOST);
	limit_size("COLUMNS", size.ws_col, COLUMNS_MOST);
}

static gboolean open_screen(Terminal *terminal, GError **error)
{
	const char *type = g_getenv("TERM");
	Place place = {.remedy = "set TERM to its true type, or use the batch verbs"};
	if (!type || !*type)
		return fail_at(error, ERROR_IO, place,
			"TERM is not set: the terminal's type is not known");
	if (tcgetattr(STDIN_FILENO, &emergency.modes) != 0)
		return fail_at(error, ERROR_IO, place, "the workbench needs a terminal");
	limit_sizes();
	terminal->screen = newterm(NULL, stdout, stdin);
	if (!terminal->screen)
		return fail_at(error, ERROR_IO, place,
			"the terminal type %s is not known on this machine", type);
	const char *motion = tigetstr("cup");
	if (motion && motion != (const char *)-1)
		return TRUE;
	endwin();
	return fail_at(
		error, ERROR_IO, place, "a terminal of type %s cannot place its cursor", type);
}

static void set_modes(Terminal *terminal)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	if (!g_getenv("ESCDELAY"))
		set_escdelay(ESCAPE_MILLISECONDS);
	terminal->colours = count_colours();
	terminal->ascii = g_ascii_strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0;
	terminal->synchronized = g_strcmp0(g_getenv("TERM"), "linux") != 0;
	app_set_colours(terminal->ui, terminal->colours);
	make_pairs(terminal);
}

static void run_loop(Terminal *terminal)
{
	guint sources[] = {
		g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, terminal),
		g_unix_signal_add(SIGWINCH, on_resize, terminal),
		g_unix_signal_add(SIGINT, on_interrupt, terminal),
		g_unix_signal_add(SIGTERM, on_terminate, terminal),
		g_unix_signal_add(SIGHUP, on_hangup, terminal),
	};
	app_on_dirty(terminal->ui, on_dirty, terminal);
	draw(terminal);
	g_main_loop_run(terminal->loop);
	app_on_dirty(terminal->ui, NULL, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
	if (terminal->draw_source)
		g_source_remove(terminal->draw_source);
	if (terminal->live_source)
		g_source_remove(terminal->live_source);
}

static void close_screen(Terminal *terminal)
{
	endwin();
	delscreen(terminal->screen);
	emergency.active = 0;
	restore_errors();
	canvas_free(terminal->canvas);
}

int term_run(Ui *ui, GError **error)
{
	static char stack[STACK_BYTES];
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	Terminal terminal = {.ui = ui, .loop = loop};
	if (!open_screen(&terminal, error))
		return ERROR_IO;
	prepare_restore();
	handle_fatal_signals(stack);
	redirect_errors();
	set_modes(&terminal);
	run_loop(&terminal);
	close_screen(&terminal);
	return terminal.status;
}
