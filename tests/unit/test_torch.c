/* test_torch.c - what PyTorch saves beyond the corpus: where the weights are, modules, ties, what
 * is passed over and what is refused.  Expected names are those that state_dict() would give. */
#include "torches.h"

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
				       STORAGE("QInt8", "3", "64"), "0", "2",
				       "1") " 'c' " VIEW(STORAGE("ComplexDouble", "2", "4"), "0",
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
	{"a storage under two types",
		"{ 'w' " T0 " 'i' " VIEW(STORAGE("Int", "0", "16"), "0", "4", "1") " }",
		"storage 0 has two types, FloatStorage and IntStorage"},
	{"a storage under two types that are not read",
		"{ 'w' " T0 " 'a' " VIEW(STORAGE("QInt8", "1", "4"), "0", "4", "1") " 'b' " VIEW(
			STORAGE("QUInt8", "1", "4"), "0", "4", "1") " }",
		"storage 1 has two types, QInt8Storage and QUInt8Storage"},
	{"a storage of two lengths",
		"{ 'w' " T0 " 'v' " VIEW(STORAGE("Float", "0", "15"), "0", "4", "1") " }",
		"storage 0 has two lengths: 64 bytes, and 60"},
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

static void test_refused(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_notation(refused_cases[i].notation, &error);

	g_assert_null(checkpoint);
	check_refused(error, refused_cases[i].says);
}

/* `depth` dicts around something. */
static char *wrap(const char *innermost, guint depth)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < depth; i++)
		g_string_append(text, "{ 'a' ");
	g_string_append(text, innermost);
	for (guint i = 0; i < depth; i++)
		g_string_append(text, "} ");
	return g_string_free(text, FALSE);
}

static void test_depth(void)
{
	g_autofree char *deep = wrap(T0, 48), *deeper = wrap(T0, 49);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_well(deep);
	g_assert_cmpuint(strlen(checkpoint_tensor(checkpoint, 0)->name), ==, 95);
	g_assert_null(open_notation(deeper, &error));
	check_refused(error, "nested more than 48 deep");
}

/* A pair whose halves are one pair, and so on: 2^levels ways to what is innermost. */
static char *double_up(const char *innermost, guint levels)
{
	GString *text = g_string_new(innermost);
	g_string_append(text, " <0 ");
	for (guint i = 0; i < levels; i++)
		g_string_append_printf(text, "N ( >%u >%u ) <%u ", i, i, i + 1);
	return g_string_free(text, FALSE);
}

static void test_ways(void)
{
	g_autofree char *few = double_up(T0, 10), *many = double_up(T0, 17);
	g_autoptr(GError) error = NULL;
	gint64 start = g_get_monotonic_time();
	g_autoptr(Checkpoint) checkpoint = open_well(few);

	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpuint(g_hash_table_size(checkpoint->aliases), ==, 1023);
	g_assert_null(open_notation(many, &error));
	check_refused(error, "refer to each other in more than");
	g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
}

/* As many ways to nothing cost no more than one. */
static void test_ways_to_nothing(void)
{
	g_autofree char *nothing = double_up("( )", 40);
	g_autofree char *beside = g_strconcat(nothing, "[ " T0 " >40 ]", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_well(beside);

	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_null(open_notation(nothing, &error));
	check_refused(error, "no tensors in it");
}

/* A value that is shared may lie deeper on another path: 30 dicts, in 30 dicts. */
static void test_depth_shared(void)
{
	g_autofree char *inner = wrap(T0, 30);
	g_autofree char *again = wrap(">1 ", 30);
	g_autofree char *text = g_strconcat("( ", inner, "<1 ", again, ")", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_null(open_notation(text, &error));
	check_refused(error, "nested more than 48 deep");
}

/* Keys of 3,000 bytes, one in the other, make no name that is built. */
static void test_long_keys(void)
{
	g_autofree char *key = g_strnfill(3000, 'k');
	g_autofree char *text = g_strdup_printf("{ '%s' <1 { >1 { >1 " T0 "} } }", key);
	g_autoptr(GError) error = NULL;

	g_assert_null(open_notation(text, &error));
	check_refused(error, "longer than 4096 bytes");
}

/* A large dict that a list holds often is looked through once. */
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

/* Many values under one key, or under keys that are no names, that the pickle holds once. */
static char *repeat(const char *begin, const char *again, guint times, const char *end)
{
	GString *text = g_string_new(begin);
	for (guint i = 0; i < times; i++)
		g_string_append(text, again);
	g_string_append(text, end);
	return g_string_free(text, FALSE);
}

/* A few bytes for each tensor that is passed over, whose name may be long. */
static void test_many_skipped(void)
{
	g_autofree char *key = g_strnfill(4000, 'k');
	g_autofree char *begin = g_strdup_printf("{ 'w' " T0 " <1 '%s' { ", key);
	g_autofree char *long_names = repeat(begin, "N >1 ", 9000, "} }");
	g_autofree char *many = repeat("{ 'w' " T0 " 's' " SPARSE " <1 ", "0 >1 ", 100000, "}");
	g_autoptr(GError) error = NULL;

	g_assert_null(open_notation(long_names, &error));
	check_refused(error, "the names of its tensors together");
	g_clear_error(&error);
	g_assert_null(open_notation(many, &error));
	check_refused(error, "more than 100000 of its tensors are not read");
}

static void check_zero_byte(const char *notation)
{
	g_autoptr(GByteArray) pickle = test_pickle(notation);
	GByteArray *storage = make_storage(0, FALSE);
	g_autoptr(GError) error = NULL;

	*(char *)memchr(pickle->data, '?', pickle->len) = '\0';
	g_autoptr(GByteArray) archive = test_torch_archive(pickle, "little", &storage, 1);
	g_assert_null(open_bytes(archive, &error));
	check_refused(error, "zero byte");
	g_byte_array_unref(storage);
}

static void test_zero_byte(void)
{
	check_zero_byte("{ 'a?b' " T0 " }");
	check_zero_byte("{ 'optimizer?b' " T0 " }");
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
	g_test_add_func("/depth", test_depth);
	g_test_add_func("/depth-shared", test_depth_shared);
	g_test_add_func("/long-keys", test_long_keys);
	g_test_add_func("/ways", test_ways);
	g_test_add_func("/ways-to-nothing", test_ways_to_nothing);
	g_test_add_func("/shared", test_shared);
	g_test_add_func("/long-names", test_long_names);
	g_test_add_func("/many-skipped", test_many_skipped);
	g_test_add_func("/zero-byte", test_zero_byte);
	return g_test_run();
}
