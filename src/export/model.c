/* model.c - write an edited checkpoint: the base's layout, types and sharding, streamed and atomic.
 *
 * All files are written whole under temporary names before the first is renamed, so that a failure
 * or a cancelled job leaves what was there before. */
#include "export/model.h"

#include "core/error.h"
#include "edit/warning.h"
#include "export/model_inputs.h"
#include "export/model_finite.h"
#include "export/model_folder.h"
#include "export/model_plan.h"
#include "export/model_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define COPY_BYTES (1u << 20)

/* A write on its way; freeing it removes what is not committed. */
typedef struct {
	const ModelRequest *request;
	ModelPlan *plan;
	NewFolder *folder;  /* where the output is a new folder; or NULL */
	GPtrArray *outputs; /* of Output: the layout's files, then copies, then the recipe */
	ModelReport *report;
} Writing;

void model_report_free(ModelReport *report)
{
	if (!report)
		return;
	g_ptr_array_unref(report->files);
	g_ptr_array_unref(report->warnings);
	g_free(report);
}

static ModelReport *report_new(void)
{
	ModelReport *report = g_new0(ModelReport, 1);
	report->files = g_ptr_array_new_with_free_func(g_free);
	report->warnings = g_ptr_array_new_with_free_func(g_free);
	return report;
}

static void writing_free(Writing *writing)
{
	g_ptr_array_unref(writing->outputs);
	new_folder_free(writing->folder);
	model_plan_free(writing->plan);
	model_report_free(writing->report);
	g_free(writing);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Writing, writing_free)

/* Opens one more output; in a new folder under that folder's temporary name. */
static Output *add_output(Writing *writing, const char *name, GError **error)
{
	const char *folder = writing->folder ? writing->folder->temporary : writing->plan->folder;
	g_autofree char *path = g_build_filename(folder, name, NULL);
	Output *output = output_create(path, writing->request->replace, error);
	if (!output)
		return NULL;
	g_ptr_array_add(writing->outputs, output);
	g_ptr_array_add(writing->report->files, model_plan_path(writing->plan, name));
	return output;
}

/* Takes the space at once, so that a full disk fails before the work and not in it.  Where a file
 * system cannot, the writes themselves will tell. */
static gboolean reserve(
	const Writing *writing, const LayoutFile *file, Output *output, GError **error)
{
	int result;
	do
		result = fallocate(output_fd(output), 0, 0, (off_t)file->bytes);
	while (result && errno == EINTR);
	if (!result || errno == EOPNOTSUPP || errno == ENOSYS)
		return TRUE;
	if (errno == ENOSPC || errno == EDQUOT)
		return model_plan_fail_space(writing->plan, error);
	g_autofree char *path = model_plan_path(writing->plan, file->name);
	return fail_system(error, path, "cannot reserve its space", errno);
}

static gboolean open_files(Writing *writing, GError **error)
{
	const GPtrArray *files = writing->plan->layout->files;
	for (guint i = 0; i < files->len; i++) {
		const LayoutFile *file = files->pdata[i];
		Output *output = add_output(writing, file->name, error);
		if (!output || !reserve(writing, file, output, error) ||
			!output_write(output, 0, file->header->str, file->header->len, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean copy_file(Writing *writing, const char *path, GError **error)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree guint8 *buffer = g_malloc(COPY_BYTES);
	g_autoptr(File) file = file_open(path, error);
	Output *output = file ? add_output(writing, name, error) : NULL;
	if (!output)
		return FALSE;
	for (guint64 at = 0; at < file->size; at += COPY_BYTES) {
		gsize length = (gsize)MIN(COPY_BYTES, file->size - at);
		if (!file_read(file, at, length, buffer, error) ||
			!output_write(output, at, buffer, length, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean copy_files(Writing *writing, GError **error)
{
	for (guint i = 0; i < writing->plan->copies->len; i++)
		if (!copy_file(writing, writing->plan->copies->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean write_text(Writing *writing, const char *name, const char *text, GError **error)
{
	Output *output = add_output(writing, name, error);
	return output && output_write(output, 0, text, strlen(text), error);
}

static gboolean write_index(Writing *writing, GError **error)
{
	const char *text = writing->plan->layout->new_index;
	return !text || write_text(writing, LAYOUT_INDEX, text, error);
}

static gboolean write_recipe(Writing *writing, GError **error)
{
	if (!writing->plan->recipe)
		return TRUE;
	g_autoptr(cJSON) json = recipe_to_json(writing->request->recipe);
	g_autofree char *text = json_text(json);
	return write_text(writing, writing->plan->recipe, text, error);
}

/* Streams the weights, and says where what was written is not finite. */
static gboolean write_weights(Writing *writing, Job *job, GError **error)
{
	const ModelRequest *request = writing->request;
	g_autofree guint64 *not_finite = g_new0(guint64, collection_tensors(request->collection));
	return model_stream(request, writing->plan->layout, writing->outputs,
		       &writing->report->changed, not_finite, job, error) &&
	       model_warn_not_finite(request, not_finite, writing->report->warnings, error);
}

static gboolean check_tensor(const Checkpoint *base, const LayoutTensor *row,
	const Checkpoint *written, const char *path, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(base, row->tensor);
	gint place = checkpoint_find(written, tensor->name);
	const Tensor *there = place < 0 ? NULL : checkpoint_tensor(written, (guint)place);
	if (there && there->dtype == tensor->dtype && there->offset == row->offset &&
		there->bytes == tensor->bytes && tensor_same_shape(there, tensor))
		return TRUE;
	return fail_at(error, ERROR_IO, (Place){.file = path, .tensor = tensor->name},
		"what was written does not read back as it should");
}

/* Reads the header back through the reader that others will read it with. */
static gboolean check_written(
	const Writing *writing, const LayoutFile *file, const Output *output, GError **error)
{
	const char *path = output_temporary(output);
	const Checkpoint *base = collection_member(writing->request->collection, 0)->checkpoint;
	g_autoptr(Checkpoint) written = checkpoint_new(path, NULL);
	if (!checkpoint_read_file(written, path, error) || !checkpoint_seal(written, error))
		return FALSE;
	for (guint i = 0; i < file->tensors->len; i++)
		if (!check_tensor(base, &g_array_index(file->tensors, LayoutTensor, i), written,
			    path, error))
			return FALSE;
	return TRUE;
}

static gboolean check_all_written(const Writing *writing, GError **error)
{
	const GPtrArray *files = writing->plan->layout->files;
	for (guint i = 0; i < files->len; i++)
		if (!check_written(writing, files->pdata[i], writing->outputs->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean commit(Writing *writing, GError **error)
{
	for (guint i = 0; i < writing->outputs->len; i++)
		if (!output_sync(writing->outputs->pdata[i], error))
			return FALSE;
	for (guint i = 0; i < writing->outputs->len; i++)
		if (!output_commit(writing->outputs->pdata[i], error))
			return FALSE;
	return !writing->folder || new_folder_commit(writing->folder, error);
}

static void finish_report(Writing *writing)
{
	ModelReport *report = writing->report;
	const Collection *collection = writing->request->collection;
	guint skipped = collection_member(collection, 0)->checkpoint->skipped->len;
	report->tensors = collection_tensors(collection);
	report->bytes = layout_bytes(writing->plan->layout);
	warning_add_left_out(report->warnings, collection, writing->request->edit);
	if (skipped)
		warning_add(report->warnings,
			"%u entr%s of the base's files %s, and not carried over: tauscope info "
			"lists them",
			skipped, skipped == 1 ? "y" : "ies",
			skipped == 1 ? "is no dense tensor" : "are no dense tensors");
	if (writing->plan->missing_side)
		warning_add(report->warnings,
			"the base's folder %s is gone, so its config and tokenizer are not copied",
			writing->plan->missing_side);
}

static void sweep_file(const ModelPlan *plan, const char *name)
{
	g_autofree char *path = model_plan_path(plan, name);
	file_sweep_leftovers(path);
}

/* What an export to this place left behind when it was killed. */
static void sweep_leftovers(const ModelPlan *plan)
{
	if (plan->new_folder)
		file_sweep_leftovers(plan->folder);
	else if (plan->recipe)
		sweep_file(plan, plan->recipe);
	for (guint i = 0; !plan->new_folder && i < plan->layout->files->len; i++) {
		const LayoutFile *file = plan->layout->files->pdata[i];
		sweep_file(plan, file->name);
	}
}

static Writing *writing_new(const ModelRequest *request, GError **error)
{
	g_autoptr(ModelPlan) plan = model_plan_new(request, error);
	NewFolder *folder = NULL;
	if (!plan)
		return NULL;
	sweep_leftovers(plan);
	if (plan->new_folder && !(folder = new_folder_create(plan->folder, error)))
		return NULL;
	Writing *writing = g_new0(Writing, 1);
	writing->request = request;
	writing->plan = g_steal_pointer(&plan);
	writing->folder = folder;
	writing->outputs = g_ptr_array_new_with_free_func((GDestroyNotify)output_free);
	writing->report = report_new();
	return writing;
}

ModelReport *model_write(const ModelRequest *request, Job *job, GError **error)
{
	g_autoptr(Writing) writing = writing_new(request, error);
	if (!writing)
		return NULL;
	g_autoptr(GArray) inputs = model_inputs_look(request);
	job_expect(job, checkpoint_bytes(collection_member(request->collection, 0)->checkpoint));
	if (!open_files(writing, error) || !write_weights(writing, job, error) ||
		!model_inputs_unchanged(inputs, error) || !check_all_written(writing, error) ||
		!copy_files(writing, error) || !write_index(writing, error) ||
		!write_recipe(writing, error) || !job_check(job, error) || !commit(writing, error))
		return NULL;
	finish_report(writing);
	return g_steal_pointer(&writing->report);
}

gboolean model_check(const ModelRequest *request, GError **error)
{
	g_autoptr(ModelPlan) plan = model_plan_new(request, error);
	return plan != NULL;
}

guint64 model_bytes(const ModelRequest *request)
{
	g_autoptr(Layout) layout = layout_new_single(
		collection_member(request->collection, 0)->checkpoint, "", request->recipe, NULL);
	return layout ? layout_bytes(layout) : 0;
}
