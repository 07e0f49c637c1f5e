/* model_plan.c - everything about a write that is settled before a byte is written. */
#include "export/model_plan.h"

#include "checkpoint/folder.h"
#include "core/error.h"
#include "core/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SUFFIX ".safetensors"

static const Checkpoint *base_of(const ModelRequest *request)
{
	return collection_member(request->collection, 0)->checkpoint;
}

static gboolean is_folder_name(const char *output)
{
	return g_str_has_suffix(output, "/") || g_file_test(output, G_FILE_TEST_IS_DIR);
}

/* The path without the slashes at its end. */
static char *without_slashes(const char *path)
{
	gsize length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return g_strndup(path, length);
}

/* A folder with a config looks like a whole model to whatever loads it. */
static gboolean check_part(const ModelRequest *request, GError **error)
{
	return request->part == MODEL_WHOLE ||
	       fail_at(error, ERROR_USAGE,
		       (Place){.file = request->output,
			       .remedy = "name a file that ends in " SUFFIX},
		       "a part of a model goes into one file, not into a folder");
}

static gboolean plan_folder(ModelPlan *plan, const ModelRequest *request, GError **error)
{
	if (!check_part(request, error))
		return FALSE;
	plan->folder = without_slashes(request->output);
	plan->new_folder = !g_file_test(plan->folder, G_FILE_TEST_EXISTS);
	plan->recipe = request->write_recipe ? g_strdup("recipe.json") : NULL;
	plan->layout = layout_new_like_base(request, error);
	return plan->layout != NULL;
}

gboolean *model_plan_tensors(const ModelRequest *request)
{
	guint tensors = collection_tensors(request->collection);
	if (request->part == MODEL_WHOLE)
		return NULL;
	gboolean *acting = g_new0(gboolean, tensors + 1);
	for (guint i = 0; i < tensors; i++)
		acting[i] = collection_is_float(request->collection, i) &&
			    expression_acts(request->collection, request->edit, i);
	return acting;
}

/* A file without tensors could be loaded nowhere. */
static gboolean check_any(const ModelPlan *plan, GError **error)
{
	return layout_tensors(plan->layout) > 0 ||
	       fail(error, ERROR_ANSWER_NO,
		       "the edit changes no tensor, so there is no part of the model to write");
}

static gboolean plan_layout(ModelPlan *plan, const ModelRequest *request, const char *name,
	const gboolean *changed, GError **error)
{
	g_autofree gboolean *acting = model_plan_tensors(request);
	plan->layout = layout_new_single(request, changed ? changed : acting, name, error);
	return plan->layout && (!acting || check_any(plan, error));
}

static gboolean plan_file(
	ModelPlan *plan, const ModelRequest *request, const gboolean *changed, GError **error)
{
	if (!g_str_has_suffix(request->output, SUFFIX))
		return fail_at(error, ERROR_USAGE, (Place){.file = request->output},
			"the output must end in " SUFFIX ", or in / for a folder");
	g_autofree char *name = g_path_get_basename(request->output);
	gsize stem = strlen(name) - strlen(SUFFIX);
	plan->folder = g_path_get_dirname(request->output);
	if (request->write_recipe)
		plan->recipe = g_strdup_printf("%.*s.recipe.json", (int)stem, name);
	return plan_layout(plan, request, name, changed, error);
}

static void plan_copies(ModelPlan *plan, const ModelRequest *request)
{
	const Checkpoint *base = base_of(request);
	plan->copies = model_copies(request, plan->layout, plan->notes, plan->warnings);
	if (base->directory && !g_file_test(base->directory, G_FILE_TEST_IS_DIR))
		plan->missing_side = g_strdup(base->directory);
}

char *model_plan_path(const ModelPlan *plan, const char *name)
{
	return g_str_equal(plan->folder, ".") ? g_strdup(name)
					      : g_build_filename(plan->folder, name, NULL);
}

/* Whether a path leads to a file of any checkpoint that is loaded. */
static gboolean is_checkpoint_file(const Checkpoint *checkpoint, const struct stat *status)
{
	for (guint i = 0; i < checkpoint->files->len; i++) {
		const File *file = ((const CheckpointFile *)checkpoint->files->pdata[i])->file;
		if (file && file->inode == status->st_ino && file->device == status->st_dev)
			return TRUE;
	}
	return FALSE;
}

static gboolean leads_to(const char *path, const struct stat *status)
{
	struct stat own;
	return stat(path, &own) == 0 && own.st_ino == status->st_ino &&
	       own.st_dev == status->st_dev;
}

static gboolean any_leads_to(const GPtrArray *paths, const struct stat *status)
{
	for (guint i = 0; i < paths->len; i++)
		if (leads_to(paths->pdata[i], status))
			return TRUE;
	return FALSE;
}

static gboolean any_copy_leads_to(const ModelPlan *plan, const struct stat *status)
{
	for (guint i = 0; plan->copies && i < plan->copies->len; i++)
		if (leads_to(((const ModelCopy *)plan->copies->pdata[i])->path, status))
			return TRUE;
	return FALSE;
}

static gboolean is_input(
	const ModelRequest *request, const ModelPlan *plan, const struct stat *status)
{
	for (guint i = 0; i < collection_members(request->collection); i++)
		if (is_checkpoint_file(
			    collection_member(request->collection, i)->checkpoint, status))
			return TRUE;
	return any_copy_leads_to(plan, status) ||
	       (request->kept && any_leads_to(request->kept, status));
}

static gboolean fail_input(const char *path, GError **error)
{
	return fail_at(error, ERROR_IO, (Place){.file = path, .remedy = "write to another place"},
		"it is one of the inputs, and inputs are never written to");
}

/* A file more in the folder of a checkpoint may change what is read from there the next time. */
static gboolean check_folder(const ModelRequest *request, const char *folder, GError **error)
{
	struct stat status;
	if (stat(folder, &status))
		return TRUE;
	for (guint i = 0; i < collection_members(request->collection); i++) {
		const char *own = collection_member(request->collection, i)->checkpoint->directory;
		if (own && leads_to(own, &status))
			return fail_input(folder, error);
	}
	return TRUE;
}

static gboolean check_name(
	const ModelRequest *request, const ModelPlan *plan, const char *name, GError **error)
{
	struct stat status;
	g_autofree char *path = model_plan_path(plan, name);
	if (stat(path, &status))
		return TRUE;
	if (is_input(request, plan, &status))
		return fail_input(path, error);
	if (request->replace)
		return TRUE;
	return fail_at(error, ERROR_IO,
		(Place){.file = path, .remedy = "say --overwrite to replace it"}, "exists");
}

static gboolean check_names(const ModelRequest *request, const ModelPlan *plan, GError **error)
{
	for (guint i = 0; i < plan->layout->files->len; i++) {
		const LayoutFile *file = plan->layout->files->pdata[i];
		if (!check_name(request, plan, file->name, error))
			return FALSE;
	}
	for (guint i = 0; plan->copies && i < plan->copies->len; i++) {
		const ModelCopy *copy = plan->copies->pdata[i];
		g_autofree char *name = g_path_get_basename(copy->path);
		if (!check_name(request, plan, name, error))
			return FALSE;
	}
	if (plan->layout->new_index && !check_name(request, plan, LAYOUT_INDEX, error))
		return FALSE;
	return !plan->recipe || check_name(request, plan, plan->recipe, error);
}

/* What the weights of the folder are to be opened by; g_free. */
static char *entrance(const Layout *layout)
{
	if (layout->index)
		return g_path_get_basename(layout->index);
	return g_strdup(layout->new_index ? LAYOUT_INDEX
					  : ((const LayoutFile *)layout->files->pdata[0])->name);
}

/* Weights of another layout that lie in the folder already may be what a loader takes. */
static gboolean check_entrance(const ModelPlan *plan, GError **error)
{
	g_autoptr(GPtrArray) names = folder_names(plan->folder, error);
	if (!names)
		return FALSE;
	g_autofree char *own = entrance(plan->layout);
	if (!g_ptr_array_find_with_equal_func(names, own, g_str_equal, NULL))
		g_ptr_array_add(names, g_strdup(own));
	FolderWeights found = folder_weights(plan->folder, names);
	if (g_strcmp0(found.name, own) == 0)
		return TRUE;
	g_autofree char *path = found.name ? model_plan_path(plan, found.name) : NULL;
	return fail_at(error, ERROR_IO,
		(Place){.file = path ? path : plan->folder,
			.remedy = "move them away, or write to another folder"},
		"the weights here would be loaded in place of those written beside them");
}

static gboolean check_source(const ModelRequest *request, guint member, GError **error)
{
	const Checkpoint *checkpoint = collection_member(request->collection, member)->checkpoint;
	for (guint i = 0; i < checkpoint->files->len; i++) {
		const CheckpointFile *file = checkpoint->files->pdata[i];
		if (!file->file)
			return fail_at(error, ERROR_IO,
				(Place){.file = file->path,
					.remedy = "put it back, or load it again from where it is"},
				"the weights of %s are not there",
				collection_member(request->collection, member)->name);
	}
	return TRUE;
}

static gboolean check_sources(const ModelRequest *request, GError **error)
{
	g_autoptr(GArray) members = expression_members(request->edit);
	if (!check_source(request, 0, error))
		return FALSE;
	for (guint i = 0; i < members->len; i++)
		if (!check_source(request, g_array_index(members, guint, i), error))
			return FALSE;
	return TRUE;
}

/* A folder that is there already: the output's own, or the one that it is to be made in. */
static char *standing_folder(const ModelPlan *plan)
{
	return plan->new_folder ? g_path_get_dirname(plan->folder) : g_strdup(plan->folder);
}

gboolean model_plan_fail_space(const ModelPlan *plan, GError **error)
{
	struct statvfs status;
	g_autofree char *folder = standing_folder(plan);
	guint64 space = statvfs(folder, &status) ? 0 : (guint64)status.f_bavail * status.f_frsize;
	g_autofree char *needed = text_bytes(layout_bytes(plan->layout));
	g_autofree char *there = text_bytes(space);
	return fail_at(error, ERROR_IO,
		(Place){.file = folder, .remedy = "make room or write to another disk"},
		"needs %s, and %s is free here", needed, there);
}

static gboolean check_place(const ModelPlan *plan, GError **error)
{
	struct statvfs status;
	g_autofree char *folder = standing_folder(plan);
	if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
		return fail_at(error, ERROR_IO, (Place){.file = folder},
			"there is no such folder to write in");
	if (statvfs(folder, &status))
		return fail_system(error, folder, "cannot look for free space", errno);
	if (status.f_flag & ST_RDONLY)
		return fail_system(error, folder, "cannot write", EROFS);
	/* A file system that does not count its blocks does not tell. */
	if (status.f_blocks && layout_bytes(plan->layout) / status.f_frsize >= status.f_bavail)
		return model_plan_fail_space(plan, error);
	return TRUE;
}

static gboolean check_plan(const ModelRequest *request, const ModelPlan *plan, GError **error)
{
	return check_place(plan, error) &&
	       (!plan->copies || check_folder(request, plan->folder, error)) &&
	       check_names(request, plan, error) &&
	       (!plan->copies || plan->new_folder || check_entrance(plan, error)) &&
	       check_sources(request, error);
}

ModelPlan *model_plan_new(const ModelRequest *request, const gboolean *changed, GError **error)
{
	g_autoptr(ModelPlan) plan = g_new0(ModelPlan, 1);
	plan->notes = g_ptr_array_new_with_free_func(g_free);
	plan->warnings = g_ptr_array_new_with_free_func(g_free);
	gboolean folder = is_folder_name(request->output);
	if (!expression_check_scale(request->edit, request->scale, error))
		return NULL;
	if (!(folder ? plan_folder(plan, request, error)
		     : plan_file(plan, request, changed, error)))
		return NULL;
	if (folder)
		plan_copies(plan, request);
	return check_plan(request, plan, error) ? g_steal_pointer(&plan) : NULL;
}

void model_plan_free(ModelPlan *plan)
{
	if (!plan)
		return;
	g_free(plan->folder);
	layout_free(plan->layout);
	g_free(plan->recipe);
	g_clear_pointer(&plan->copies, g_ptr_array_unref);
	g_ptr_array_unref(plan->notes);
	g_ptr_array_unref(plan->warnings);
	g_free(plan->missing_side);
	g_free(plan);
}
