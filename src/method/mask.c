/* mask.c - masks that were drawn before, kept as bits: an eighth of a byte for an element, so that
 * reading them again for every block of an edit is not needed, nor can it fail there. */
#include "method/mask.h"

#include "checkpoint/checkpoint.h"
#include "core/error.h"
#include "edit/method.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Elements that are read at a time; a multiple of 8. */
#define CHUNK 4096u
#define SEPARATOR "::"

struct Masks {
	guint tensors, inputs;
	guint8 **bits; /* [tensors][inputs] */
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
	for (gsize i = 0; i < (gsize)masks->tensors * masks->inputs; i++)
		g_free(masks->bits[i]);
	g_free(masks->bits);
	g_free(masks);
}

const guint8 *masks_bits(const Masks *masks, guint tensor, guint input)
{
	return masks->bits[(gsize)tensor * masks->inputs + input];
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

/* Sets bits from a run of elements that begins on a byte of them. */
static gboolean set_bits(const double *values, guint64 n, guint8 *bits)
{
	for (guint64 i = 0; i < n; i++) {
		if (isnan(values[i]))
			return FALSE;
		if (values[i] != 0)
			bits[i / 8] = (guint8)(bits[i / 8] | 1u << (i % 8));
	}
	return TRUE;
}

static gboolean read_bits(const Checkpoint *checkpoint, guint number, guint8 *bits, GError **error)
{
	const Tensor *mask = checkpoint_tensor(checkpoint, number);
	Place place = {checkpoint->path, mask->name, "write 1 where an element survives, else 0"};
	double values[CHUNK];
	for (guint64 at = 0, n; at < mask->elements; at += n) {
		n = MIN(mask->elements - at, CHUNK);
		if (!checkpoint_read_double(checkpoint, number, at, n, values, error))
			return FALSE;
		if (!set_bits(values, n, bits + at / 8))
			return fail_at(error, ERROR_INPUT, place, "the mask holds NaN");
	}
	return TRUE;
}

static gboolean read_mask(
	const Origin *origin, const Tensor *tensor, guint input, guint8 **bits, GError **error)
{
	g_autofree char *name = NULL;
	gint found = find_mask(origin, tensor->name, input, &name);
	if (!check_mask(origin, tensor, found, name, error))
		return FALSE;
	*bits = g_try_malloc0(tensor->elements / 8 + 1);
	if (!*bits)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = origin->checkpoint->path, .tensor = name},
			"the mask is more than memory can hold");
	return read_bits(origin->checkpoint, (guint)found, *bits, error);
}

static gboolean read_tensor(Masks *masks, const Origin *origin, const Collection *collection,
	const Node *call, guint tensor, GError **error)
{
	guint8 **bits = masks->bits + (gsize)tensor * masks->inputs;
	for (guint i = 0; i < masks->inputs; i++)
		if (expression_acts(collection, method_body(call, i), tensor) &&
			!read_mask(
				origin, collection_tensor(collection, tensor), i, &bits[i], error))
			return FALSE;
	return TRUE;
}

Masks *masks_read(const Collection *collection, const Node *call, const char *text, GError **error)
{
	g_auto(Origin) origin = {0};
	if (!origin_open(&origin, text, error))
		return NULL;
	g_autoptr(Masks) masks = g_new0(Masks, 1);
	masks->tensors = collection_tensors(collection);
	masks->inputs = call->children->len;
	masks->bits = g_new0(guint8 *, (gsize)masks->tensors * masks->inputs);
	for (guint i = 0; i < masks->tensors; i++)
		if (collection_is_float(collection, i) &&
			collection_tensor(collection, i)->elements > 0 &&
			!read_tensor(masks, &origin, collection, call, i, error))
			return NULL;
	return g_steal_pointer(&masks);
}
