/* test_mask.c - masks that were drawn before: found, applied, and refused where they do not fit. */
#include "merges.h"

#include "edit/method.h"
#include "method/mask.h"

/* Writes a checkpoint of masks and gives an edit that takes them: %s becomes its path. */
static char *with_mask(const Fixture *fixture, const char *format, const TestTensor *masks, guint n)
{
	g_autofree char *path = g_build_filename(fixture->folder, "mask.safetensors", NULL);
	g_auto(GStrv) parts = g_strsplit(format, "FILE", 2);
	test_write_safetensors(path, masks, n);
	return g_strjoin(path, parts[0], parts[1], NULL);
}

/* Masks of the tensors that a changes within the scope [vec*] or [conv*]. */
static double *made_mask(guint64 n, guint64 period)
{
	double *values = g_new0(double, n);
	for (guint64 i = 0; i < n; i++)
		values[i] = i % period == 0;
	return values;
}

static void assert_masked(const Fixture *fixture, const char *text, guint tensor, guint64 period)
{
	g_autofree double *a = merged(fixture, "a", tensor);
	g_autofree double *found = merged(fixture, text, tensor);
	for (guint64 i = 0; i < merge_elements[tensor]; i++)
		g_assert_cmpfloat(found[i], ==, i % period == 0 ? 2 * a[i] : 0);
}

/* Of any type and shape: by NAME::SUFFIX, by NAME::0 of the first input, and by NAME. */
static void test_found(void)
{
	static const Dtype types[] = {DTYPE_U8, DTYPE_BOOL, DTYPE_F32, DTYPE_BF16, DTYPE_I64};
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *third = made_mask(50, 3), *fifth = made_mask(50, 5);
	g_autofree double *seventh = made_mask(50, 7);
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		const TestTensor masks[] = {
			{"vec.bias", types[i], 2, {1, 50}, third},
			{"vec.bias::mine", types[i], 1, {50}, seventh},
			{"vec.bias::0", types[i], 2, {10, 5}, fifth},
		};
		g_autofree char *first =
			with_mask(&fixture, "dare(a[vec*], p=0.5, mask=\"FILE\")", masks, 3);
		assert_masked(&fixture, first, VEC, 5);
		g_autofree char *named =
			with_mask(&fixture, "dare(a[vec*], p=0.5, mask=\"FILE::mine\")", masks, 3);
		assert_masked(&fixture, named, VEC, 7);
		g_autofree char *alone =
			with_mask(&fixture, "dare(a[vec*], p=0.5, mask=\"FILE\")", masks, 1);
		assert_masked(&fixture, alone, VEC, 3);
	}
}

/* Each input its own; one that does not act on a tensor needs none. */
static void test_inputs(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *third = made_mask(50, 3), *all = made_mask(50, 1);
	const TestTensor masks[] = {
		{"vec.bias::0", DTYPE_U8, 1, {50}, third},
		{"vec.bias::2", DTYPE_U8, 1, {50}, all},
	};
	g_autofree char *text = with_mask(
		&fixture, "dare(a[vec*], b[vec*], c[vec*], p=0, mask=\"FILE\")", masks, 2);
	g_autofree double *a = merged(&fixture, "a", VEC);
	g_autofree double *found = merged(&fixture, text, VEC);
	for (guint i = 0; i < 50; i++)
		g_assert_cmpfloat(found[i], ==, (i % 3 == 0 ? a[i] : 0) + 0.25);
}

/* A whole model's, with more elements than are read at a time; in blocks. */
static void test_many(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *mask = made_mask(6000, 11);
	const TestTensor masks[] = {{"big.weight", DTYPE_U8, 1, {6000}, mask}};
	g_autofree char *text = with_mask(
		&fixture, "dare_ties(2*a[big*], p=0.5, normalize=no, mask=\"FILE\")", masks, 1);
	g_autofree double *a = merged(&fixture, "a", BIG);
	EditRun run = {
		.collection = fixture.collection, .text = text, .block = 77, .difference = TRUE};
	g_autofree double *found = edit_values(&run, BIG);
	for (guint i = 0; i < 6000; i++)
		g_assert_cmpfloat(found[i], ==, i % 11 == 0 ? 4 * a[i] : 0);
}

/* Row by row: each row has its own part of the mask. */
static void test_rows(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *mask = made_mask(6000, 11);
	const TestTensor masks[] = {{"big.weight", DTYPE_U8, 1, {6000}, mask}};
	g_autofree char *text = with_mask(
		&fixture, "della(a[big*], density=0.5, epsilon=0, mask=\"FILE\")", masks, 1);
	assert_masked(&fixture, text, BIG, 11);
}

/* At places near and far from each other: what the mask holds there. */
static void test_places(void)
{
	static const guint64 places[] = {0, 1, 7, 4095, 4096, 4097, 5500, 5999};
	g_auto(Fixture) fixture = merge_fixture();
	g_autoptr(GError) error = NULL;
	g_autofree double *mask = made_mask(6000, 7);
	const TestTensor masks[] = {{"big.weight", DTYPE_U8, 1, {6000}, mask}};
	g_autofree char *path = with_mask(&fixture, "FILE", masks, 1);
	g_autoptr(Node) call = expression_parse(fixture.collection, "dare(a[big*], p=0.5)", &error);
	test_no_error(error);
	g_autoptr(Masks) opened = masks_open(fixture.collection, call, path, &error);
	test_no_error(error);
	Latch *failure = latch_new();
	double draws[G_N_ELEMENTS(places)];
	masks_read_at(opened, BIG, 0, places, G_N_ELEMENTS(places), draws, failure);
	g_assert_true(latch_check(failure, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(places); i++)
		g_assert_cmpfloat(draws[i], ==, places[i] % 7 == 0 ? MASK_SURVIVES : MASK_DROPPED);
	latch_free(failure);
}

/* A tensor without elements needs no mask. */
static void test_empty(void)
{
	const double none[] = {0, 0}, values[] = {1, 2}, second[] = {0, 1};
	TestTensor tensors[] = {
		{"empty", DTYPE_F32, 2, {0, 3}, none}, {"w", DTYPE_F32, 1, {2}, none}};
	g_auto(Fixture) fixture = fixture_new(tensors, 2);
	tensors[1].values = values;
	fixture_add(&fixture, "a", tensors, 2);
	const TestTensor mask = {"w", DTYPE_U8, 1, {2}, second};
	g_autofree char *text = with_mask(&fixture, "dare(a, p=0.5, mask=\"FILE\")", &mask, 1);
	g_autofree double *found = merged(&fixture, text, 1);
	g_assert_true(found[0] == 0 && found[1] == 4);
}

static void assert_refused(
	const Fixture *fixture, const char *format, const TestTensor *mask, const char *holds)
{
	g_autofree char *text = with_mask(fixture, format, mask, 1);
	edit_fails(fixture->collection, text, ERROR_INPUT, holds);
}

/* What a mask holds is seen where it is read: once with a step that gathers, once without. */
static void test_not_a_number(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *wild = made_mask(50, 1);
	wild[49] = NAN;
	const TestTensor nan = {"vec.bias", DTYPE_F32, 1, {50}, wild};
	assert_refused(&fixture, "dare_ties(a[vec*], b[vec*], p=0.5, mask=\"FILE\")", &nan,
		"tensor vec.bias: the mask holds NaN; write 1 where an element");
	g_autoptr(GError) error = NULL;
	g_auto(Edit) edit = {0};
	g_autofree char *text = with_mask(&fixture, "dare(a[vec*], p=0.5, mask=\"FILE\")", &nan, 1);
	EditRun run = {.collection = fixture.collection, .text = text};
	edit_prepare(&run, &edit, &error);
	test_no_error(error);
	g_assert_null(edit_try_tensor(&run, &edit, VEC, &error));
	test_error(error, ERROR_INPUT, "the mask holds NaN; write 1 where an element");
}

static void test_refused(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	const char *text = "dare(a[vec*], p=0.5, mask=\"FILE\")";
	const TestTensor other = {"vec.weight", DTYPE_U8, 1, {50}, NULL};
	const TestTensor small = {"vec.bias", DTYPE_U8, 1, {49}, NULL};
	const TestTensor wide = {"vec.bias::0", DTYPE_U8, 2, {50, 50}, NULL};
	assert_refused(&fixture, text, &other, "there is no such mask for vec.bias");
	assert_refused(&fixture, text, &other, "mask.safetensors: tensor vec.bias: ");
	assert_refused(&fixture, text, &other, "NAME::0");
	assert_refused(&fixture, text, &small, "the mask has 49 elements and vec.bias has 50");
	assert_refused(&fixture, text, &wide, "tensor vec.bias::0: the mask has 2500 elements");
	assert_refused(&fixture, "dare(a[vec*], p=0.5, mask=\"FILE::x\")", &small,
		"tensor vec.bias::x: there is no such mask");
	assert_refused(&fixture, "dare(a, p=0.5, mask=\"FILE\")", &small,
		"there is no such mask for big.weight");
	edit_fails(fixture.collection, "dare(a, p=0.5, mask=\"/nowhere/m.safetensors\")", ERROR_IO,
		"the mask cannot be opened: /nowhere/m.safetensors");
	edit_fails(fixture.collection, "dare(a, p=0.5, mask=\"::x\")", ERROR_USAGE,
		"column 1: the mask \"::x\" names no file; give mask=");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mask/found", test_found);
	g_test_add_func("/mask/inputs", test_inputs);
	g_test_add_func("/mask/many", test_many);
	g_test_add_func("/mask/rows", test_rows);
	g_test_add_func("/mask/places", test_places);
	g_test_add_func("/mask/empty", test_empty);
	g_test_add_func("/mask/not-a-number", test_not_a_number);
	g_test_add_func("/mask/refused", test_refused);
	return g_test_run();
}
