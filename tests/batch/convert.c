/* convert.c - write a checkpoint of float32 again in another format, for tests written in shell.
 *
 *     convert FORMAT FROM TO [PREFIX [BASE]]
 *
 * PREFIX stands before all names; what FROM has more than BASE is written where BASE is given.  The
 * formats are those of tests/unit/formats.h, and "values": nothing but the numbers, tensors in the
 * order of their names' bytes. */
#include "../unit/formats.h"

#include <stdio.h>

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(((const TestTensor *)a)->name, ((const TestTensor *)b)->name);
}

static void write_values(const char *path, const TestTensor *tensors, guint n)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree TestTensor *sorted = g_memdup2(tensors, n * sizeof *tensors);
	qsort(sorted, n, sizeof *sorted, by_name);
	for (guint i = 0; i < n; i++)
		test_append(bytes, test_floats(&sorted[i], FALSE, FALSE));
	test_write(path, bytes->data, bytes->len);
}

static const TestFormat values = {"values", "", NULL, write_values};

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 6) {
		fprintf(stderr, "convert FORMAT FROM TO [PREFIX [BASE]]\n");
		return ERROR_USAGE;
	}
	g_autoptr(Checkpoint) from = test_open(argv[2]);
	g_autoptr(Checkpoint) base = argc > 5 ? test_open(argv[5]) : NULL;
	g_auto(TestTensors) tensors = test_tensors_of(from, argc > 4 ? argv[4] : "");
	gboolean bare = g_str_equal(argv[1], values.name);
	if (base)
		test_tensors_subtract(&tensors, base);
	test_tensors_write(&tensors, bare ? &values : test_format(argv[1]), argv[3]);
	return 0;
}
