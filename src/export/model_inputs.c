/* model_inputs.c - whether the inputs of an export stayed what they were while it was written.
 *
 * A linked source can be written to by another program while its blocks are read; a model made of
 * old and new blocks would bear a recipe that does not make it. */
#include "export/model_inputs.h"

#include "core/error.h"

#include <sys/stat.h>

typedef struct {
	File *file;
	struct stat status;
} Input;

struct ModelInputs {
	GArray *inputs; /* of Input */
};

static void input_clear(gpointer data)
{
	file_close(((Input *)data)->file);
}

static gboolean same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void look_at(ModelInputs *inputs, const Checkpoint *checkpoint)
{
	for (guint i = 0; i < checkpoint->files->len; i++) {
		File *file = ((const CheckpointFile *)checkpoint->files->pdata[i])->file;
		Input input = {.file = file};
		if (!file || fstat(file->fd, &input.status))
			continue;
		file_ref(file);
		g_array_append_val(inputs->inputs, input);
	}
}

static void look_at_member(ModelInputs *inputs, const ModelRequest *request, guint member)
{
	look_at(inputs, collection_member(request->collection, member)->checkpoint);
}

/* One that cannot be opened is told by the method that wants it. */
static void look_at_masks(ModelInputs *inputs, const Recipe *recipe)
{
	for (guint i = 0; i < recipe->inputs->len; i++) {
		const RecipeInput *input = recipe->inputs->pdata[i];
		gboolean mask = recipe_is_mask(input);
		g_autoptr(Checkpoint) checkpoint = mask ? checkpoint_open(input->path, NULL) : NULL;
		if (checkpoint)
			look_at(inputs, checkpoint);
	}
}

ModelInputs *model_inputs_look(const ModelRequest *request)
{
	ModelInputs *inputs = g_new0(ModelInputs, 1);
	g_autoptr(GArray) members = expression_members(request->edit);
	inputs->inputs = g_array_new(FALSE, FALSE, sizeof(Input));
	g_array_set_clear_func(inputs->inputs, input_clear);
	look_at_member(inputs, request, 0);
	for (guint i = 0; i < members->len; i++)
		look_at_member(inputs, request, g_array_index(members, guint, i));
	look_at_masks(inputs, request->recipe);
	return inputs;
}

void model_inputs_free(ModelInputs *inputs)
{
	g_array_unref(inputs->inputs);
	g_free(inputs);
}

gboolean model_inputs_unchanged(const ModelInputs *inputs, GError **error)
{
	for (guint i = 0; i < inputs->inputs->len; i++) {
		const Input *input = &g_array_index(inputs->inputs, Input, i);
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
