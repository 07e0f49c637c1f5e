/* test_torch_views.c - tensors of PyTorch as views of storages, whatever their order, type and byte
 * order; and archives that are laid out otherwise than torch.save does.  Values are formulas. */
#include "torches.h"

static void check_values(
	const Checkpoint *checkpoint, const char *name, const double *values, guint n)
{
	gint number = checkpoint_find(checkpoint, name);
	g_assert_cmpint(number, >=, 0);
	const Tensor *tensor = checkpoint_tensor(checkpoint, (guint)number);
	guint8 raw[64 * 8];
	double found[64];
	g_autoptr(GError) error = NULL;

	g_assert_cmpuint(tensor->elements, ==, n);
	checkpoint_read_raw(checkpoint, (guint)number, 0, n, raw, &error);
	g_assert_no_error(error);
	dtype_decode_double(tensor->dtype, raw, n, found);
	for (guint i = 0; i < n; i++)
		g_assert_cmpfloat(found[i], ==, values[i]);
}

static void test_views(void)
{
	const char *notation = "{ 'plain' " VIEW(STORAGE("Float", "1", "16"), "3", "2 2",
		"2 1") " 'turned' " VIEW(STORAGE("BFloat16", "3", "16"), "1", "3 2",
		"1 4") " 'expanded' " VIEW(STORAGE("Float", "2", "16"), "5", "3 2",
		"0 1") " 'scalar' " VIEW(STORAGE("Float", "0", "16"), "7", "",
		"") " 'empty' " VIEW(STORAGE("Float", "0", "16"), "0", "3 0 2",
		"99 7 1") " 'one' @torch._utils:_rebuild_tensor ( " STORAGE("Float", "0",
		"16") " 15 ( 1 1 ) ( 1000 1 ) ) ! }";
	static const double plain[] = {103, 104, 105, 106},
			    turned[] = {301, 305, 302, 306, 303, 307};
	static const double expanded[] = {205, 206, 205, 206, 205, 206}, scalar[] = {7},
			    one[] = {15};
	g_autoptr(Checkpoint) checkpoint = open_well(notation);

	/* bfloat16 has 8 bits: 301 is cut to 300, 305 to 304 and so on. */
	double cut[G_N_ELEMENTS(turned)];
	for (guint i = 0; i < G_N_ELEMENTS(turned); i++)
		cut[i] = (double)((int)turned[i] / 2 * 2);
	check_values(checkpoint, "plain", plain, 4);
	check_values(checkpoint, "turned", cut, 6);
	check_values(checkpoint, "expanded", expanded, 6);
	check_values(checkpoint, "scalar", scalar, 1);
	check_values(checkpoint, "empty", NULL, 0);
	check_values(checkpoint, "one", one, 1);
	g_assert_null(
		checkpoint_tensor(checkpoint, (guint)checkpoint_find(checkpoint, "plain"))->source);
}

static void test_big_endian(void)
{
	g_autoptr(GByteArray) archive =
		make_archive("{ 'w' " T1 " 't' " FLOATS("2", "2 2", "1 4") " }", "big");
	static const double plain[] = {100, 101, 102, 103}, turned[] = {200, 204, 201, 205};
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(archive, &error);

	g_assert_no_error(error);
	check_values(checkpoint, "w", plain, 4);
	check_values(checkpoint, "t", turned, 4);
	check_told(checkpoint, "byte order", "big-endian");
}

#define V3(dtype, bytes, offset)                                                                   \
	"@torch._utils:_rebuild_tensor_v3 ( ( 'storage' @torch.storage:UntypedStorage '0' "        \
	"'cpu' " bytes " ) ~ " offset " ( 2 ) ( 1 ) - N @torch:" dtype " ) ! "

/* The types that have no storage of their own lie in bytes; the offset counts elements. */
static void test_untyped(void)
{
	g_autoptr(Checkpoint) checkpoint = open_well(
		"{ 'f' " V3("float32", "64", "3") " 'u' " V3("uint16", "64", "3") " 'e' " V3(
			"float8_e4m3fn", "64", "6") " 'x' " V3("float4_e2m1fn_x2", "64", "0") " }");
	/* 3.0f is 0x40400000; as bytes from 6 on, 1.0f = 0x3f800000 ends in 0x80 0x3f. */
	static const double floats[] = {3, 4}, words[] = {0x3f80, 0}, eighths[] = {-0.0, 1.875};
	g_autofree char *skipped = list_skipped(checkpoint);

	check_values(checkpoint, "f", floats, 2);
	check_values(checkpoint, "u", words, 2);
	check_values(checkpoint, "e", eighths, 2);
	g_assert_cmpstr(skipped, ==, " x");
}

/* Bytes are bytes, with the class of them or without; and no one asks for the type of nothing. */
static void test_same_storage(void)
{
	g_autoptr(Checkpoint) checkpoint = open_well("{ 'u' " V3("float32", "64", "3") " 'b' " VIEW(
		STORAGE("Byte", "0", "64"), "0", "2", "1") " 'e' " VIEW(STORAGE("Float", "1", "0"),
		"0", "0", "1") " 'i' " VIEW(STORAGE("Int", "1", "0"), "0", "0", "1") " }");
	static const double floats[] = {3, 4}, bytes[] = {0, 0};

	check_values(checkpoint, "u", floats, 2);
	check_values(checkpoint, "b", bytes, 2);
	check_values(checkpoint, "e", NULL, 0);
	check_values(checkpoint, "i", NULL, 0);
}

static void test_untyped_short(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint =
		open_notation("{ 'u' " V3("uint16", "9", "3") " }", &error);
	g_assert_null(checkpoint);
	check_refused(error, "its last element is number 4 of its storage, which holds 4");
}

/* TorchScript: attributes that are no tensors are not told of. */
static void test_script(void)
{
	g_autoptr(GByteArray) pickle = test_pickle(
		"@__torch__.my:Net ( ) ^ { 'training' + 'w' " T0 " 'sub' @__torch__.my:Sub ( ) ^ "
		"{ 'w' " T1 " 'tied' " T0 " } = } =");
	GByteArray *storages[] = {make_storage(0, FALSE), make_storage(1, FALSE)};
	const TestEntry entries[] = {
		{"net/data.pkl", pickle->data, pickle->len, .late = TRUE},
		{"net/data/0", storages[0]->data, 64, .late = TRUE},
		{"net/data/1", storages[1]->data, 64, .late = TRUE},
		{"net/code/__torch__.py", "", 0, .late = TRUE},
		{"net/constants.pkl", "\x80\x02).", 4, .late = TRUE},
		{"net/version", "10\n", 3, .late = TRUE},
	};
	g_autoptr(GByteArray) archive = test_zip(entries, G_N_ELEMENTS(entries));
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(archive, &error);

	g_assert_no_error(error);
	g_autofree char *tensors = list_tensors(checkpoint), *tied = list_tied(checkpoint);
	g_assert_cmpstr(tensors, ==, " sub.w w");
	g_assert_cmpstr(tied, ==, " sub.tied=w");
	g_assert_cmpstr(checkpoint->format, ==, "torchscript");
	g_assert_cmpuint(checkpoint->skipped->len, ==, 0);
	check_told(checkpoint, "class", "__torch__.my.Net");
	g_byte_array_unref(storages[0]);
	g_byte_array_unref(storages[1]);
}

/* Archives whose entries are not as torch has them. */
static void test_layout(void)
{
	static const struct {
		const char *name, *second, *says;
	} layouts[] = {
		{"data.pkl", "version", "does not lie in one folder"},
		{"a/b/data.pkl", "a/b/version", "does not lie in one folder"},
		{"a/data.pkl", "b/data.pkl", "two pickles"},
		{"a/data.pkl", "a/byteorder", "neither little nor big"},
		{"a/data.pkl", "a/version", "no number"},
	};
	g_autoptr(GByteArray) pickle = test_pickle("{ 'w' " T0 " }");

	for (guint i = 0; i < G_N_ELEMENTS(layouts); i++) {
		const TestEntry entries[] = {
			{layouts[i].name, pickle->data, pickle->len, .late = TRUE},
			{layouts[i].second, "middle", 6, .late = TRUE},
		};
		g_autoptr(GByteArray) archive = test_zip(entries, G_N_ELEMENTS(entries));
		g_autoptr(GError) error = NULL;
		g_assert_null(open_bytes(archive, &error));
		check_refused(error, layouts[i].says);
	}
}

/* A pickle of `length` bytes, most of them in a text beside the tensor. */
static void check_padded(gsize length, gboolean deflate, const char *says)
{
	g_autoptr(GByteArray) empty = test_pickle("{ 'w' " T0 " 'x' '' }");
	g_autofree char *text = g_strnfill(length - empty->len, 'x');
	g_autofree char *notation = g_strdup_printf("{ 'w' " T0 " 'x' '%s' }", text);
	g_autoptr(GByteArray) pickle = test_pickle(notation), storage = make_storage(0, FALSE);
	const TestEntry entries[] = {
		{"a/data.pkl", pickle->data, pickle->len, .deflate = deflate, .late = TRUE},
		{"a/data/0", storage->data, storage->len, .late = TRUE},
	};
	g_autoptr(GByteArray) archive = test_zip(entries, G_N_ELEMENTS(entries));
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(archive, &error);

	g_assert_cmpuint(pickle->len, ==, length);
	g_assert_true((checkpoint == NULL) == (says != NULL));
	if (says != NULL)
		check_refused(error, says);
	else
		g_assert_no_error(error);
}

/* torch stores its pickle; one that was compressed may not unfold into much. */
static void test_deflated(void)
{
	const gsize most = 1 << 20;
	check_padded(most, TRUE, NULL);
	check_padded(most + 1, TRUE,
		"its data.pkl is compressed, and has 1048577 bytes unpacked, where at most "
		"1048576 are read; save it again with torch, which does not compress");
	check_padded(most + 1, FALSE, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/views", test_views);
	g_test_add_func("/big-endian", test_big_endian);
	g_test_add_func("/untyped", test_untyped);
	g_test_add_func("/same-storage", test_same_storage);
	g_test_add_func("/untyped-short", test_untyped_short);
	g_test_add_func("/script", test_script);
	g_test_add_func("/layout", test_layout);
	g_test_add_func("/deflated", test_deflated);
	return g_test_run();
}
