/* function.c - the table of the functions of the language.
 *
 * A new function is one row here. */
#include "edit/expression.h"

static double divisor_one(guint arguments)
{
	(void)arguments;
	return 1;
}

static double divisor_count(guint arguments)
{
	return arguments;
}

const EditFunction edit_functions[] = {
	{"mean", "the mean of task vectors: mean(a, b, c)", 1, G_MAXUINT, divisor_count},
	{"sum", "the sum of task vectors: sum(a, b, c)", 1, G_MAXUINT, divisor_one},
	{0},
};

const EditFunction *edit_function(const char *name)
{
	for (const EditFunction *function = edit_functions; function->name; function++)
		if (g_str_equal(function->name, name))
			return function;
	return NULL;
}
