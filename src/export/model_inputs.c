/* model_inputs.c - whether the inputs of an export stayed what they were while it was written.
 *
 * A linked source can be written to by another program while its blocks are read; a model made of
 * old and new blocks would bear a recipe that does not make it. */
#include "export/model_inputs.h"

#include "core/error.h"

#include <sys/stat.h>

typedef struct {
	const File *file;
	struct stat status;
} Input;

static gboolean same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void look_at(ModelInputs *inputs, const Checkpoint *checkpoint)
{
	for (guint i = 0; i < checkpoint->files->len; i++) {
		Input input = {.file = ((const CheckpointFile *)checkpoint->files->pdata[i])->file};
		if (input.file && !fstat(input.file->fd, &input.status))
			g_array_append_val(inputs, input);
	}
}

ModelInputs *model_inputs_look(const ModelRequest *request)
{
	ModelInputs *inputs = g_array_new(FALSE, FALSE, sizeof(Input));
	g_autoptr(GArray) members = expression_members(request->edit);
	look_at(inputs, collection_member(request->collection, 0)->checkpoint);
	for (guint i = 0; i < members->len; i++)
		look_at(inputs,
			collection_member(request->collection, g_array_index(members, guint, i))
				->checkpoint);
	return inputs;
}

gboolean model_inputs_unchanged(const ModelInputs *inputs, GError **error)
{
	for (guint i = 0; i < inputs->len; i++) {
		const Input *input = &g_array_index(inputs, Input, i);
		struct stat now;
		if (fstat(input->file->fd, &now) || now.st_size != input->status.st_size ||
			!same_time(now.st_mtim, input->status.st_mtim))
			return fail_at(error, ERROR_INPUT,
				(Place){.file = input->file->path,
					.remedy = "load it again, then export"},
				"the file was written to while the model was made of it");
	}
	return TRUE;
}
