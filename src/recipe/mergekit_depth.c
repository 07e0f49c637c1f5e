/* mergekit_depth.c - which layers the base has, as a recipe of mergekit counts them. */
#include "recipe/mergekit_private.h"

#include "edit/linear.h"

#include <string.h>

/* The number that a layer's name ends in, as a word; *stem is the length of what stands before it.
 * "conv1" is no layer to mergekit. */
static gboolean layer_number(const char *layer, gsize *stem, guint *number)
{
	gsize length = strlen(layer);
	*stem = length;
	while (*stem > 0 && g_ascii_isdigit(layer[*stem - 1]))
		(*stem)--;
	if (*stem == length || length - *stem > 6 || (*stem > 0 && layer[*stem - 1] != '.'))
		return FALSE;
	*number = (guint)g_ascii_strtoull(layer + *stem, NULL, 10);
	return TRUE;
}

/* One run of layers. */
typedef struct {
	char *stem;
	guint least, most;
} Stack;

static void stack_free(gpointer data)
{
	Stack *stack = data;
	g_free(stack->stem);
	g_free(stack);
}

static void count_layer(GPtrArray *stacks, const char *layer, gsize length, guint number)
{
	for (guint i = 0; i < stacks->len; i++) {
		Stack *stack = stacks->pdata[i];
		if (strlen(stack->stem) != length || strncmp(stack->stem, layer, length) != 0)
			continue;
		stack->least = MIN(stack->least, number);
		stack->most = MAX(stack->most, number);
		return;
	}
	Stack *stack = g_new0(Stack, 1);
	*stack = (Stack){g_strndup(layer, length), number, number};
	g_ptr_array_add(stacks, stack);
}

static GPtrArray *find_stacks(const Depth *depth)
{
	GPtrArray *stacks = g_ptr_array_new_with_free_func(stack_free);
	const Collection *collection = depth->collection;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		gsize stem;
		guint number;
		depth->number[i] = -1;
		if (!layer_number(collection->layer[i], &stem, &number))
			continue;
		depth->number[i] = (gint)number;
		count_layer(stacks, collection->layer[i], stem, number);
	}
	return stacks;
}

char *depth_range(const char *stem, guint first, guint end)
{
	if (end - first == 1)
		return g_strdup_printf("%s%u", stem, first);
	return g_strdup_printf("%s%u-%u", stem, first, end - 1);
}

static char *stacks_pattern(const GPtrArray *stacks)
{
	g_autoptr(GString) pattern = g_string_new(NULL);
	for (guint i = 0; i < stacks->len; i++) {
		const Stack *stack = stacks->pdata[i];
		g_autofree char *range = depth_range(stack->stem, stack->least, stack->most + 1);
		g_string_append_printf(pattern, "%s%s", i ? "," : "", range);
	}
	return g_string_free(g_steal_pointer(&pattern), FALSE);
}

Depth *depth_new(const Collection *collection)
{
	guint tensors = collection_tensors(collection);
	Depth *depth = g_new0(Depth, 1);
	depth->collection = collection;
	depth->number = g_new0(gint, tensors + 1);
	depth->after = g_new0(guint8, tensors + 1);
	depth->place = linear_places(collection);
	g_autoptr(GPtrArray) stacks = find_stacks(depth);
	for (guint i = 0; i < tensors; i++)
		depth->after[i] = depth->number[i] < 0 && depth->place[i] > 0;
	depth->stacks = stacks->len;
	depth->pattern = stacks->len ? stacks_pattern(stacks) : NULL;
	if (stacks->len == 1) {
		const Stack *only = stacks->pdata[0];
		depth->stem = g_strdup(only->stem);
		depth->layers = only->most + 1;
	}
	return depth;
}

void depth_free(Depth *depth)
{
	if (!depth)
		return;
	g_free(depth->stem);
	g_free(depth->pattern);
	g_free(depth->number);
	g_free(depth->after);
	g_free(depth->place);
	g_free(depth);
}
