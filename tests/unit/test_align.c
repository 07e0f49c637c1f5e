/* test_align.c - which names are paired where they differ, by which rule, and which never. */
#include "entries.h"

#include "checkpoint/align.h"

#include <string.h>

/* "base=own base=own" of what is paired, then "+extra" of what is not. */
static char *pairs_text(
	const Checkpoint *base, const Checkpoint *member, const Alignment *alignment)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < checkpoint_count(base); i++) {
		gint place = alignment->place[i];
		g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "",
			checkpoint_tensor(base, i)->name,
			place < 0 ? "-" : checkpoint_tensor(member, (guint)place)->name);
	}
	for (guint i = 0; i < alignment->extra->len; i++)
		g_string_append_printf(text, " +%s", (char *)alignment->extra->pdata[i]);
	return g_strdup(text->str);
}

static char *notes_text(const Alignment *alignment)
{
	g_ptr_array_add(alignment->notes, NULL);
	char *text = g_strjoinv("\n", (char **)alignment->notes->pdata);
	g_ptr_array_remove_index(alignment->notes, alignment->notes->len - 1);
	return text;
}

static void expect_of(const char *base_format, const Entry *base, const char *member_format,
	const Entry *member, const char *rename, const char *pairs, const char *rules,
	const char *note)
{
	g_autoptr(Checkpoint) one = make(base_format, base);
	g_autoptr(Checkpoint) other = make(member_format, member);
	g_autoptr(GPtrArray) renames = g_ptr_array_new();
	g_auto(Alignment) alignment = {0};
	g_autoptr(GError) error = NULL;

	if (rename)
		g_ptr_array_add(renames, (char *)rename);
	g_assert_true(align(one, other, renames, &alignment, &error));
	test_no_error(error);
	g_autofree char *text = pairs_text(one, other, &alignment);
	g_autofree char *notes = notes_text(&alignment);
	g_assert_cmpstr(text, ==, pairs);
	g_assert_cmpstr(alignment.rules, ==, rules);
	if (note)
		g_assert_nonnull(strstr(notes, note));
	else
		g_assert_cmpstr(notes, ==, "");
}

static void expect(const Entry *base, const Entry *member, const char *pairs, const char *rules)
{
	expect_of("torch-zip", base, "safetensors", member, NULL, pairs, rules, NULL);
}

static const Entry net[] = {{"conv.weight", 8, 3, NULL}, {"conv.bias", 8, 0, NULL},
	{"mid.weight", 8, 8, NULL}, {"mid.bias", 8, 0, NULL}, {"fc.weight", 5, 8, NULL},
	{"fc.bias", 5, 0, NULL}, {0}};

static void test_equal(void)
{
	static const Entry member[] = {
		{"fc.weight", 5, 8, NULL}, {"conv.bias", 8, 0, NULL}, {"more", 1, 0, NULL}, {0}};

	expect(net, net,
		"conv.bias=conv.bias conv.weight=conv.weight fc.bias=fc.bias fc.weight=fc.weight "
		"mid.bias=mid.bias mid.weight=mid.weight",
		NULL);
	expect(net, member,
		"conv.bias=conv.bias conv.weight=- fc.bias=- fc.weight=fc.weight mid.bias=- "
		"mid.weight=- +more",
		NULL);
}

/* The net with a prefix; the last layer with as many classes as asked for. */
static Entry *wrapped(const char *prefix, guint64 classes)
{
	Entry *entries = g_new0(Entry, G_N_ELEMENTS(net));

	for (guint i = 0; net[i].name; i++) {
		g_autofree char *name = g_strconcat(prefix, net[i].name, NULL);
		entries[i] = net[i];
		entries[i].name = g_intern_string(name);
		if (g_str_has_prefix(net[i].name, "fc."))
			entries[i].rows = classes;
	}
	return entries;
}

static void test_prefix(void)
{
	static const char *const prefixes[] = {"module.", "_orig_mod.", "model.",
		"base_model.model.", "transformer.", "model.visual.", "module.model.", "net/",
		"state/encoder/"};

	for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		g_autofree Entry *entries = wrapped(prefixes[i], 5);
		const char *p = prefixes[i];
		g_autofree char *off = g_strdup_printf("without the prefix %s", p);
		g_autofree char *on = g_strdup_printf("with the prefix %s", p);
		g_autofree char *wraps = g_strdup_printf(
			"conv.bias=%sconv.bias conv.weight=%sconv.weight fc.bias=%sfc.bias "
			"fc.weight=%sfc.weight mid.bias=%smid.bias mid.weight=%smid.weight",
			p, p, p, p, p, p);
		g_autofree char *bare = g_strdup_printf(
			"%sconv.bias=conv.bias %sconv.weight=conv.weight %sfc.bias=fc.bias "
			"%sfc.weight=fc.weight %smid.bias=mid.bias %smid.weight=mid.weight",
			p, p, p, p, p, p);
		expect(net, entries, wraps, off);
		expect(entries, net, bare, on);
	}
}

/* A new last layer is the same name of another shape, as it would be without the prefix. */
static void test_prefix_and_new_layer(void)
{
	g_autofree Entry *entries = wrapped("module.", 7);

	expect(net, entries,
		"conv.bias=module.conv.bias conv.weight=module.conv.weight "
		"fc.bias=module.fc.bias fc.weight=module.fc.weight mid.bias=module.mid.bias "
		"mid.weight=module.mid.weight",
		"without the prefix module.");
}

/* What is matched as it is stays so, and what is left over says too little for a prefix. */
static void test_prefix_of_few(void)
{
	static const Entry base[] = {{"a.weight", 4, 4, NULL}, {"b.weight", 4, 4, NULL},
		{"c.weight", 4, 4, NULL}, {"blocks.7.norm", 4, 0, NULL}, {0}};
	static const Entry member[] = {{"a.weight", 4, 4, NULL}, {"b.weight", 4, 4, NULL},
		{"c.weight", 4, 4, NULL}, {"norm", 4, 0, NULL}, {0}};

	expect(base, member,
		"a.weight=a.weight b.weight=b.weight blocks.7.norm=- c.weight=c.weight +norm",
		NULL);
}

/* Fewer than half of what is unmatched on either side. */
static void test_prefix_of_minority(void)
{
	static const Entry base[] = {
		{"a.weight", 4, 4, NULL}, {"b.weight", 4, 4, NULL}, {"c.weight", 4, 4, NULL}, {0}};
	static const Entry member[] = {{"x.a.weight", 4, 4, NULL}, {"x.d.weight", 4, 4, NULL},
		{"x.e.weight", 4, 4, NULL}, {0}};

	expect(base, member, "a.weight=- b.weight=- c.weight=- +x.a.weight +x.d.weight +x.e.weight",
		NULL);
}

/* Names that fit and shapes that mostly do not are another model. */
static void test_prefix_of_other_shapes(void)
{
	static const Entry member[] = {{"text.conv.weight", 9, 3, NULL},
		{"text.conv.bias", 9, 0, NULL}, {"text.mid.weight", 9, 9, NULL},
		{"text.mid.bias", 9, 0, NULL}, {"text.fc.weight", 5, 9, NULL},
		{"text.fc.bias", 5, 0, NULL}, {0}};

	expect(net, member,
		"conv.bias=- conv.weight=- fc.bias=- fc.weight=- mid.bias=- mid.weight=- "
		"+text.conv.bias +text.conv.weight +text.fc.bias +text.fc.weight +text.mid.bias "
		"+text.mid.weight",
		NULL);
}

/* Two networks in one checkpoint fit alike: it is for the user to say which. */
static void test_prefix_rivals(void)
{
	static const Entry base[] = {{"a", 4, 4, NULL}, {"b", 4, 4, NULL}, {0}};
	static const Entry member[] = {{"student.a", 4, 4, NULL}, {"student.b", 4, 4, NULL},
		{"teacher.a", 4, 4, NULL}, {"teacher.b", 4, 4, NULL}, {0}};

	expect_of("npz", base, "npz", member, NULL,
		"a=- b=- +student.a +student.b +teacher.a +teacher.b", NULL,
		"2 of its names match without the prefix student., and as many without the prefix "
		"teacher.: say which with --rename");
	expect_of("npz", base, "npz", member,
		"^teacher\\.=", "a=teacher.a b=teacher.b +student.a +student.b",
		"after the rename ^teacher\\.=", NULL);
}

/* Both prefixes fit one name each; the shorter leaves more of the name. */
/* A second copy of the weights, beside some of them: the two are never mixed. */
static void test_prefix_of_copy(void)
{
	static const Entry base[] = {{"a.w", 8, 0, NULL}, {"b.w", 8, 0, NULL}, {0}};
	static const Entry member[] = {
		{"a.w", 8, 0, NULL}, {"ema.a.w", 8, 0, NULL}, {"ema.b.w", 8, 0, NULL}, {0}};

	expect(base, member, "a.w=a.w b.w=- +ema.a.w +ema.b.w", NULL);
	expect(member, base, "a.w=a.w ema.a.w=- ema.b.w=- +b.w", NULL);
}

static void test_prefix_shortest(void)
{
	static const Entry base[] = {{"a.w", 4, 4, NULL}, {"w", 4, 4, NULL}, {0}};
	static const Entry member[] = {{"m.a.w", 4, 4, NULL}, {0}};

	expect(base, member, "a.w=m.a.w w=-", "without the prefix m.");
}

/* The head stands outside of what is wrapped. */
static void test_prefix_of_most(void)
{
	static const Entry base[] = {
		{"h.0.w", 4, 4, NULL}, {"h.1.w", 4, 4, NULL}, {"lm_head.w", 9, 4, NULL}, {0}};
	static const Entry member[] = {{"transformer.h.0.w", 4, 4, NULL},
		{"transformer.h.1.w", 4, 4, NULL}, {"lm_head.w", 9, 4, NULL}, {0}};

	expect(base, member, "h.0.w=transformer.h.0.w h.1.w=transformer.h.1.w lm_head.w=lm_head.w",
		"without the prefix transformer.");
}

/* Each side has been wrapped by another program. */
static void test_prefix_exchanged(void)
{
	static const Entry base[] = {{"net.core.a", 4, 4, NULL}, {"net.core.b", 4, 3, NULL},
		{"net.core.c", 4, 3, NULL}, {0}};
	static const Entry member[] = {{"model.a", 4, 4, NULL}, {"model.b", 4, 3, NULL},
		{"model.c", 4, 3, NULL}, {"loss.w", 4, 3, NULL}, {0}};
	static const Entry parted[] = {
		{"net.a", 4, 4, NULL}, {"head.b", 4, 3, NULL}, {"head.c", 4, 3, NULL}, {0}};
	static const Entry few[] = {{"fc.weight", 4, 4, NULL}, {"fc.bias", 4, 0, NULL}, {0}};
	static const Entry others[] = {{"norm.weight", 4, 4, NULL}, {"norm.bias", 4, 0, NULL}, {0}};

	expect(base, member, "net.core.a=model.a net.core.b=model.b net.core.c=model.c +loss.w",
		"with the prefix net.core. in place of model.");
	expect(parted, member, "head.b=- head.c=- net.a=- +loss.w +model.a +model.b +model.c",
		NULL);
	expect(few, others, "fc.bias=- fc.weight=- +norm.bias +norm.weight", NULL);
}

static void test_prefix_and_convention(void)
{
	static const Entry base[] = {{"a.w", 4, 4, NULL}, {"ln.weight", 4, 0, NULL},
		{"ln.bias", 4, 0, NULL}, {"b.w", 4, 3, NULL}, {0}};
	static const Entry member[] = {{"bert.a.w", 4, 4, NULL}, {"bert.b.w", 4, 3, NULL},
		{"bert.ln.gamma", 4, 0, NULL}, {"bert.ln.beta", 4, 0, NULL}, {0}};

	expect(base, member,
		"a.w=bert.a.w b.w=bert.b.w ln.bias=bert.ln.beta ln.weight=bert.ln.gamma",
		"without the prefix bert.; gamma and beta as weight and bias");
}

/* With and without its prefix a name is of one tensor, which has one partner. */
static void test_prefix_twins(void)
{
	static const Entry base[] = {{"a.w", 4, 4, NULL}, {"b.w", 4, 4, NULL},
		{"c.weight", 4, 0, NULL}, {"m.c.weight", 4, 0, NULL}, {0}};
	static const Entry member[] = {
		{"m.a.w", 4, 4, NULL}, {"m.b.w", 4, 4, NULL}, {"m.c.gamma", 4, 0, NULL}, {0}};

	expect(base, member, "a.w=m.a.w b.w=m.b.w c.weight=m.c.gamma m.c.weight=-",
		"without the prefix m.; gamma and beta as weight and bias");
}

static void test_conventions(void)
{
	static const struct {
		Entry base[4], member[4];
		const char *pairs, *rule;
	} rows[] = {
		{{{"ln.weight", 4, 0, NULL}, {"ln.bias", 4, 0, NULL}},
			{{"ln.gamma", 4, 0, NULL}, {"ln.beta", 4, 0, NULL}},
			"ln.bias=ln.beta ln.weight=ln.gamma", "gamma and beta as weight and bias"},
		{{{"c.weight_g", 4, 0, NULL}, {"c.weight_v", 4, 3, NULL}},
			{{"c.parametrizations.weight.original0", 4, 0, NULL},
				{"c.parametrizations.weight.original1", 4, 3, NULL}},
			"c.weight_g=c.parametrizations.weight.original0 "
			"c.weight_v=c.parametrizations.weight.original1",
			"weight_g and weight_v as parametrizations.weight.original0 and original1"},
		{{{"dense/kernel", 4, 3, NULL}}, {{"dense/kernel:0", 4, 3, NULL}},
			"dense/kernel=dense/kernel:0", "without the ending :0"},
		{{{"enc.a.w", 4, 3, NULL}}, {{"enc.module.a._orig_mod.w", 4, 3, NULL}},
			"enc.a.w=enc.module.a._orig_mod.w",
			"without module., _orig_mod. and other wrappers inside of names"},
		{{{"enc.a.w", 4, 3, NULL}}, {{"enc/a/w", 4, 3, NULL}}, "enc.a.w=enc/a/w",
			"slashes as dots"},
		{{{"dense/dense/kernel:0", 4, 3, NULL}, {"dense/dense/bias:0", 3, 0, NULL}},
			{{"layers/dense/vars/0", 4, 3, NULL}, {"layers/dense/vars/1", 3, 0, NULL}},
			"dense/dense/bias:0=layers/dense/vars/1 "
			"dense/dense/kernel:0=layers/dense/vars/0",
			"without the ending :0; layers named once that Keras 2 names twice; "
			"kernel and bias as vars/0 and vars/1 of Keras 3"},
		/* A convention gives no partner of another shape. */
		{{{"ln.weight", 4, 0, NULL}}, {{"ln.gamma", 5, 0, NULL}}, "ln.weight=- +ln.gamma",
			NULL},
		/* Nor one of two. */
		{{{"a.module.w", 4, 0, NULL}}, {{"a.w.gamma", 4, 0, NULL}, {"a.w", 4, 0, NULL}},
			"a.module.w=a.w +a.w.gamma",
			"without module., _orig_mod. and other wrappers inside of names"},
		{{{"a.w", 4, 0, NULL}}, {{"a.module.w", 4, 0, NULL}, {"a._orig_mod.w", 4, 0, NULL}},
			"a.w=- +a._orig_mod.w +a.module.w", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		expect(rows[i].base, rows[i].member, rows[i].pairs, rows[i].rule);
}

/* Published files: three models of one architecture, made in two sessions. */
static void test_keras_numbers(void)
{
	static const Entry base[] = {{"dense/dense/bias:0", 64, 0, NULL},
		{"dense/dense/kernel:0", 784, 64, NULL}, {"dense_1/dense_1/bias:0", 32, 0, NULL},
		{"dense_1/dense_1/kernel:0", 64, 32, NULL}, {0}};
	static const Entry member[] = {{"dense_9/dense_9_1/bias:0", 64, 0, NULL},
		{"dense_9/dense_9_1/kernel:0", 784, 64, NULL},
		{"dense_10/dense_10_1/bias:0", 32, 0, NULL},
		{"dense_10/dense_10_1/kernel:0", 64, 32, NULL}, {0}};
	static const Entry deeper[] = {{"dense_3/dense_3/kernel:0", 784, 64, NULL},
		{"dense_4/dense_4/kernel:0", 64, 32, NULL},
		{"dense_5/dense_5/kernel:0", 32, 32, NULL}, {0}};

	expect(base, member,
		"dense/dense/bias:0=dense_9/dense_9_1/bias:0 "
		"dense/dense/kernel:0=dense_9/dense_9_1/kernel:0 "
		"dense_1/dense_1/bias:0=dense_10/dense_10_1/bias:0 "
		"dense_1/dense_1/kernel:0=dense_10/dense_10_1/kernel:0",
		"by Keras' layer numbers, counted from the first");
	/* Of other depth: which layer is which cannot be told from numbers. */
	expect(base, deeper,
		"dense/dense/bias:0=- dense/dense/kernel:0=- dense_1/dense_1/bias:0=- "
		"dense_1/dense_1/kernel:0=- +dense_3/dense_3/kernel:0 +dense_4/dense_4/kernel:0 "
		"+dense_5/dense_5/kernel:0",
		NULL);
}

/* Layers that are not in both, where the numbers are those of one session. */
static void test_keras_parts(void)
{
	static const Entry base[] = {{"dense/dense/kernel:0", 4, 3, NULL},
		{"dense/dense/bias:0", 3, 0, NULL}, {"dense_1/dense_1/kernel:0", 3, 2, NULL}, {0}};
	static const Entry member[] = {
		{"layers/dense/vars/0", 4, 3, NULL}, {"layers/dense/vars/1", 3, 0, NULL}, {0}};
	static const Entry later[] = {{"layers/dense_4/vars/0", 4, 3, NULL},
		{"layers/dense_4/vars/1", 3, 0, NULL}, {"layers/dense_5/vars/0", 3, 2, NULL}, {0}};

	expect(base, member,
		"dense/dense/bias:0=layers/dense/vars/1 dense/dense/kernel:0=layers/dense/vars/0 "
		"dense_1/dense_1/kernel:0=-",
		"without the ending :0; layers named once that Keras 2 names twice; "
		"kernel and bias as vars/0 and vars/1 of Keras 3");
	expect(base, later,
		"dense/dense/bias:0=layers/dense_4/vars/1 "
		"dense/dense/kernel:0=layers/dense_4/vars/0 "
		"dense_1/dense_1/kernel:0=layers/dense_5/vars/0",
		"without the ending :0; layers named once that Keras 2 names twice; "
		"kernel and bias as vars/0 and vars/1 of Keras 3; "
		"by Keras' layer numbers, counted from the first");
}

/* Without gamma the places move up; what shapes cannot tell apart, roles do. */
static void test_keras_variables(void)
{
	static const Entry base[] = {{"bn/bn/beta:0", 4, 0, NULL},
		{"bn/bn/moving_mean:0", 4, 0, NULL}, {"bn/bn/moving_variance:0", 4, 0, NULL}, {0}};
	static const Entry three[] = {{"layers/bn/vars/0", 4, 0, NULL},
		{"layers/bn/vars/1", 4, 0, NULL}, {"layers/bn/vars/2", 4, 0, NULL}, {0}};
	static const Entry four[] = {{"layers/bn/vars/0", 4, 0, NULL},
		{"layers/bn/vars/1", 4, 0, NULL}, {"layers/bn/vars/2", 4, 0, NULL},
		{"layers/bn/vars/3", 4, 0, NULL}, {0}};

	expect(base, three,
		"bn/bn/beta:0=layers/bn/vars/0 bn/bn/moving_mean:0=layers/bn/vars/1 "
		"bn/bn/moving_variance:0=layers/bn/vars/2",
		"without the ending :0; layers named once that Keras 2 names twice; "
		"kernel and bias as vars/0 and vars/1 of Keras 3");
	expect(base, four,
		"bn/bn/beta:0=- bn/bn/moving_mean:0=- bn/bn/moving_variance:0=- "
		"+layers/bn/vars/0 +layers/bn/vars/1 +layers/bn/vars/2 +layers/bn/vars/3",
		NULL);
}

static void test_gguf(void)
{
	g_autofree Entry *entries = wrapped("module.", 5);

	expect_of("gguf", net, "safetensors", entries, NULL,
		"conv.bias=- conv.weight=- fc.bias=- fc.weight=- mid.bias=- mid.weight=- "
		"+module.conv.bias +module.conv.weight +module.fc.bias +module.fc.weight "
		"+module.mid.bias +module.mid.weight",
		NULL, "one of the two is GGUF");
	expect_of("gguf", net, "npz", net, "conv=conv",
		"conv.bias=conv.bias conv.weight=conv.weight fc.bias=fc.bias fc.weight=fc.weight "
		"mid.bias=mid.bias mid.weight=mid.weight",
		NULL, "the rename conv=conv changes none of its names");
	expect_of("gguf", entries, "npz", net, "^=module.",
		"module.conv.bias=conv.bias module.conv.weight=conv.weight "
		"module.fc.bias=fc.bias module.fc.weight=fc.weight module.mid.bias=mid.bias "
		"module.mid.weight=mid.weight",
		"after the rename ^=module.", "renames would compare rows");
	expect_of("gguf", net, "gguf", net, NULL,
		"conv.bias=conv.bias conv.weight=conv.weight fc.bias=fc.bias fc.weight=fc.weight "
		"mid.bias=mid.bias mid.weight=mid.weight",
		NULL, NULL);
}

/* Single arrays, whose names are those of their files. */
static void test_arrays(void)
{
	static const Entry before[] = {{"before", 8, 3, NULL}, {0}};
	static const Entry after[] = {{"after", 8, 3, NULL}, {0}};
	static const Entry other[] = {{"other", 3, 8, NULL}, {0}};

	expect_of("npy", before, "npy", after, NULL, "before=after",
		"as the one array of each file", NULL);
	expect_of("npy", before, "npy", other, NULL, "before=- +other", NULL, NULL);
	expect_of("npy", before, "npz", after, NULL, "before=- +after", NULL, NULL);
}

static void test_tied(void)
{
	static const Entry tied[] = {{"wte", 9, 4, NULL}, {"lm_head", 0, 0, "wte"}, {0}};
	static const Entry swapped[] = {{"lm_head", 9, 4, NULL}, {"wte", 0, 0, "lm_head"}, {0}};
	static const Entry both[] = {{"wte", 9, 4, NULL}, {"lm_head", 9, 4, NULL}, {0}};
	static const Entry wrapped_tied[] = {
		{"module.wte", 9, 4, NULL}, {"module.lm_head", 0, 0, "module.wte"}, {0}};

	expect(tied, tied, "wte=wte", NULL);
	expect(tied, swapped, "wte=lm_head", NULL);
	expect_of("npz", tied, "npz", both, NULL, "wte=wte +lm_head", NULL,
		"lm_head is tied to wte in the base and not here: its own values are left out");
	expect_of("npz", both, "npz", tied, NULL, "lm_head=wte wte=wte", NULL,
		"lm_head is tied to wte here and not in the base");
	expect(both, wrapped_tied, "lm_head=module.wte wte=module.wte",
		"without the prefix module.");
}

static void test_renames(void)
{
	static const Entry base[] = {{"a.1.w", 4, 4, NULL}, {"a.2.w", 4, 4, NULL}, {0}};
	static const Entry member[] = {{"block1_w", 4, 4, NULL}, {"block2_w", 4, 4, NULL}, {0}};

	expect_of("npz", base, "npz", member, "block(\\d)_(?=w)=a.\\1.",
		"a.1.w=block1_w a.2.w=block2_w", "after the rename block(\\d)_(?=w)=a.\\1.", NULL);
	expect_of("npz", base, "npz", member, "^x=y", "a.1.w=- a.2.w=- +block1_w +block2_w", NULL,
		"the rename ^x=y changes none of its names");
}

static void test_rename_errors(void)
{
	static const struct {
		const char *rule, *reason;
	} rows[] = {
		{"nothing", "a rename is REGEX=TEXT"},
		{"=text", "a rename is REGEX=TEXT"},
		{"a\nb=c", "a rename is REGEX=TEXT"},
		{"(=x", "the rename (=x is not valid"},
		{"a=\\g<", "is not valid"},
		{".*=same", "one name, same"},
		{".*=", "makes its name empty"},
		{"\xff=a", "a rename is REGEX=TEXT"},
	};
	g_autoptr(Checkpoint) base = make("npz", net), member = make("npz", net);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) renames = g_ptr_array_new();
		g_auto(Alignment) alignment = {0};
		g_autoptr(GError) error = NULL;
		g_ptr_array_add(renames, (char *)rows[i].rule);
		g_assert_false(align(base, member, renames, &alignment, &error));
		test_error(error, ERROR_USAGE, rows[i].reason);
	}
}

/* Rules follow each other; what a rule makes too long is refused, not made. */
static void test_rename_growth(void)
{
	g_autoptr(Checkpoint) base = make("npz", net), member = make("npz", net);
	g_autoptr(GPtrArray) renames = g_ptr_array_new();
	g_auto(Alignment) alignment = {0};
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 20; i++)
		g_ptr_array_add(renames, (char *)".=\\0\\0");
	g_assert_false(align(base, member, renames, &alignment, &error));
	test_error(error, ERROR_USAGE, "too long");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/align/equal", test_equal);
	g_test_add_func("/align/prefix", test_prefix);
	g_test_add_func("/align/prefix-and-new-layer", test_prefix_and_new_layer);
	g_test_add_func("/align/prefix-of-few", test_prefix_of_few);
	g_test_add_func("/align/prefix-of-minority", test_prefix_of_minority);
	g_test_add_func("/align/prefix-of-other-shapes", test_prefix_of_other_shapes);
	g_test_add_func("/align/prefix-rivals", test_prefix_rivals);
	g_test_add_func("/align/prefix-shortest", test_prefix_shortest);
	g_test_add_func("/align/prefix-of-most", test_prefix_of_most);
	g_test_add_func("/align/prefix-exchanged", test_prefix_exchanged);
	g_test_add_func("/align/prefix-and-convention", test_prefix_and_convention);
	g_test_add_func("/align/prefix-twins", test_prefix_twins);
	g_test_add_func("/align/conventions", test_conventions);
	g_test_add_func("/align/keras-numbers", test_keras_numbers);
	g_test_add_func("/align/keras-parts", test_keras_parts);
	g_test_add_func("/align/keras-variables", test_keras_variables);
	g_test_add_func("/align/gguf", test_gguf);
	g_test_add_func("/align/prefix-of-copy", test_prefix_of_copy);
	g_test_add_func("/align/arrays", test_arrays);
	g_test_add_func("/align/tied", test_tied);
	g_test_add_func("/align/renames", test_renames);
	g_test_add_func("/align/rename-errors", test_rename_errors);
	g_test_add_func("/align/rename-growth", test_rename_growth);
	return g_test_run();
}
