/* verb.c - what the batch verbs share: the table of options, opening a store, printing.
 *
 * Every option of every verb is a row of one table; a verb names those that it takes. */
#include "cli/verb.h"

#include "core/error.h"
#include "recipe/recipe.h"
#include "export/report_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMMON_OPTIONS "json threads budget help"

const Verb *const verbs[] = {&verb_load, &verb_info, &verb_check, &verb_verify, &verb_similarity,
	&verb_norms, &verb_trajectory, &verb_preview, &verb_export, &verb_mergekit, &verb_explain,
	NULL};

typedef struct {
	const char *name;
	GOptionArg kind;
	gsize offset; /* into VerbOptions; unused for callbacks */
	const char *help, *value;
} OptionRow;

static const OptionRow option_rows[] = {
	{"help", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, help), "Show this help", NULL},
	{"json", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, json), "Print JSON", NULL},
	{"csv", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, csv), "Print CSV", NULL},
	{"by", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, by),
		"Also for each layer, kind or tensor", "GROUP"},
	{"only", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, only),
		"Only these tensors: layers, kinds or globs", "PATTERN"},
	{"stats", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, stats),
		"Read the values: norm, extremes, hash", NULL},
	{"base", G_OPTION_ARG_FILENAME, G_STRUCT_OFFSET(VerbOptions, base),
		"The checkpoint that task vectors are measured from", "PATH"},
	{"run", G_OPTION_ARG_CALLBACK, 0, "A training run: NAME=DIR to load it, NAME to show it",
		"RUN"},
	{"rename", G_OPTION_ARG_STRING_ARRAY, G_STRUCT_OFFSET(VerbOptions, rename),
		"Rename tensors of the checkpoints named here, to match the base's", "REGEX=TEXT"},
	{"drop", G_OPTION_ARG_STRING_ARRAY, G_STRUCT_OFFSET(VerbOptions, drop),
		"Remove a task or run from the store", "NAME"},
	{"weights", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, weights),
		"Copy weights into the store, or link to them", "copy|link"},
	{"reference", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, reference),
		"Take cosines with this task or step", "NAME"},
	{"scale", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, scale_text),
		"The overall scale of the edit (default 1)", "LAMBDA"},
	{"dialect", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, dialect),
		"Whose arithmetic methods use that do not say", "paper|mergekit"},
	{"seed", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, seed),
		"The seed of methods that do not say (default 0)", "N"},
	{"exact", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, exact),
		"Measure over the weights what is not exact already", NULL},
	{"dtype", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, dtype),
		"The type of all float tensors: base, F32, F16, BF16, ...", "TYPE"},
	{"part", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, part),
		"What is written of the model", "model|task-vector|changed"},
	{"infinite", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, infinite),
		"Let values become infinite that are too large for their type", NULL},
	{"recipe", G_OPTION_ARG_FILENAME, G_STRUCT_OFFSET(VerbOptions, recipe),
		"Repeat the edit of a recipe, or of a model that was exported", "FILE"},
	{"model", G_OPTION_ARG_STRING_ARRAY, G_STRUCT_OFFSET(VerbOptions, model),
		"Which member a model of a recipe of mergekit is", "REF=NAME"},
	{"out", G_OPTION_ARG_FILENAME, G_STRUCT_OFFSET(VerbOptions, out),
		"Also write the recipe as JSON", "FILE"},
	{"write", G_OPTION_ARG_STRING, G_STRUCT_OFFSET(VerbOptions, write),
		"Write this edit as a recipe of mergekit", "EDIT"},
	{"overwrite", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, overwrite),
		"Replace the output where it exists", NULL},
	{"no-recipe", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, no_recipe),
		"Write no recipe beside the output", NULL},
	{"steps", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(VerbOptions, steps),
		"Also with the steps of runs", NULL},
	{"threads", G_OPTION_ARG_INT, G_STRUCT_OFFSET(VerbOptions, threads),
		"Threads to use (default: all processors)", "N"},
	{"budget", G_OPTION_ARG_INT, G_STRUCT_OFFSET(VerbOptions, budget_mib),
		"Memory for buffers (default 256)", "MIB"},
};

static void argument_free(gpointer data)
{
	VerbArgument *argument = data;
	g_free(argument->text);
	g_free(argument);
}

static void options_init(VerbOptions *options)
{
	*options = (VerbOptions){.scale = 1};
	options->arguments = g_ptr_array_new_with_free_func(argument_free);
}

static void options_clear(VerbOptions *options)
{
	char *const texts[] = {options->by, options->only, options->base, options->weights,
		options->reference, options->recipe, options->scale_text, options->dtype,
		options->part, options->dialect, options->seed, options->out, options->write};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_strfreev(options->drop);
	g_strfreev(options->rename);
	g_strfreev(options->model);
	g_ptr_array_unref(options->arguments);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VerbOptions, options_clear)

/* Undoes what words_new does to an argument that begins with a minus sign. */
static const char *word_text(const char *word)
{
	return word[0] == ' ' && word[1] == '-' ? word + 1 : word;
}

static gboolean add_argument(
	const char *option, const char *value, gpointer data, GError **error G_GNUC_UNUSED)
{
	VerbOptions *options = data;
	VerbArgument *argument = g_new0(VerbArgument, 1);
	argument->run = g_strcmp0(option, "--run") == 0;
	argument->text = g_strdup(word_text(value));
	g_ptr_array_add(options->arguments, argument);
	return TRUE;
}

static GOptionEntry entry_new(const OptionRow *row, VerbOptions *options)
{
	gboolean callback = row->kind == G_OPTION_ARG_CALLBACK;
	return (GOptionEntry){.long_name = row->name,
		.short_name = g_str_equal(row->name, "help") ? 'h' : '\0',
		.arg = row->kind,
		.arg_data = callback ? (gpointer)add_argument : (char *)options + row->offset,
		.description = row->help,
		.arg_description = row->value};
}

/* The verb's rows as GLib wants them, its arguments last; ends with a zero entry. */
static GArray *entries_new(const Verb *verb, VerbOptions *options)
{
	GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
	g_autofree char *names = g_strconcat(verb->options, " ", COMMON_OPTIONS, NULL);
	g_auto(GStrv) taken = g_strsplit(names, " ", -1);
	for (guint i = 0; i < G_N_ELEMENTS(option_rows); i++) {
		if (!g_strv_contains((const char *const *)taken, option_rows[i].name))
			continue;
		GOptionEntry entry = entry_new(&option_rows[i], options);
		g_array_append_val(entries, entry);
	}
	GOptionEntry rest = {.long_name = G_OPTION_REMAINING,
		.flags = G_OPTION_FLAG_FILENAME,
		.arg = G_OPTION_ARG_CALLBACK,
		.arg_data = (gpointer)add_argument,
		.arg_description = verb->arguments};
	g_array_append_val(entries, rest);
	return entries;
}

/* An edit such as -0.7*mnist is no option: a blank in front keeps it from being read as one. */
static char **words_new(int argc, char **argv)
{
	char **words = g_new0(char *, (gsize)argc + 1);
	gboolean options_over = FALSE;
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		gboolean minus = word[0] == '-' && word[1] && word[1] != '-';
		gboolean help = g_str_equal(word, "-h");
		words[i] = g_strconcat(minus && !help && !options_over ? " " : "", word, NULL);
		options_over |= g_str_equal(word, "--");
	}
	return words;
}

static gboolean check_counts(const Verb *verb, const VerbOptions *options, GError **error)
{
	guint count = 0;
	while (verb_argument(options, count))
		count++;
	if (count < verb->least || count > verb->most)
		return fail_at(error, ERROR_USAGE, (Place){.remedy = "see --help"},
			"usage: tauscope %s [OPTION…] %s", verb->name, verb->arguments);
	if (options->json && options->csv)
		return fail(error, ERROR_USAGE, "--json and --csv exclude each other");
	if (options->threads < 0 || options->budget_mib < 0)
		return fail(error, ERROR_USAGE, "--threads and --budget take no negative number");
	return TRUE;
}

static gboolean take_scale(VerbOptions *options, GError **error)
{
	char *end = options->scale_text;
	if (!end)
		return TRUE;
	options->scale = g_ascii_strtod(options->scale_text, &end);
	return (end != options->scale_text && !*end) ||
	       fail(error, ERROR_USAGE, "--scale takes a number, not \"%s\"",
		       word_text(options->scale_text));
}

static gboolean put(const char *text, GError **error)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		return fail(error, ERROR_IO, "cannot write the result: %s", g_strerror(errno));
	return TRUE;
}

static gboolean parse(const Verb *verb, int argc, char **argv, VerbOptions *options, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	GOptionGroup *group = g_option_group_new(verb->name, "", "", options, NULL);
	g_autoptr(GArray) entries = entries_new(verb, options);
	g_option_group_add_entries(group, (const GOptionEntry *)(void *)entries->data);
	g_option_context_set_main_group(context, group);
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_summary(context, verb->help);
	g_autofree char *name = g_strconcat("tauscope ", verb->name, NULL);
	g_set_prgname(name);
	g_auto(GStrv) words = words_new(argc, argv);
	g_autoptr(GError) reason = NULL;
	if (!g_option_context_parse_strv(context, &words, &reason))
		return fail_at(error, ERROR_USAGE, (Place){.remedy = "see --help"}, "%s: %s",
			verb->name, reason->message);
	if (!options->help)
		return check_counts(verb, options, error) && take_scale(options, error);
	g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
	return put(help, error);
}

const Verb *verb_find(const char *name)
{
	for (const Verb *const *verb = verbs; *verb; verb++)
		if (g_str_equal((*verb)->name, name))
			return *verb;
	return NULL;
}

gboolean verb_wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (g_str_equal(argv[i], "--json"))
			return TRUE;
	return FALSE;
}

int verb_run(const Verb *verb, int argc, char **argv)
{
	gboolean json = verb_wants_json(argc, argv);
	g_auto(VerbOptions) options;
	options_init(&options);
	g_autoptr(GError) error = NULL;
	int status = 0;
	if (parse(verb, argc, argv, &options, &error))
		status = options.help ? 0 : verb->run(&options, &error);
	return error ? verb_fail(json, error) : status;
}

static void add_text(cJSON *object, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(object, key, text);
	else
		cJSON_AddNullToObject(object, key);
}

int verb_fail(gboolean json, const GError *error)
{
	fprintf(stderr, "tauscope: %s\n", error->message);
	if (json) {
		g_autoptr(cJSON) result = cJSON_CreateObject();
		cJSON *object = cJSON_AddObjectToObject(result, "error");
		add_text(object, "message", error->message);
		add_text(object, "file", error_file(error));
		add_text(object, "tensor", error_tensor(error));
		add_text(object, "remedy", error_remedy(error));
		g_autofree char *text = json_text(result);
		fputs(text, stdout);
	}
	return error_exit_status(error);
}

const char *verb_argument(const VerbOptions *options, guint n)
{
	for (guint i = 0; i < options->arguments->len; i++) {
		const VerbArgument *argument = options->arguments->pdata[i];
		if (!argument->run && n-- == 0)
			return argument->text;
	}
	return NULL;
}

gsize verb_budget(const VerbOptions *options)
{
	return (gsize)options->budget_mib << 20;
}

gboolean verb_group_by(const VerbOptions *options, GroupBy *by, GError **error)
{
	if (options->by && !group_by_from_name(options->by, by))
		return fail(error, ERROR_USAGE, "--by takes layer, kind or tensor, not %s",
			options->by);
	return TRUE;
}

gboolean verb_defaults(const VerbOptions *options, ExpressionDefaults *defaults, GError **error)
{
	g_autoptr(GError) problem = NULL;
	*defaults = (ExpressionDefaults){0};
	if (options->dialect && !dialect_from_name(options->dialect, &defaults->dialect))
		return fail(error, ERROR_USAGE, "--dialect takes paper or mergekit, not %s",
			options->dialect);
	if (options->seed && !g_ascii_string_to_unsigned(
				     options->seed, 10, 0, SEED_MOST, &defaults->seed, &problem))
		return fail(error, ERROR_USAGE,
			"--seed takes a whole number of at most %" G_GUINT64_FORMAT ", not %s",
			SEED_MOST, word_text(options->seed));
	return TRUE;
}

Store *verb_open_store(const char *path, GError **error)
{
	g_autoptr(Store) store = store_open(path, error);
	if (!store)
		return NULL;
	if (!store->collection) {
		fail_at(error, ERROR_INPUT,
			(Place){.file = path, .remedy = "load a base and tasks with tauscope load"},
			"the store is empty");
		return NULL;
	}
	return g_steal_pointer(&store);
}

static gboolean is_known(const Store *store, guint member)
{
	return ((const StoreMember *)store->members->pdata[member])->known;
}

Store *verb_open_analysed_store(const char *path, GError **error)
{
	g_autoptr(Store) store = verb_open_store(path, error);
	if (!store)
		return NULL;
	if (!store_member_known(store, 0, error))
		return NULL;
	return g_steal_pointer(&store);
}

/* A session by itself would begin an empty store where there is none. */
Session *verb_open_session(const VerbOptions *options, GError **error)
{
	const char *path = verb_argument(options, 0);
	g_autoptr(Store) store = verb_open_store(path, error);
	if (!store)
		return NULL;
	g_clear_pointer(&store, store_free);
	return session_open(path, (guint)options->threads, error);
}

/* Whether a member's numbers are missing, or of contents that its source has no more. */
static gboolean is_stale(const Store *store, guint member)
{
	return !is_known(store, member) || store_member_state(store, member) == SOURCE_CHANGED;
}

void verb_warn(const GPtrArray *warnings, guint first)
{
	for (guint i = first; i < warnings->len; i++)
		fprintf(stderr, "tauscope: warning: %s\n", (const char *)warnings->pdata[i]);
}

static char *printed(const VerbOptions *options, const cJSON *json, const Table *table)
{
	if (options->json)
		return json_text(json);
	return table_print(table, options->csv ? TABLE_CSV : TABLE_TEXT);
}

gboolean verb_print(const VerbOptions *options, cJSON *json, Table *table, GError **error)
{
	g_autoptr(cJSON) owned_json = json;
	g_autoptr(Table) owned_table = table;
	g_autofree char *text = printed(options, owned_json, owned_table);
	return put(text, error);
}

gboolean verb_print_sentence(
	const VerbOptions *options, cJSON *json, const char *sentence, GError **error)
{
	g_autoptr(cJSON) owned = json;
	g_autofree char *text =
		options->json ? json_text(owned) : g_strconcat(sentence, "\n", NULL);
	return put(text, error);
}

static void warn_stale(const Store *store, guint member)
{
	const StoreMember *known = store->members->pdata[member];
	const char *name = collection_member(store->collection, member)->name;
	if (known->unread)
		fprintf(stderr, "tauscope: warning: the results of %s cannot be read: %s\n", name,
			known->unread->message);
	else
		fprintf(stderr,
			"tauscope: warning: %s has changed since it was read, its numbers are "
			"stale; run tauscope load %s\n",
			name, store->path);
}

/* The samples of a touched file are the same, but it may differ between them; a copy is read from
 * the store, whatever its source is. */
static void warn_touched(const Store *store, guint member)
{
	const StoreMember *known = store->members->pdata[member];
	if (!known->copied && store_member_state(store, member) == SOURCE_TOUCHED)
		fprintf(stderr,
			"tauscope: warning: %s was touched since it was read; tauscope load %s "
			"looks whether it changed\n",
			collection_member(store->collection, member)->name, store->path);
}

gboolean verb_print_analysis(
	const VerbOptions *options, const Store *store, cJSON *json, Table *table, GError **error)
{
	cJSON *stale = cJSON_CreateArray();
	for (guint i = 0; i < collection_members(store->collection); i++) {
		warn_touched(store, i);
		if (!is_stale(store, i))
			continue;
		const char *name = collection_member(store->collection, i)->name;
		cJSON_AddItemToArray(stale, cJSON_CreateString(name));
		warn_stale(store, i);
	}
	if (cJSON_GetArraySize(stale))
		cJSON_AddItemToObject(json, "stale", stale);
	else
		cJSON_Delete(stale);
	return verb_print(options, json, table, error);
}

gboolean verb_print_comparison(
	const VerbOptions *options, const Store *store, cJSON *json, Table *table, GError **error)
{
	g_autoptr(GPtrArray) notices = g_ptr_array_new_with_free_func(g_free);
	store_add_quantised(store, notices);
	store_add_nonfinite(store, options->only, notices);
	verb_warn(notices, 0);
	if (notices->len)
		cJSON_AddItemToObject(json, "warnings", report_text_array(notices));
	return verb_print_analysis(options, store, json, table, error);
}
