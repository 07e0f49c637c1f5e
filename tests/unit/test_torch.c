/* test_torch.c - what PyTorch saves beyond the corpus: where the weights are, modules, views, ties,
 * and what is refused.  Expected names are those of state_dict(); values are formulas. */
#include "test.h"

#include "checkpoint/checkpoint.h"
#include "notation.h"

#include <stdlib.h>

#define STORAGES 4

/* Element i of storage k is 100 k + i: floats in storages 0, 1 and 2, bfloat16 in storage 3. */
static GByteArray *make_storage(guint k, gboolean swapped)
{
	GByteArray *bytes = g_byte_array_new();

	for (guint i = 0; i < 16; i++) {
		float value = (float)(100 * k + i);
		guint32 bits;
		memcpy(&bits, &value, sizeof bits);
		if (k == 3)
			put16(bytes, bits >> 16);
		else
			put32(bytes, swapped ? GUINT32_SWAP_LE_BE(bits) : bits);
	}
	return bytes;
}

static GByteArray *make_archive(const char *notation, const char *byte_order)
{
	g_autoptr(GByteArray) pickle = test_pickle(notation);
	GByteArray *storages[STORAGES];

	for (guint k = 0; k < STORAGES; k++)
		storages[k] = make_storage(k, strcmp(byte_order, "big") == 0);
	GByteArray *archive = test_torch_archive(pickle, byte_order, storages, STORAGES);
	for (guint k = 0; k < STORAGES; k++)
		g_byte_array_unref(storages[k]);
	return archive;
}

static Checkpoint *open_bytes(const GByteArray *bytes, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.pt", NULL);

	test_write(path, bytes->data, bytes->len);
	Checkpoint *checkpoint = checkpoint_open(path, error);
	test_folder_remove(folder);
	return checkpoint;
}

static Checkpoint *open_notation(const char *notation, GError **error)
{
	g_autoptr(GByteArray) archive = make_archive(notation, "little");
	return open_bytes(archive, error);
}

static Checkpoint *open_well(const char *notation)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = open_notation(notation, &error);
	g_assert_no_error(error);
	return checkpoint;
}

#define T0 FLOATS("0", "4", "1")
#define T1 FLOATS("1", "4", "1")
#define T2 FLOATS("2", "4", "1")
#define ADAM "{ 'state' { 0 { 'exp_avg' " T2 " } } 'param_groups' [ { 'lr' 1 } ] } "
#define EMPTY "@collections:OrderedDict ( ) ! "
#define LINEAR MODULE("torch.nn:Linear", "{ 'weight' " T0 " 'bias' " T1 " }", "{ }", "{ }", "")
#define WRAPPED(tensor) "@torch._utils:_rebuild_parameter ( " tensor " + " EMPTY " ) ! "
#define SPARSE "@torch._utils:_rebuild_sparse_tensor ( 1 ( " T1 " ) ) ! "
#define FROM_TYPE(function, class, arguments)                                                      \
	"@torch._tensor:_rebuild_from_type_v2 ( " function " " class " " arguments " { } ) ! "

/* Lists are of words with a space before each: tensors in natural order, names that are tied with
 * what they are tied to, and what was passed over. */
static const struct {
	const char *what, *notation, *tensors, *tied, *skipped, *root, *class;
} read_cases[] = {
	{"a flat dict", "{ 'a.w' " T0 " 'a.b' " T1 " }", " a.b a.w", "", "", "", ""},
	{"an OrderedDict with _metadata", EMPTY ".{ 'w' " T0 " .} { '_metadata' { } } =", " w", "",
		"", "", ""},
	{"nested prefixes",
		"{ 'encoder' { 'layer' { 0 { 'w' " T0 " } 1 { 'w' " T1 " } } } 'head' { 'w' " T2
		" } }",
		" encoder.layer.0.w encoder.layer.1.w head.w", "", "", "", ""},
	{"a training checkpoint",
		"{ 'epoch' 3 'model' { 'w' " T0 " } 'optimizer' " ADAM " 'rng' " T1
		" 'args' @argparse:Namespace ( ) ^ { 'lr' 1 } = }",
		" w", "", " epoch optimizer rng args", "model", ""},
	{"Lightning",
		"{ 'state_dict' { 'model.w' " T0 " } 'callbacks' { 'best' " T1
		" } 'optimizer_states' [ " ADAM " ] 'hyper_parameters' { 'model' 'vit' } }",
		" model.w", "", " callbacks optimizer_states hyper_parameters", "state_dict", ""},
	{"a root below a root", "{ 'model' { 'state_dict' { 'w' " T0 " } 'epoch' 1 } 'step' 2 }",
		" w", "", " step model.epoch", "model.state_dict", ""},
	{"no more than four roots",
		"{ 'model' { 'model' { 'model' { 'model' { 'model' { 'w' " T0 " } } } } } }",
		" model.w", "", "", "model.model.model.model", ""},
	{"a key of the list without tensors under it",
		"{ 'params' { 'lr' 1 } 'model' 'vit' 'conv.w' " T0 " }", " conv.w", "",
		" params model", "", ""},
	{"state_dict before model", "{ 'model' { 'v' " T0 " } 'state_dict' { 'w' " T1 " } }", " w",
		"", " model", "state_dict", ""},
	{"an optimizer under any name", "{ 'w' " T0 " 'adam' " ADAM " 'optimizer_x' [ " T1 " ] }",
		" w", "", " adam optimizer_x", "", ""},
	{"a tensor named like an optimizer", "{ 'optimizer.w' " T0 " }", " optimizer.w", "", "", "",
		""},
	{"a tuple of a state and an optimizer", "( { 'w' " T0 " } " ADAM ")", " 0.w", "", " 1", "",
		""},
	{"a tensor alone", T0, " tensor", "", "", "", ""},
	{"tied tensors", "{ 'b' " T0 " <1 'a' >1 'c' " T0 " 'd' " T1 " }", " b d", " a=b c=b", "",
		"", ""},
	{"the same storage, another shape", "{ 'a' " T0 " 'b' " FLOATS("0", "2 2", "2 1") " }",
		" a b", "", "", "", ""},
	{"parameters", "{ 'a' " WRAPPED(T0) " 'b' " WRAPPED(WRAPPED(T1)) " }", " a b", "", "", "",
		""},
	{"parameters of torch 0.3",
		"{ 'a' @torch.nn.parameter:Parameter ( " T0
		" ) ! ( + - N ) = 'b' @torch.autograd.variable:Variable ( " T1 " ) ! }",
		" a b", "", "", "", ""},
	{"tensors of another class",
		"{ 'a' " FROM_TYPE("@torch._utils:_rebuild_tensor_v2", "@my:Tensor",
			"( " STORAGE("Float", "0", "16") " 0 ( 2 ) ( 1 ) - N )") " }",
		" a", "", "", "", ""},
	{"what is not dense",
		"{ 'w' " T0 " 's' " SPARSE
		" 'm' @torch._utils:_rebuild_meta_tensor_no_storage ( ) ! 'd' " FROM_TYPE(
			"@torch._utils:_rebuild_wrapper_subclass", "@torch.distributed:DTensor",
			"( )") " 'q' @torch._utils:_rebuild_qtensor ( ) ! 'n' "
			       "@torch._utils:_rebuild_tensor_v9 ( ) ! 'i' " VIEW(
				       STORAGE("QInt8", "0", "64"), "0", "2",
				       "1") " 'c' " VIEW(STORAGE("ComplexDouble", "0", "4"), "0",
				       "2", "1") " }",
		" w", "", " s m d q n i c", "", ""},
	{"a view that negates",
		"{ 'w' " T0 " 'v' @torch._utils:_rebuild_tensor_v2 ( " STORAGE(
			"Float", "1", "16") "0 ( 2 ) ( 1 ) - N { 'neg' + } ) ! }",
		" w", "", " v", "", ""},
	{"storages alone, and arrays of NumPy",
		"{ 'w' " T0 " 's' " STORAGE("Float", "1",
			"16") " 'n' @numpy.core.multiarray:_reconstruct ( ) ! ( 1 ) = 'x' N }",
		" w", "", " s n x", "", ""},
	{"keys that are no names", "{ 'w' " T0 " ( 1 ) " T1 " N 3 }", " w", "", " ? ?", "", ""},
	{"a module", LINEAR, " bias weight", "", "", "", "torch.nn.Linear"},
	{"a module's buffers",
		MODULE("my:Net", EMPTY ".{ 'w' " T0 " 'none' N .}",
			"{ 'mean' " T1 " 'mask' " T2 " 'none' N }", "{ 'act' N }",
			"'_non_persistent_buffers_set' @__builtin__:set ( [ 'mask' ] ) ! "
			"'attr' " T2),
		" mean w", "", " mask", "", "my.Net"},
	{"a module with slots",
		"@my:Net ( ) ^ ( { '_parameters' { 'w' " T0 " } '_modules' { } } { 's' 1 } ) =",
		" w", "", "", "", "my.Net"},
	{"a module that torch.fx rebuilds",
		"@torch.fx.graph_module:reduce_graph_module ( { '_parameters' { 'w' " T0
		" } '_buffers' { } '_modules' { } } 'code' ) !",
		" w", "", "", "", "torch.fx.graph_module.reduce_graph_module"},
	{"a module twice",
		MODULE("my:Net", "{ }", "{ }",
			"{ 'a' " LINEAR
			" <1 'b' >1 'relu' " MODULE("torch.nn:ReLU", "{ }", "{ }", "{ }", "") " }",
			""),
		" a.bias a.weight", " b.weight=a.weight b.bias=a.bias", "", "", "my.Net"},
	{"tied parameters of two modules",
		MODULE("my:LM", "{ }", "{ }",
			"{ 'emb' " MODULE("my:E", "{ 'weight' " WRAPPED(T0) " <9 }", "{ }", "{ }",
				"") " 'head' " MODULE("my:H", "{ 'weight' >9 }", "{ }", "{ }",
				"") " }",
			""),
		" emb.weight", " head.weight=emb.weight", "", "", "my.LM"},
	{"a module in a dict in a list", "[ { 'net1' " LINEAR " 'lr' 1 } ]",
		" 0.net1.bias 0.net1.weight", "", " 0.lr", "", ""},
	{"a module under a root", "{ 'epoch' 2 'net' " LINEAR " }", " bias weight", "", " epoch",
		"net", "torch.nn.Linear"},
	{"a parameter of a class that is not known",
		MODULE("my:Net", "{ 'w' " T0 " 'q' @bits:Params ( ) ^ }", "{ }", "{ }", ""), " w",
		"", " q", "", "my.Net"},
	{"DeepSpeed's states of stage 1",
		"{ 'module' { 'w' " T0 " } 'optimizer' N 'ds_version' 1 }", " w", "",
		" optimizer ds_version", "module", ""},
	{"an object of another class beside the weights",
		"{ 'w' " T0 " 'x' @posix:system ( 'true' ) ! }", " w", "", " x", "", ""},
};

static char *list_tensors(const Checkpoint *checkpoint)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		g_string_append_printf(list, " %s", checkpoint_tensor(checkpoint, i)->name);
	return g_string_free(list, FALSE);
}

static char *list_tied(const Checkpoint *checkpoint)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		const char *of = g_hash_table_lookup(checkpoint->aliases, name);
		g_string_append_printf(list, " %s=%s", name, of);
	}
	return g_string_free(list, FALSE);
}

/* Beside the weights comes what lies deeper later, so the order is that of the walk. */
static char *list_skipped(const Checkpoint *checkpoint)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < checkpoint->skipped->len; i++) {
		const Skipped *skipped = checkpoint->skipped->pdata[i];
		g_assert_cmpuint(strlen(skipped->reason), >, 4);
		g_string_append_printf(list, " %s", skipped->name);
	}
	return g_string_free(list, FALSE);
}

static void check_told(const Checkpoint *checkpoint, const char *key, const char *wanted)
{
	const char *told = g_hash_table_lookup(checkpoint->about, key);
	g_assert_cmpstr(told != NULL ? told : "", ==, wanted);
}

static void test_read(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	gboolean module = *read_cases[i].class != '\0' || strstr(read_cases[i].tensors, ".net1.");
	g_autoptr(Checkpoint) checkpoint = open_well(read_cases[i].notation);
	g_autofree char *tensors = list_tensors(checkpoint);
	g_autofree char *tied = list_tied(checkpoint);
	g_autofree char *skipped = list_skipped(checkpoint);

	g_assert_cmpstr(tensors, ==, read_cases[i].tensors);
	g_assert_cmpstr(tied, ==, read_cases[i].tied);
	g_assert_cmpstr(skipped, ==, read_cases[i].skipped);
	check_told(checkpoint, "root", read_cases[i].root);
	check_told(checkpoint, "class", read_cases[i].class);
	check_told(checkpoint, "byte order", "little-endian");
	g_assert_cmpstr(checkpoint->format, ==, module ? "torch-zip-module" : "torch-zip");
	g_assert_true(g_hash_table_contains(checkpoint->about, "module") == module);
}

static const struct {
	const char *what, *notation, *says;
} refused_cases[] = {
	{"nothing", "{ }", "no tensors in it"},
	{"an object", "@posix:system ( 'true' ) !", "no tensors in it; it names posix.system;"},
	{"many names", "[ @a:a @b:b @c:c @d:d @e:e @f:f ]", "names a.a, b.b, c.c, d.d and 2 more"},
	{"an optimizer's state", ADAM, "the state of an optimizer"},
	{"only tensors that are not read", "{ 's' " SPARSE " }", "s: a sparse tensor"},
	{"DeepSpeed's optimizer", "{ 'optimizer_state_dict' " ADAM " 'ds_config' { } }",
		"zero_to_fp32.py"},
	{"DeepSpeed's states of stage 3",
		"{ 'module' { 'w' " FLOATS("0", "0", "1") " } 'ds_version' 1 }", "zero_to_fp32.py"},
	{"a text among parameters", MODULE("my:Net", "{ 'w' 'x' }", "{ }", "{ }", ""),
		"among the parameters of its module stands a text"},
	{"a dict among modules",
		MODULE("my:Net", "{ 'w' " T0 " }", "{ }", "{ 'm' { 'w' " T0 " } }", ""),
		"among the modules of its module stands a dict"},
	{"a module in itself",
		"@my:Net ( ) ^ <1 { '_parameters' { 'w' " T0 " } '_modules' { 'm' >1 } } =",
		"holds itself"},
	{"a list in itself", "[ ] <1 .[ " T0 ">1 .]", "holds itself"},
	{"two tensors of a name", "{ 1 " T0 " '1' " T1 " }", "two tensors of this name"},
	{"two ways to a name", "{ 'a' { 'b' " T0 " } 'a.b' " T1 " }", "two tensors of this name"},
	{"an empty name", "{ '' " T0 " }", "empty name"},
	{"an empty name, tied", "{ 'a' " T0 " <1 '' >1 }", "empty name"},
	{"few arguments", "{ 'w' @torch._utils:_rebuild_tensor_v2 ( 1 2 3 ) ! }", "3 arguments"},
	{"a parameter of nothing", "{ 'w' " WRAPPED("'text'") " }", "no tensor"},
	{"a parameter of an object", "{ 'w' " WRAPPED("@my:F ( ) !") " }", "no tensor"},
	{"nine parameters around a tensor",
		"{ 'w' " WRAPPED(WRAPPED(
			WRAPPED(WRAPPED(WRAPPED(WRAPPED(WRAPPED(WRAPPED(WRAPPED(T0))))))))) " }",
		"wrapped in more than 8"},
	{"a storage that is none", "{ 'w' " VIEW("3 ", "0", "2", "1") " }", "not the id of one"},
	{"a type that is none",
		"{ 'w' " VIEW("( 'storage' @os:system '0' 'cpu' 16 ) ~ ", "0", "2", "1") " }",
		"type of its storage"},
	{"a view of a storage, outside of the legacy format",
		"{ 'w' " VIEW(
			"( 'storage' @torch:FloatStorage '0' 'cpu' 16 N ) ~ ", "0", "2", "1") " }",
		"not the id of one"},
	{"no such storage", "{ 'w' " FLOATS("9", "2", "1") " }", "storage 9, which is not in"},
	{"a path", "{ 'w' " FLOATS("../version", "2", "1") " }", "storage ../version, which"},
	{"a storage that is too short",
		"{ 'w' " VIEW(STORAGE("Float", "0", "17"), "0", "2", "1") " }", "has 64 bytes"},
	{"elements beyond those that are named",
		"{ 'w' " VIEW(STORAGE("Float", "0", "3"), "0", "4", "1") " }", "which holds 3"},
	{"more strides than sizes", "{ 'w' " FLOATS("0", "2", "1 1") " }", "strides"},
	{"33 dimensions",
		"{ 'w' " FLOATS("0",
			"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
			"") " }",
		"32 numbers"},
	{"a storage without a type",
		"{ 'w' "
		"@torch._utils:_rebuild_tensor_v2 ( ( 'storage' @torch.storage:UntypedStorage '0' "
		"'cpu' 64 ) ~ 0 ( 2 ) ( 1 ) - N ) ! }",
		"no type of elements"},
};

static void check_refused(const GError *error, const char *says)
{
	test_error(error, ERROR_INPUT, says);
	g_assert_nonnull(strstr(error->message, "model.pt: "));
	g_assert_cmpuint(strlen(error->message), <, 1000);
}

static void test_refused(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_notation(refused_cases[i].notation, &error);

	g_assert_null(checkpoint);
	check_refused(error, refused_cases[i].says);
}

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
		"{ 'f' " V3("float32", "64", "3") " 'u' " V3("uint16", "16", "3") " 'e' " V3(
			"float8_e4m3fn", "64", "6") " 'x' " V3("float4_e2m1fn_x2", "64", "0") " }");
	/* 3.0f is 0x40400000; as bytes from 6 on, 1.0f = 0x3f800000 ends in 0x80 0x3f. */
	static const double floats[] = {3, 4}, words[] = {0x3f80, 0}, eighths[] = {-0.0, 1.875};
	g_autofree char *skipped = list_skipped(checkpoint);

	check_values(checkpoint, "f", floats, 2);
	check_values(checkpoint, "u", words, 2);
	check_values(checkpoint, "e", eighths, 2);
	g_assert_cmpstr(skipped, ==, " x");
}

static void test_untyped_short(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint =
		open_notation("{ 'u' " V3("uint16", "9", "3") " }", &error);
	g_assert_null(checkpoint);
	check_refused(error, "its last element is number 4 of its storage, which holds 4");
}

/* `depth` dicts around a tensor. */
static char *nest(guint depth)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < depth; i++)
		g_string_append(text, "{ 'a' ");
	g_string_append(text, T0);
	for (guint i = 0; i < depth; i++)
		g_string_append(text, "} ");
	return g_string_free(text, FALSE);
}

static void test_depth(void)
{
	g_autofree char *deep = nest(48), *deeper = nest(49);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_well(deep);
	g_assert_cmpuint(strlen(checkpoint_tensor(checkpoint, 0)->name), ==, 95);
	g_assert_null(open_notation(deeper, &error));
	check_refused(error, "nested more than 48 deep");
}

/* A pair whose halves are one pair, and so on: 2^levels ways to one tensor. */
static char *double_up(guint levels)
{
	GString *text = g_string_new(T0 "<0 ");
	for (guint i = 0; i < levels; i++)
		g_string_append_printf(text, "N ( >%u >%u ) <%u ", i, i, i + 1);
	return g_string_free(text, FALSE);
}

static void test_ways(void)
{
	g_autofree char *few = double_up(10), *many = double_up(40);
	g_autoptr(GError) error = NULL;
	gint64 start = g_get_monotonic_time();
	g_autoptr(Checkpoint) checkpoint = open_well(few);

	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpuint(g_hash_table_size(checkpoint->aliases), ==, 1023);
	g_assert_null(open_notation(many, &error));
	check_refused(error, "in more ways than");
	g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
}

/* A dict of a million entries that a list holds a thousand times is looked through once. */
static void test_shared(void)
{
	GString *text = g_string_new("[ " T0 " { ");
	gint64 start = g_get_monotonic_time();

	for (guint i = 0; i < 20000; i++)
		g_string_append_printf(text, "%u N ", i);
	g_string_append(text, "} <2 ");
	for (guint i = 0; i < 20000; i++)
		g_string_append(text, ">2 ");
	g_string_append(text, "]");
	g_autofree char *notation = g_string_free(text, FALSE);
	g_autoptr(Checkpoint) checkpoint = open_well(notation);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpuint(checkpoint->skipped->len, ==, 1001);
	g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
}

static void test_long_names(void)
{
	g_autofree char *most = g_strnfill(4096, 'x'), *more = g_strnfill(4097, 'x');
	g_autofree char *fits = g_strdup_printf("{ '%s' " T0 " }", most);
	g_autofree char *not = g_strdup_printf("{ 'a' " T0 " <1 '%s' >1 }", more);
	g_autoptr(Checkpoint) checkpoint = open_well(fits);
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(checkpoint_tensor(checkpoint, 0)->name, ==, most);
	g_assert_null(open_notation(not, &error));
	check_refused(error, "longer than 4096 bytes");
}

static void test_zero_byte(void)
{
	g_autoptr(GByteArray) pickle = test_pickle("{ 'a_b' " T0 " }");
	GByteArray *storage = make_storage(0, FALSE);
	g_autoptr(GError) error = NULL;

	((char *)memmem(pickle->data, pickle->len, "a_b", 3))[1] = '\0';
	g_autoptr(GByteArray) archive = test_torch_archive(pickle, "little", &storage, 1);
	g_assert_null(open_bytes(archive, &error));
	check_refused(error, "zero byte");
	g_byte_array_unref(storage);
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

static void add_cases(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(read_cases); i++) {
		g_autofree char *name = g_strdup_printf("/read/%s", read_cases[i].what);
		g_test_add_data_func(name, GUINT_TO_POINTER(i), test_read);
	}
	for (guint i = 0; i < G_N_ELEMENTS(refused_cases); i++) {
		g_autofree char *name = g_strdup_printf("/refused/%s", refused_cases[i].what);
		g_test_add_data_func(name, GUINT_TO_POINTER(i), test_refused);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_cases();
	g_test_add_func("/views", test_views);
	g_test_add_func("/big-endian", test_big_endian);
	g_test_add_func("/untyped", test_untyped);
	g_test_add_func("/untyped-short", test_untyped_short);
	g_test_add_func("/depth", test_depth);
	g_test_add_func("/ways", test_ways);
	g_test_add_func("/shared", test_shared);
	g_test_add_func("/long-names", test_long_names);
	g_test_add_func("/zero-byte", test_zero_byte);
	g_test_add_func("/script", test_script);
	g_test_add_func("/layout", test_layout);
	return g_test_run();
}
