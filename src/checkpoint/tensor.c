/* tensor.c - see tensor.h. */
#include "checkpoint/tensor.h"

#include <inttypes.h>
#include <string.h>

void tensor_clear(Tensor *tensor)
{
	g_clear_pointer(&tensor->name, g_free);
	g_clear_pointer(&tensor->shape, g_free);
	g_clear_pointer(&tensor->source, source_unref);
}

Tensor tensor_copy(const Tensor *tensor)
{
	Tensor copy = *tensor;
	copy.name = g_strdup(tensor->name);
	copy.shape = g_memdup2(tensor->shape, tensor->rank * sizeof *tensor->shape);
	if (tensor->source != NULL)
		source_ref(tensor->source);
	return copy;
}

const char *tensor_type(const Tensor *tensor)
{
	return tensor->stored_type != NULL ? tensor->stored_type : dtype_info(tensor->dtype)->name;
}

gboolean tensor_same_shape(const Tensor *a, const Tensor *b)
{
	return a->rank == b->rank &&
	       (a->rank == 0 || memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0);
}

char *tensor_shape_text(const Tensor *tensor)
{
	if (tensor->rank == 0)
		return g_strdup("scalar");
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < tensor->rank; i++)
		g_string_append_printf(text, "%s%" PRIu64, i > 0 ? " x " : "", tensor->shape[i]);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
