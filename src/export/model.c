/* model.c - write an edited checkpoint: the base's layout, types and sharding, streamed and atomic.
 *
 * All files are written whole under temporary names before the first is renamed, so that a failure
 * or a cancelled job leaves what was there before. */
#include "export/model.h"

#include "core/error.h"
#include "method/prepare.h"
#include "preview/warning.h"
#include "export/model_finite.h"
#include "export/model_folder.h"
#include "export/model_inputs.h"
#include "export/model_plan.h"
#include "export/model_type.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define COPY_BYTES (1u << 20)
/* A difference of weights has few of its own bits left in a narrower type. */
#define DIFFERENCE_BITS 32u

/* A write on its way; freeing it removes what is not committed. */
typedef struct {
	const ModelRequest *request;
	Prepared *prepared;
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
	g_ptr_array_unref(report->notes);
	g_ptr_array_unref(report->warnings);
	g_free(report);
}

static ModelReport *report_new(void)
{
	ModelReport *report = g_new0(ModelReport, 1);
	report->files = g_ptr_array_new_with_free_func(g_free);
	report->notes = g_ptr_array_new_with_free_func(g_free);
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
	int reason = output_reserve(output, file->bytes);
	if (reason == 0)
		return TRUE;
	if (reason == ENOSPC || reason == EDQUOT)
		return model_plan_fail_space(writing->plan, error);
	g_autofree char *path = model_plan_path(writing->plan, file->name);
	return fail_system(error, path, "cannot reserve its space", reason);
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

static gboolean write_text(Writing *writing, const char *name, const char *text, GError **error)
{
	Output *output = add_output(writing, name, error);
	return output && output_write(output, 0, text, strlen(text), error);
}

static gboolean copy_bytes(Writing *writing, const char *path, const char *name, GError **error)
{
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
	const GPtrArray *copies = writing->plan->copies;
	for (guint i = 0; copies && i < copies->len; i++) {
		const ModelCopy *copy = copies->pdata[i];
		g_autofree char *name = g_path_get_basename(copy->path);
		if (!(copy->text ? write_text(writing, name, copy->text, error)
				 : copy_bytes(writing, copy->path, name, error)))
			return FALSE;
	}
	return TRUE;
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

static guint count_changed(const ModelTensor *found, guint tensors)
{
	guint changed = 0;
	for (guint i = 0; i < tensors; i++)
		changed += found[i].changed ? 1 : 0;
	return changed;
}

/* Streams the weights, and says where what was written is not finite. */
static gboolean write_weights(Writing *writing, Job *job, GError **error)
{
	const ModelRequest *request = writing->request;
	guint tensors = collection_tensors(request->collection);
	g_autofree ModelTensor *found = g_new0(ModelTensor, tensors + 1);
	if (!model_stream(request, writing->prepared, writing->plan->layout, writing->outputs,
		    found, job, error))
		return FALSE;
	writing->report->changed = count_changed(found, tensors);
	return model_warn_not_finite(request, found, writing->report->warnings, error);
}

static gboolean check_tensor(const Checkpoint *base, const LayoutTensor *row,
	const Checkpoint *written, const char *path, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(base, row->tensor);
	gint place = checkpoint_find(written, tensor->name);
	const Tensor *there = place < 0 ? NULL : checkpoint_tensor(written, (guint)place);
	if (there && there->dtype == row->dtype && there->offset == row->offset &&
		there->bytes == row->bytes && tensor_same_shape(there, tensor))
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

static guint64 count_converted(const Writing *writing)
{
	const GPtrArray *files = writing->plan->layout->files;
	guint64 converted = 0;
	for (guint i = 0; i < files->len; i++) {
		const GArray *rows = ((const LayoutFile *)files->pdata[i])->tensors;
		for (guint j = 0; j < rows->len; j++) {
			const LayoutTensor *row = &g_array_index(rows, LayoutTensor, j);
			const Tensor *tensor =
				collection_tensor(writing->request->collection, row->tensor);
			converted += row->dtype != tensor->dtype ? 1 : 0;
		}
	}
	return converted;
}

/* What a type does to small differences, where that is more than a float of 32 bits does. */
static void warn_narrow(const ModelRequest *request, GPtrArray *warnings)
{
	guint narrow = 0, tensors = collection_tensors(request->collection);
	for (guint i = 0; i < tensors; i++)
		narrow += collection_is_float(request->collection, i) &&
			  dtype_info(model_dtype(request, i))->bits < DIFFERENCE_BITS;
	if (request->part == MODEL_TASK_VECTOR && narrow > 0)
		warning_add(warnings,
			"differences are rounded to a type of fewer than %u bits: --dtype=F32 "
			"keeps "
			"them",
			DIFFERENCE_BITS);
}

static void warn_skipped(const ModelRequest *request, GPtrArray *warnings)
{
	guint skipped = collection_member(request->collection, 0)->checkpoint->skipped->len;
	if (skipped && request->part == MODEL_WHOLE)
		warning_add(warnings,
			"%u entr%s of the base's files %s, and not carried over: tauscope info "
			"lists them",
			skipped, skipped == 1 ? "y" : "ies",
			skipped == 1 ? "is no dense tensor" : "are no dense tensors");
}

/* Moves the sentences. */
static void take_texts(GPtrArray *to, GPtrArray *from)
{
	g_ptr_array_extend_and_steal(to, g_ptr_array_ref(from));
}

static void finish_report(Writing *writing)
{
	ModelReport *report = writing->report;
	const ModelRequest *request = writing->request;
	ModelPlan *plan = writing->plan;
	report->tensors = layout_tensors(plan->layout);
	report->converted = count_converted(writing);
	report->bytes = layout_bytes(plan->layout);
	if (request->part == MODEL_WHOLE)
		warning_add_left_out(report->warnings, request->collection, request->edit);
	else
		warning_add_left_out_of_part(report->warnings, request->collection, request->edit);
	warn_narrow(request, report->warnings);
	warn_skipped(request, report->warnings);
	if (plan->missing_side)
		warning_add(report->warnings,
			"the base's folder %s is gone, so its config and tokenizer are not copied",
			plan->missing_side);
	take_texts(report->notes, plan->notes);
	take_texts(report->warnings, plan->warnings);
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

/* Takes the plan. */
static Writing *writing_new(
	const ModelRequest *request, Prepared *prepared, ModelPlan *of, GError **error)
{
	g_autoptr(ModelPlan) plan = of;
	NewFolder *folder = NULL;
	sweep_leftovers(plan);
	if (plan->new_folder && !(folder = new_folder_create(plan->folder, error)))
		return NULL;
	Writing *writing = g_new0(Writing, 1);
	writing->request = request;
	writing->prepared = prepared;
	writing->plan = g_steal_pointer(&plan);
	writing->folder = folder;
	writing->outputs = g_ptr_array_new_with_free_func((GDestroyNotify)output_free);
	writing->report = report_new();
	return writing;
}

/* Looks which tensors the edit changes; the new plan is to write these alone. */
static gboolean plan_changed(
	const ModelRequest *request, Prepared *prepared, ModelPlan **plan, Job *job, GError **error)
{
	guint tensors = collection_tensors(request->collection);
	g_autofree ModelTensor *found = g_new0(ModelTensor, tensors + 1);
	g_autofree gboolean *changed = g_new0(gboolean, tensors + 1);
	if (!model_stream(request, prepared, (*plan)->layout, NULL, found, job, error))
		return FALSE;
	for (guint i = 0; i < tensors; i++)
		changed[i] = found[i].changed;
	model_plan_free(*plan);
	*plan = model_plan_new(request, changed, error);
	return *plan != NULL;
}

static gboolean write_files(Writing *writing, const ModelInputs *inputs, Job *job, GError **error)
{
	return open_files(writing, error) && write_weights(writing, job, error) &&
	       model_inputs_unchanged(inputs, error) && check_all_written(writing, error) &&
	       copy_files(writing, error) && write_index(writing, error) &&
	       write_recipe(writing, error) && job_check(job, error) && commit(writing, error);
}

ModelReport *model_write(const ModelRequest *request, Job *job, GError **error)
{
	g_autoptr(ModelPlan) plan = model_plan_new(request, NULL, error);
	if (!plan)
		return NULL;
	gboolean twice = request->part == MODEL_CHANGED;
	g_autoptr(ModelInputs) inputs = model_inputs_look(request);
	job_expect_more(job, layout_tensor_bytes(plan->layout) * (twice ? 2 : 1));
	PrepareRequest prepare = model_prepare(request);
	g_autoptr(Prepared) prepared = prepare_weights(&prepare, job, error);
	if (!prepared || (twice && !plan_changed(request, prepared, &plan, job, error)))
		return NULL;
	g_autoptr(Writing) writing = writing_new(request, prepared, g_steal_pointer(&plan), error);
	if (!writing || !write_files(writing, inputs, job, error))
		return NULL;
	finish_report(writing);
	return g_steal_pointer(&writing->report);
}

gboolean model_check(const ModelRequest *request, GError **error)
{
	g_autoptr(ModelPlan) plan = model_plan_new(request, NULL, error);
	return plan != NULL;
}

guint64 model_bytes(const ModelRequest *request)
{
	g_autofree gboolean *chosen = model_plan_tensors(request);
	g_autoptr(Layout) layout = layout_new_single(request, chosen, "", NULL);
	return layout ? layout_bytes(layout) : 0;
}
