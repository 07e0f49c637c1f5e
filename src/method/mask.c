/* mask.c - masks that were drawn before, read where they are wanted, so that they take no memory.
 */
#include "method/mask.h"

#include "checkpoint/checkpoint.h"
#include "core/error.h"
#include "edit/method.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Elements of which those at some places are picked at a time. */
#define CHUNK 4096u
#define SEPARATOR "::"

struct Masks {
	Checkpoint *checkpoint;
	guint inputs;
	gint *place; /* [tensors][inputs]: in the checkpoint; -1: the input does not act */
};

/* Where masks are looked for. */
typedef struct {
	Checkpoint *checkpoint;
	char *suffix; /* or NULL */
} Origin;

static void origin_clear(Origin *origin)
{
	g_clear_pointer(&origin->checkpoint, checkpoint_free);
	g_free(origin->suffix);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Origin, origin_clear)

void masks_free(Masks *masks)
{
	if (!masks)
		return;
	checkpoint_free(masks->checkpoint);
	g_free(masks->place);
	g_free(masks);
}

char *mask_path(const char *text)
{
	const char *separator = g_strrstr(text, SEPARATOR);
	return separator ? g_strndup(text, (gsize)(separator - text)) : g_strdup(text);
}

/* "FILE::SUFFIX", or "FILE". */
static gboolean origin_open(Origin *origin, const char *text, GError **error)
{
	const char *separator = g_strrstr(text, SEPARATOR);
	g_autofree char *path = mask_path(text);
	if (separator)
		origin->suffix = g_strdup(separator + strlen(SEPARATOR));
	origin->checkpoint = checkpoint_open(path, error);
	if (!origin->checkpoint)
		g_prefix_error(error, "the mask cannot be opened: ");
	return origin->checkpoint != NULL;
}

/* The position of an input's mask in the checkpoint, and its name (g_free); or -1. */
static gint find_mask(const Origin *origin, const char *tensor, guint input, char **name)
{
	if (origin->suffix)
		*name = g_strconcat(tensor, SEPARATOR, origin->suffix, NULL);
	else
		*name = g_strdup_printf("%s" SEPARATOR "%u", tensor, input);
	gint found = checkpoint_find(origin->checkpoint, *name);
	if (found >= 0 || origin->suffix)
		return found;
	g_free(*name);
	*name = g_strdup(tensor);
	return checkpoint_find(origin->checkpoint, *name);
}

static gboolean check_mask(
	const Origin *origin, const Tensor *tensor, gint found, const char *name, GError **error)
{
	Place place = {.file = origin->checkpoint->path, .tensor = name};
	if (found < 0) {
		place.remedy = "name its masks after the tensors of the base: NAME, or NAME::0 for "
			       "the first input";
		return fail_at(
			error, ERROR_INPUT, place, "there is no such mask for %s", tensor->name);
	}
	const Tensor *mask = checkpoint_tensor(origin->checkpoint, (guint)found);
	place.remedy = "take the masks that were drawn for this model";
	if (mask->elements != tensor->elements)
		return fail_at(error, ERROR_INPUT, place,
			"the mask has %" PRIu64 " elements and %s has %" PRIu64, mask->elements,
			tensor->name, tensor->elements);
	place.remedy = "write masks as U8, BOOL or a float type";
	if (dtype_info(mask->dtype)->class == CLASS_OPAQUE)
		return fail_at(
			error, ERROR_INPUT, place, "%s is no type of a mask", tensor_type(mask));
	return TRUE;
}

static gboolean find_input(
	const Origin *origin, const Tensor *tensor, guint input, gint *place, GError **error)
{
	g_autofree char *name = NULL;
	*place = find_mask(origin, tensor->name, input, &name);
	return check_mask(origin, tensor, *place, name, error);
}

static gboolean find_tensor(Masks *masks, const Origin *origin, const Collection *collection,
	const Node *call, guint tensor, GError **error)
{
	gint *place = masks->place + (gsize)tensor * masks->inputs;
	const Tensor *of = collection_tensor(collection, tensor);
	for (guint i = 0; i < masks->inputs; i++) {
		place[i] = -1;
		if (collection_is_float(collection, tensor) && of->elements > 0 &&
			expression_acts(collection, method_body(call, i), tensor) &&
			!find_input(origin, of, i, &place[i], error))
			return FALSE;
	}
	return TRUE;
}

Masks *masks_open(const Collection *collection, const Node *call, const char *text, GError **error)
{
	g_auto(Origin) origin = {0};
	if (!origin_open(&origin, text, error))
		return NULL;
	guint tensors = collection_tensors(collection);
	g_autoptr(Masks) masks = g_new0(Masks, 1);
	masks->inputs = call->children->len;
	masks->place = g_new(gint, (gsize)tensors * masks->inputs + 1);
	for (guint i = 0; i < tensors; i++)
		if (!find_tensor(masks, &origin, collection, call, i, error))
			return NULL;
	masks->checkpoint = g_steal_pointer(&origin.checkpoint);
	return g_steal_pointer(&masks);
}

/* Turns what was read into draws; FALSE where a value is NaN. */
static gboolean to_draws(double *values, guint64 n)
{
	guint64 numbers = 0;
	for (guint64 i = 0; i < n; i++) {
		numbers += values[i] == values[i];
		values[i] = values[i] != 0 ? MASK_SURVIVES : MASK_DROPPED;
	}
	return numbers == n;
}

static gboolean read_draws(const Checkpoint *checkpoint, guint place, guint64 first, guint64 n,
	double *draws, GError **error)
{
	Place at = {checkpoint->path, checkpoint_tensor(checkpoint, place)->name,
		"write 1 where an element survives, else 0"};
	return checkpoint_read_double(checkpoint, place, first, n, draws, error) &&
	       (to_draws(draws, n) || fail_at(error, ERROR_INPUT, at, "the mask holds NaN"));
}

static void drop_all(double *draws, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		draws[i] = MASK_DROPPED;
}

void masks_read(const Masks *masks, guint tensor, guint input, guint64 first, guint64 n,
	double *draws, Latch *failure)
{
	GError *error = NULL;
	gint place = masks->place[(gsize)tensor * masks->inputs + input];
	if (place >= 0 && read_draws(masks->checkpoint, (guint)place, first, n, draws, &error))
		return;
	if (error)
		latch_fail(failure, error);
	drop_all(draws, n);
}

void masks_read_at(const Masks *masks, guint tensor, guint input, const guint64 *places, guint64 n,
	double *draws, Latch *failure)
{
	double chunk[CHUNK];
	for (guint64 i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && places[end] - places[i] < CHUNK)
			end++;
		masks_read(masks, tensor, input, places[i], places[end - 1] - places[i] + 1, chunk,
			failure);
		for (guint64 k = i; k < end; k++)
			draws[k] = chunk[places[k] - places[i]];
	}
}
