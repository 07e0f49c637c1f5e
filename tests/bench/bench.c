/* bench.c - measures what the program promises, in one run: a table, and the same as JSON.
 *
 * From the environment: TAUSCOPE the program, BENCH_PROGRAMS the folder of the programs beside this
 * one, TAUSCOPE_DATADIR the demo; and what README.md describes.  The status is 1 where something
 * could not be measured or a result was wrong, not where a limit is not met. */
#include "bench.h"

#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define ROOM_SHARE 3.2 /* of the megabytes, for what is kept on the disk */
#define BUDGET "256"   /* MiB for the pass, as of the program */
#define RUNS 5
#define MEGABYTES 2400u

static const Section sections[] = {
	{"pass", section_pass, FALSE},
	{"types", section_types, FALSE},
	{"threads", section_threads, FALSE},
	{"export", section_export, FALSE},
	{"incremental", section_incremental, FALSE},
	{"methods", section_methods, FALSE},
	{"torch", section_torch, FALSE},
	{"tasks", section_tasks, FALSE},
	{"blas", section_blas, FALSE},
	{"ties", section_ties, FALSE},
	{"preview", section_preview, FALSE},
	{"store", section_store, FALSE},
	{"frames", section_frames, FALSE},
	{"memory", section_memory, TRUE},
};

GPtrArray *words_new(const char *first, ...)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	va_list arguments;
	va_start(arguments, first);
	for (const char *word = first; word; word = va_arg(arguments, const char *))
		words_add(words, word);
	va_end(arguments);
	return words;
}

void words_add(GPtrArray *words, const char *word)
{
	g_ptr_array_add(words, g_strdup(word));
}

void words_add_paths(GPtrArray *words, const GPtrArray *paths, guint n)
{
	for (guint i = 0; i < n; i++)
		words_add(words, g_ptr_array_index(paths, i));
}

Command words_command(GPtrArray *words)
{
	if (words->len == 0 || g_ptr_array_index(words, words->len - 1))
		g_ptr_array_add(words, NULL);
	return (Command){.argv = (const char *const *)words->pdata};
}

gboolean words_run(GPtrArray *words, char **output, GError **error)
{
	g_auto(Series) series = {0};
	Command command = words_command(words);
	command.heard = output != NULL;
	gboolean done = measure_once(&command, &series, error);
	if (done && output)
		*output = g_steal_pointer(&series.output);
	return done;
}

GPtrArray *bench_program(const Bench *bench, const char *name)
{
	g_autofree char *path = g_build_filename(bench->programs, name, NULL);
	return words_new(path, NULL);
}

GPtrArray *bench_verb(const Bench *bench, const char *verb)
{
	return words_new(bench->tauscope, verb, NULL);
}

GPtrArray *bench_cat(const GPtrArray *paths, guint n)
{
	GPtrArray *words = words_new("cat", NULL);
	words_add_paths(words, paths, n);
	return words;
}

GPtrArray *bench_pass(const Bench *bench, const Data *data, guint n, guint threads)
{
	g_autofree char *number = g_strdup_printf("%u", threads);
	GPtrArray *words = bench_program(bench, "bench_pass");
	words_add(words, "--json");
	words_add(words, number);
	words_add(words, BUDGET);
	words_add_paths(words, data->paths, n);
	return words;
}

GPtrArray *bench_export(const Bench *bench, const char *store, const char *edit, const char *output)
{
	GPtrArray *words = bench_verb(bench, "export");
	words_add(words, "--no-recipe");
	words_add(words, store);
	words_add(words, edit);
	words_add(words, output);
	return words;
}

double report_number(const cJSON *report, const char *key)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(report, key));
}

const char *report_text(const cJSON *report, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report, key));
	return text ? text : "";
}

char *bench_path(const Bench *bench, const char *name)
{
	return g_build_filename(bench->folder, name, NULL);
}

void bench_remove_store(const char *store)
{
	g_autofree char *parts = g_strndup(store, strlen(store) - strlen(".h5"));
	g_autofree char *folder = g_strconcat(parts, ".d", NULL);
	measure_remove(store);
	measure_remove(folder);
}

gboolean bench_load(
	const Bench *bench, const Data *data, guint n, const char *store, GError **error)
{
	g_autoptr(GPtrArray) words = bench_verb(bench, "load");
	words_add(words, "--weights=link");
	words_add(words, store);
	words_add(words, "--base");
	words_add(words, g_ptr_array_index(data->paths, 0));
	for (guint i = 1; i < n; i++) {
		g_autofree char *task = g_strdup_printf(
			"%c=%s", 'a' + (int)i - 1, (char *)g_ptr_array_index(data->paths, i));
		words_add(words, task);
	}
	bench_remove_store(store);
	return words_run(words, NULL, error);
}

const Data *bench_data(Bench *bench, const char *type, guint tasks, double share, GError **error)
{
	double megabytes = share * (double)bench->megabytes / (tasks + 1);
	DataWanted wanted = {.type = type, .megabytes = (guint64)(megabytes + 0.5), .tasks = tasks};
	return data_get(&bench->data, &wanted, error);
}

double bench_limit(const Bench *bench, double most)
{
	return bench->megabytes < MEGABYTES ? NAN : most;
}

static const Section *find_section(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		if (g_str_equal(sections[i].name, name))
			return &sections[i];
	return NULL;
}

static gboolean fail_name(const char *name, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		g_string_append_printf(known, " %s", sections[i].name);
	return fail(
		error, ERROR_USAGE, "BENCH names no section: %s; there are%s", name, known->str);
}

static gboolean check_names(GError **error)
{
	const char *names = g_getenv("BENCH");
	g_auto(GStrv) asked = g_strsplit_set(names ? names : "", " ,", -1);
	for (char **name = asked; *name; name++)
		if (**name && !find_section(*name))
			return fail_name(*name, error);
	return TRUE;
}

static gboolean is_asked_for(const Section *section)
{
	const char *names = g_getenv("BENCH");
	if (!names || !*names)
		return !section->full || g_getenv("BENCH_FULL");
	g_auto(GStrv) asked = g_strsplit_set(names, " ,", -1);
	return g_strv_contains((const char *const *)asked, section->name);
}

static gboolean read_number(
	const char *variable, guint64 otherwise, guint64 *number, GError **error)
{
	const char *text = g_getenv(variable);
	*number = otherwise;
	return !text || !*text || g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT, number, NULL) ||
	       fail(error, ERROR_USAGE, "%s takes a whole number from 1 on, not %s", variable,
		       text);
}

/* The value of "KEY : value" in a file of the kernel's. */
static char *kernel_value(const char *path, const char *key)
{
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return g_strdup("unknown");
	const char *line = strstr(text, key), *colon = line ? strchr(line, ':') : NULL;
	return colon ? g_strstrip(g_strndup(colon + 1, strcspn(colon + 1, "\n")))
		     : g_strdup("unknown");
}

static cJSON *machine_json(const Bench *bench)
{
	cJSON *machine = cJSON_CreateObject();
	g_autofree char *processor = kernel_value("/proc/cpuinfo", "model name");
	g_autofree char *memory = kernel_value("/proc/meminfo", "MemTotal");
	struct utsname system;
	uname(&system);
	cJSON_AddStringToObject(machine, "processor", processor);
	json_add_number(machine, "processors", bench->threads);
	cJSON_AddStringToObject(machine, "memory", memory);
	cJSON_AddStringToObject(machine, "system", system.sysname);
	cJSON_AddStringToObject(machine, "release", system.release);
	return machine;
}

static gboolean write_json(const Bench *bench, const char *path, GError **error)
{
	g_autoptr(cJSON) report = cJSON_CreateObject();
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format_iso8601(now);
	cJSON_AddStringToObject(report, "date", date);
	cJSON_AddItemToObject(report, "machine", machine_json(bench));
	json_add_number(report, "runs", bench->runs);
	json_add_uint(report, "megabytes", bench->megabytes);
	cJSON_AddItemToObject(report, "rows", table_json(&bench->table));
	g_autofree char *text = json_text(report);
	return g_file_set_contents(path, text, -1, error);
}

static gboolean write_markdown(const Bench *bench, GError **error)
{
	const char *path = g_getenv("BENCH_MARKDOWN");
	g_autofree char *text = table_markdown(&bench->table);
	return !path || g_file_set_contents(path, text, -1, error);
}

static gboolean measure_all(Bench *bench, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		if (is_asked_for(&sections[i]) && !sections[i].run(bench, error)) {
			g_prefix_error(error, "%s: ", sections[i].name);
			return FALSE;
		}
	return TRUE;
}

static void print_machine(const Bench *bench)
{
	g_autofree char *processor = kernel_value("/proc/cpuinfo", "model name");
	printf("%s, %u processors; medians of %u runs in turn; %" G_GUINT64_FORMAT " MB\n",
		processor, bench->threads, bench->runs, bench->megabytes);
	if (bench->megabytes < MEGABYTES)
		printf("with less than %u MB no ratio is held against its limit\n", MEGABYTES);
	fflush(stdout);
}

static void print_end(const Bench *bench)
{
	printf("\n%u limits met, %u not met, %u results wrong\n",
		table_count(&bench->table, VERDICT_MET),
		table_count(&bench->table, VERDICT_NOT_MET),
		table_count(&bench->table, VERDICT_WRONG));
}

/* Where the checkpoints lie: in a folder that is kept, or with all that goes again. */
static void begin_data(Bench *bench, const char *generate)
{
	const char *kept = g_getenv("BENCH_DATA");
	guint64 room = (guint64)(ROOM_SHARE * 1e6 * (double)bench->megabytes);
	data_begin(&bench->data, kept ? kept : bench->folder, generate, kept ? 0 : room);
}

static gboolean begin(Bench *bench, GError **error)
{
	guint64 runs;
	if (!check_names(error) || !read_number("BENCH_RUNS", RUNS, &runs, error) ||
		!read_number("BENCH_MB", MEGABYTES, &bench->megabytes, error))
		return FALSE;
	const char *programs = g_getenv("BENCH_PROGRAMS"), *tauscope = g_getenv("TAUSCOPE");
	const char *sources = g_getenv("TAUSCOPE_DATADIR");
	if (!programs || !tauscope || !sources)
		return fail(error, ERROR_USAGE,
			"BENCH_PROGRAMS, TAUSCOPE and TAUSCOPE_DATADIR must be set");
	bench->folder = g_dir_make_tmp("tauscope-bench-XXXXXX", error);
	if (!bench->folder)
		return FALSE;
	bench->programs = g_strdup(programs);
	bench->tauscope = g_strdup(tauscope);
	bench->sources = g_strdup(sources);
	bench->runs = (guint)runs;
	bench->threads = g_get_num_processors();
	g_setenv("XDG_STATE_HOME", bench->folder, TRUE);
	g_setenv("XDG_CONFIG_HOME", bench->folder, TRUE);
	return TRUE;
}

static void end(Bench *bench)
{
	measure_remove(bench->folder);
	g_free(bench->folder);
	g_free(bench->programs);
	g_free(bench->tauscope);
	g_free(bench->sources);
}

static gboolean run(Bench *bench, GError **error)
{
	g_autofree char *generate = g_build_filename(bench->programs, "generate", NULL);
	const char *json = g_getenv("BENCH_JSON");
	table_begin(&bench->table);
	begin_data(bench, generate);
	print_machine(bench);
	gboolean done = measure_all(bench, error);
	print_end(bench);
	/* What was measured before a failure is worth keeping. */
	done = write_json(bench, json ? json : "bench.json", done ? error : NULL) &&
	       write_markdown(bench, done ? error : NULL) && done &&
	       table_count(&bench->table, VERDICT_WRONG) == 0;
	data_clear(&bench->data);
	table_clear(&bench->table);
	return done;
}

int main(void)
{
	g_autoptr(GError) error = NULL;
	Bench bench = {0};
	measure_begin();
	if (!begin(&bench, &error)) {
		fprintf(stderr, "bench: %s\n", error->message);
		return EXIT_FAILURE;
	}
	gboolean done = run(&bench, &error);
	end(&bench);
	if (error)
		fprintf(stderr, "bench: %s\n", error->message);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
