/* test_error.c - sentences, places, remedies and exit statuses. */
#include "core/error.h"
#include "test.h"

#include <errno.h>
#include <gio/gio.h>

static void test_sentence(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(fail(&error, ERROR_USAGE, "no task is named %s", "a\x1b[31mb"));
	test_error(error, ERROR_USAGE, "no task is named a?[31mb");
	g_assert_null(error_file(error));
	g_assert_cmpint(error_exit_status(error), ==, 2);
	g_assert_false(fail(NULL, ERROR_USAGE, "nobody listens"));
}

static void test_place(void)
{
	g_autoptr(GError) error = NULL;
	Place place = {.file = "m.safetensors", .tensor = "fc1", .remedy = "leave it out"};
	fail_at(&error, ERROR_INPUT, place, "has %d elements", 3);
	g_autoptr(GError) copy = g_error_copy(error);
	g_assert_cmpstr(
		copy->message, ==, "m.safetensors: tensor fc1: has 3 elements; leave it out");
	g_assert_cmpstr(error_file(copy), ==, "m.safetensors");
	g_assert_cmpstr(error_tensor(copy), ==, "fc1");
	g_assert_cmpstr(error_remedy(copy), ==, "leave it out");
}

static void test_system(void)
{
	g_autoptr(GError) error = NULL;
	fail_system(&error, "out", "cannot write", ENOSPC);
	test_error(error, ERROR_IO, "out: cannot write: ");
	test_error(error, ERROR_IO, "free some space");
}

static void test_other_domain(void)
{
	g_autoptr(GError) error = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "broken");
	g_assert_null(error_file(error));
	g_assert_null(error_remedy(NULL));
	g_assert_cmpint(error_exit_status(error), ==, ERROR_IO);
	g_assert_cmpint(error_exit_status(NULL), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/error/sentence", test_sentence);
	g_test_add_func("/error/place", test_place);
	g_test_add_func("/error/system", test_system);
	g_test_add_func("/error/other-domain", test_other_domain);
	return g_test_run();
}
