/* test.h - what the unit tests share: where the sources lie, scratch folders, small checkpoints. */
#ifndef TAUSCOPE_TEST_H
#define TAUSCOPE_TEST_H

#include "core/dtype.h"
#include "core/error.h"

#include <glib.h>

/* The path of a file of the source tree; g_free. */
char *test_source(const char *relative);
/* A new folder that test_folder_remove deletes with all that is in it; g_free. */
char *test_folder(void);
void test_folder_remove(char *folder);

/* One tensor of a checkpoint that a test writes.  The values are encoded into the type; of integers
 * and bool they are whole numbers from 0 to 255. */
typedef struct {
	const char *name;
	Dtype dtype;
	guint rank;
	guint64 shape[4];
	const double *values; /* NULL: zeros */
} TestTensor;

/* Writes a safetensors file, tensors in the order given. */
void test_write_safetensors(const char *path, const TestTensor *tensors, guint n);
/* Writes raw bytes to a file. */
void test_write(const char *path, const void *bytes, gsize length);

/* Fails the test with the error's sentence where there is one. */
#define test_no_error(error) g_assert_no_error(error)
/* Asserts that an error is of our domain and code, and that its message holds a text. */
void test_error(const GError *error, int code, const char *text);

#endif
