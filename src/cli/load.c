/* load.c - bring checkpoints and runs into a store, or refresh what it has. */
#include "cli/verb.h"

#include "cli/contents.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

/* The name of a path that was given without one: its stem, or its folder's name where the stem says
 * nothing ("mnist/model.safetensors"). */
static char *name_of_path(const char *path)
{
	g_autofree char *whole = g_canonicalize_filename(path, NULL);
	g_autofree char *last = g_path_get_basename(whole);
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&last);
	char *dot = strchr(last, '.');
	if (dot && dot != last)
		*dot = '\0';
	if (!g_str_equal(last, "model"))
		return g_steal_pointer(&last);
	g_autofree char *folder = g_path_get_dirname(whole);
	return g_path_get_basename(folder);
}

/* NAME=PATH, or a path alone; what stands before `=` is no name where it has a slash. */
static gboolean add_item(LoadRequest *request, const VerbArgument *argument, GError **error)
{
	const char *equals = strchr(argument->text, '=');
	const char *slash = strchr(argument->text, '/');
	gboolean named = equals && !(slash && slash < equals);
	if (!*argument->text || (named && (equals == argument->text || !equals[1])))
		return fail(error, ERROR_USAGE,
			"expected NAME=PATH or a path, and neither of them empty, not \"%s\"",
			argument->text);
	if (!named) {
		g_autofree char *name = name_of_path(argument->text);
		load_request_add(request, name, argument->text, argument->run);
		return TRUE;
	}
	g_autofree char *name = g_strndup(argument->text, (gsize)(equals - argument->text));
	load_request_add(request, name, equals + 1, argument->run);
	return TRUE;
}

static gboolean add_items(const VerbOptions *options, LoadRequest *request, GError **error)
{
	const char *store = verb_argument(options, 0);
	for (guint i = 0; i < options->arguments->len; i++) {
		const VerbArgument *argument = options->arguments->pdata[i];
		if (argument->text != store && !add_item(request, argument, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_renames(const VerbOptions *options, LoadRequest *request, GError **error)
{
	for (char **rule = options->rename; rule && *rule; rule++)
		g_ptr_array_add(request->renames, g_strdup(*rule));
	return request->renames->len == 0 || request->items->len > 0 ||
	       fail_at(error, ERROR_USAGE,
		       (Place){.remedy = "name them again, as NAME=PATH or --run NAME=DIR"},
		       "--rename is for the checkpoints that the same command names");
}

static gboolean weights_mode(const VerbOptions *options, WeightsMode *mode, GError **error)
{
	*mode = WEIGHTS_AUTOMATIC;
	if (!options->weights)
		return TRUE;
	*mode = g_str_equal(options->weights, "copy") ? WEIGHTS_COPY : WEIGHTS_LINK;
	if (*mode == WEIGHTS_LINK && !g_str_equal(options->weights, "link"))
		return fail(error, ERROR_USAGE, "--weights takes copy or link, not %s",
			options->weights);
	return TRUE;
}

static LoadRequest *request_new(const VerbOptions *options, GError **error)
{
	g_autoptr(LoadRequest) request = load_request_new();
	if (!weights_mode(options, &request->weights, error) || !add_items(options, request, error))
		return NULL;
	if (options->base && !*options->base) {
		fail(error, ERROR_USAGE, "--base takes a path, not an empty one");
		return NULL;
	}
	request->base = g_strdup(options->base);
	request->threads = (guint)options->threads;
	request->budget = verb_budget(options);
	for (char **name = options->drop; name && *name; name++)
		g_ptr_array_add(request->drop, g_strdup(*name));
	return add_renames(options, request, error) ? g_steal_pointer(&request) : NULL;
}

/* The store at a path, or a new one where there is none and a base is given. */
static Store *open_or_new(const VerbOptions *options, GError **error)
{
	const char *path = verb_argument(options, 0);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return store_open(path, error);
	if (options->base)
		return store_new(path);
	fail_at(error, ERROR_USAGE,
		(Place){.file = path, .remedy = "name the base with --base PATH"},
		"the store does not exist yet, and a new one needs a base");
	return NULL;
}

static cJSON *result_json(const Store *store, const Load *load)
{
	cJSON *result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "store", store->path);
	cJSON *list = cJSON_AddArrayToObject(result, "checkpoints");
	for (guint i = 0; i < collection_members(store->collection); i++)
		cJSON_AddItemToArray(list, contents_member_json(store, i));
	json_add_uint(result, "bytes_read", load_bytes(load));
	json_add_uint(result, "bytes_copied", load_bytes_copied(load));
	cJSON_AddStringToObject(result, "weights", contents_weights(store));
	return result;
}

static gboolean run_load(Job *job, gpointer data, GError **error)
{
	return load_run(data, job, error);
}

static gboolean finish(const VerbOptions *options, Store *store, Load *load, GError **error)
{
	g_autoptr(Job) job = job_new("load", run_load, NULL, load, NULL);
	if (!job_run(job, error) || !load_finish(load, error))
		return FALSE;
	g_autofree char *summary = load_summary(load);
	return verb_print_sentence(options, result_json(store, load), summary, error);
}

static int run(const VerbOptions *options, GError **error)
{
	g_autoptr(LoadRequest) request = request_new(options, error);
	if (!request)
		return 0;
	g_autoptr(Store) store = open_or_new(options, error);
	if (!store)
		return 0;
	g_autoptr(Load) load = load_begin(store, request, error);
	if (load)
		finish(options, store, load, error);
	return 0;
}

const Verb verb_load = {
	.name = "load",
	.arguments = "STORE [NAME=]PATH...",
	.help = "Bring checkpoints and runs into a store, or refresh it",
	.options = "base run drop rename weights",
	.least = 1,
	.most = G_MAXUINT,
	.run = run,
};
