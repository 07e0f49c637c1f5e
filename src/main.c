/* main.c - options; batch or interactive.
 *
 * A verb runs in batch; anything else is the workbench on a store: on a terminal, or with --script
 * without one. */
#include "app.h"
#include "cli/demo.h"
#include "cli/methods.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/text.h"
#include "script.h"
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <gsl/gsl_errno.h>
#include <hdf5.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the command line asks for where it names no verb. */
typedef struct {
	gboolean help, version, keys, methods, json;
	int threads;
	char *script;
	char **rest; /* a store, or "demo" */
} Options;

static void options_clear(Options *options)
{
	g_free(options->script);
	g_strfreev(options->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* The libraries' own handlers would abort, or print over the screen; and at exit HDF5 would try
 * again, and crash, where a full disk has kept it from closing a file. */
static void silence_libraries(void)
{
	H5dont_atexit();
	gsl_set_error_handler_off();
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* A closed pipe and a file that grows too large are errors of write(2), not the end. */
static void ignore_write_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* A standard stream that is closed must not become a store's: it is opened such that its use fails.
 */
static void hold_standard_streams(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) < 0 && open("/dev/null", modes[i]) != i)
			return;
}

/* A full disk or a closed stdout shows only here, where stdio still held the text. */
static int finish_output(int status)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || status != 0)
		return status;
	fprintf(stderr, "tauscope: cannot write to stdout%s%s\n", errno ? ": " : "",
		errno ? g_strerror(errno) : "");
	return ERROR_IO;
}

/* A sharded set of many checkpoints keeps hundreds of files open. */
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Leaves nothing half-written behind, then ends as the signal would have. */
static void end_by_signal(int number)
{
	file_remove_temporaries();
	if (number == SIGINT)
		_exit(ERROR_CANCELLED);
	signal(number, SIG_DFL);
	raise(number);
}

/* Under nohup a hangup stays without effect. */
static void handle_batch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2,
		SIGXCPU, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction action = {.sa_handler = end_by_signal, .sa_flags = (int)SA_NODEFER};
	struct sigaction before;
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		sigaction(numbers[i], &action, &before);
		if (numbers[i] == SIGHUP && before.sa_handler == SIG_IGN)
			signal(SIGHUP, SIG_IGN);
	}
}

static void print_help(void)
{
	printf("tauscope %s - a workbench for task vectors of neural networks\n\n"
	       "  tauscope                  the workbench on the last store\n"
	       "  tauscope STORE.h5         the workbench on a store\n"
	       "  tauscope demo             the workbench on the shipped checkpoints\n"
	       "  tauscope VERB ...         one answer, without a screen:\n\n",
		TAUSCOPE_VERSION);
	for (const Verb *const *verb = verbs; *verb; verb++)
		printf("    %-11s %-28s %s\n", (*verb)->name, (*verb)->arguments, (*verb)->help);
	puts("\n  tauscope VERB --help      the options of a verb: --json, --csv, --by GROUP, "
	     "...\n\n"
	     "  --threads N      threads to use (default: all processors)\n"
	     "  --budget MIB     memory for buffers (default 256)\n"
	     "  --script FILE    drive the workbench from a file, screens to stdout\n"
	     "  --keys           print every key of the workbench\n"
	     "  --methods        print every method of the language of edits; also with --json\n"
	     "  --version        print the version\n\n"
	     "Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 bad input,\n"
	     "4 cannot read or write, 130 interrupted.  Manual: man tauscope");
}

static void print_keys(void)
{
	g_autofree char *text = actions_text();
	fputs(text, stdout);
}

static void print_methods(gboolean as_json)
{
	g_autoptr(cJSON) json = as_json ? methods_json() : NULL;
	g_autofree char *text = json ? json_text(json) : methods_text();
	fputs(text, stdout);
}

static gboolean parse_options(int argc, char **argv, Options *options, GError **error)
{
	const GOptionEntry entries[] = {
		{"help", 'h', 0, G_OPTION_ARG_NONE, &options->help, NULL, NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &options->version, NULL, NULL},
		{"keys", 0, 0, G_OPTION_ARG_NONE, &options->keys, NULL, NULL},
		{"methods", 0, 0, G_OPTION_ARG_NONE, &options->methods, NULL, NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options->json, NULL, NULL},
		{"threads", 0, 0, G_OPTION_ARG_INT, &options->threads, NULL, NULL},
		{"script", 0, 0, G_OPTION_ARG_FILENAME, &options->script, NULL, NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->rest, NULL, NULL},
		{0},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	g_autoptr(GError) reason = NULL;
	if (!g_option_context_parse(context, &argc, &argv, &reason))
		return fail_at(error, ERROR_USAGE, (Place){.remedy = "see tauscope --help"}, "%s",
			reason->message);
	if (options->rest && options->rest[1])
		return fail_at(error, ERROR_USAGE, (Place){.remedy = "see tauscope --help"},
			"the workbench opens one store at a time");
	if (options->json && !options->methods)
		return fail_at(error, ERROR_USAGE, (Place){.remedy = "see tauscope --help"},
			"--json goes with a verb, or with --methods");
	if (options->threads < 0)
		return fail(error, ERROR_USAGE, "--threads takes no negative number");
	return TRUE;
}

/* Whether a word that is no verb can be what the workbench opens. */
static gboolean check_word(const char *word, GError **error)
{
	if (g_str_equal(word, "demo") || g_str_has_suffix(word, ".h5") ||
		g_file_test(word, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (const Verb *const *verb = verbs; *verb; verb++)
		g_ptr_array_add(names, (gpointer)(*verb)->name);
	const char *near = text_nearest(word, (const char *const *)names->pdata, names->len);
	g_autofree char *remedy = near ? g_strdup_printf("did you mean tauscope %s?", near)
				       : g_strdup("a new store is named NAME.h5");
	return fail_at(error, ERROR_USAGE, (Place){.remedy = remedy},
		"%s is neither a verb nor a store that exists", word);
}

/* The store that was opened last, or one of the program's own where there is none. */
static char *last_store(void)
{
	g_autofree char *note = state_path("last");
	g_autofree char *path = NULL;
	if (g_file_get_contents(note, &path, NULL, NULL) &&
		g_file_test(g_strchomp(path), G_FILE_TEST_EXISTS))
		return g_steal_pointer(&path);
	return state_path("workbench.h5");
}

/* What cannot be noted is forgotten: it is a convenience. */
static void note_last_store(const char *path)
{
	g_autofree char *note = state_path("last");
	g_autofree char *folder = state_path(NULL);
	g_autofree char *whole = g_canonicalize_filename(path, NULL);
	g_autofree char *line = g_strconcat(whole, "\n", NULL);
	if (g_mkdir_with_parents(folder, 0700) == 0)
		file_write_all(note, line, strlen(line), TRUE, NULL);
}

/* The path of the store that the workbench is to open. */
static char *choose_store(const Options *options, GError **error)
{
	const char *word = options->rest ? options->rest[0] : NULL;
	if (!word)
		return last_store();
	if (g_str_equal(word, "demo"))
		return demo_store((guint)options->threads, error);
	return g_strdup(word);
}

/* What the screens showed is worth a warning, not a failure; an edit is shown, so that it is not
 * lost. */
static void save_or_warn(Session *session)
{
	g_autoptr(GError) reason = NULL;
	if (session_save(session, &reason))
		return;
	const Composition *composition = session_composition(session);
	g_autofree char *edit = composition_text(composition);
	fprintf(stderr, "tauscope: warning: marks, screens and composition are not saved: %s\n",
		reason->message);
	if (*edit)
		fprintf(stderr, "tauscope: warning: the composition was %s, with scale %.17g\n",
			edit, composition->scale);
}

/* A terminal that goes says so twice: its input ends, and a hangup comes, often while the session
 * is saved already.  As long as a source for a signal is there, GLib catches it. */
static GSource *hold_signal(const Options *options, int number)
{
	return options->script ? NULL : g_unix_signal_source_new(number);
}

/* Takes the session. */
static int face(const Options *options, Session *session, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GSource) hangup = hold_signal(options, SIGHUP);
	G_GNUC_UNUSED g_autoptr(GSource) terminate = hold_signal(options, SIGTERM);
	Ui *ui = app_new(session, options->script != NULL);
	int status = 0;
	if (options->script)
		script_run(ui, options->script, error);
	else
		status = term_run(ui, error);
	session_stop_jobs(session);
	save_or_warn(session);
	app_free(ui);
	return status;
}

static int workbench(const Options *options, GError **error)
{
	g_autofree char *path = choose_store(options, error);
	if (!path)
		return 0;
	Session *session = session_open(path, (guint)options->threads, error);
	if (!session)
		return 0;
	if (!options->script)
		note_last_store(path);
	return face(options, session, error);
}

static gboolean is_demo(const Options *options)
{
	return options->rest && g_str_equal(options->rest[0], "demo");
}

static int report_demo(const Options *options, GError **error)
{
	handle_batch_signals();
	g_autofree char *path = demo_store((guint)options->threads, error);
	if (path)
		demo_report(path, error);
	return 0;
}

static int run_options(const Options *options, GError **error)
{
	gboolean terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (options->help)
		print_help();
	else if (options->version)
		puts("tauscope " TAUSCOPE_VERSION);
	else if (options->keys)
		print_keys();
	else if (options->methods)
		print_methods(options->json);
	else if (options->script || terminal)
		return workbench(options, error);
	else if (is_demo(options))
		return report_demo(options, error);
	else
		fail_at(error, ERROR_USAGE,
			(Place){.remedy = "use a verb, such as tauscope similarity STORE"},
			"the workbench needs a terminal, and this is none");
	return 0;
}

static int run_without_verb(const char *word, int argc, char **argv)
{
	g_auto(Options) options = {0};
	g_autoptr(GError) error = NULL;
	gboolean json = verb_wants_json(argc, argv);
	int status = 0;
	if ((!word || check_word(word, &error)) && parse_options(argc, argv, &options, &error))
		status = run_options(&options, &error);
	return error ? verb_fail(json, error) : status;
}

/* The place of the first word that is neither an option nor an option's value, or argc; argv ends
 * with NULL. */
static int find_word(int argc, char **argv)
{
	static const char *const with_value[] = {"--threads", "--budget", "--script", NULL};
	int i = 1;
	while (i < argc && argv[i][0] == '-')
		i += g_strv_contains(with_value, argv[i]) ? 2 : 1;
	return MIN(i, argc);
}

/* Options before the verb are read as if they stood behind it. */
static int run_verb(const Verb *verb, int word, int argc, char **argv)
{
	char *name = argv[word];
	memmove(argv + 1, argv, (gsize)word * sizeof *argv);
	argv[1] = name;
	handle_batch_signals();
	return verb_run(verb, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	g_set_prgname("tauscope");
	hold_standard_streams();
	silence_libraries();
	ignore_write_signals();
	raise_file_limit();
	int word = find_word(argc, argv);
	const Verb *verb = argv[word] ? verb_find(argv[word]) : NULL;
	return finish_output(
		verb ? run_verb(verb, word, argc, argv) : run_without_verb(argv[word], argc, argv));
}
