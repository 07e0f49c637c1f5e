/* mergekit_read_notes.c - where what a recipe does is not what people expect of it, or differs
 * here.
 *
 * Each is known from mergekit's own runs.  What it computes is computed here too, unless the note
 * says otherwise. */
#include "recipe/mergekit_private.h"

#include <math.h>
#include <string.h>

typedef struct {
	const MergeReader *reader;
	const MergeConfig *config;
	const MergekitMethod *method;
} Notes;

G_GNUC_PRINTF(3, 4)
static void say(const Notes *notes, guint line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	mergekit_note(notes->reader->notes, line, "%s", text);
}

static const char *tensor_name(const Notes *notes, guint tensor)
{
	return collection_tensor(notes->reader->collection, tensor)->name;
}

/* `tail`: the setting reaches the tensors behind all layers. */
typedef void (*SettingVisitor)(const Notes *notes, const Setting *setting, gboolean tail);

static void visit(
	const Notes *notes, const GPtrArray *settings, gboolean tail, SettingVisitor visitor)
{
	for (guint i = 0; i < settings->len; i++)
		visitor(notes, settings->pdata[i], tail);
}

static void visit_all(const Notes *notes, SettingVisitor visitor)
{
	visit(notes, notes->config->settings, TRUE, visitor);
	for (guint i = 0; i < notes->config->slices->len; i++) {
		const MergeSlice *slice = notes->config->slices->pdata[i];
		visit(notes, slice->settings, slice->tail, visitor);
		for (guint k = 0; k < slice->sources->len; k++) {
			const MergeSource *source = slice->sources->pdata[k];
			visit(notes, source->settings, slice->tail, visitor);
		}
	}
}

static gboolean is_in_a_name(const Notes *notes, const char *part)
{
	for (guint i = 0; i < collection_tensors(notes->reader->collection); i++)
		if (strstr(tensor_name(notes, i), part))
			return TRUE;
	return FALSE;
}

static void say_filters(const Notes *notes, const Setting *setting, gboolean tail)
{
	(void)tail;
	for (guint i = 0; i < setting->cases->len; i++) {
		const Case *one = &g_array_index(setting->cases, Case, i);
		if (one->filter && !is_in_a_name(notes, one->filter))
			say(notes, one->line,
				"no tensor's name holds \"%s\", so that this value is "
				"never taken%s",
				one->filter,
				strpbrk(one->filter, "*?^$|\\")
					? "; a filter is a part of a name, without wildcards"
					: "");
	}
}

/* The first float tensor outside of layers, where a gradient does not reach; or NULL. */
static const char *tensor_behind(const Notes *notes)
{
	const Depth *depth = notes->reader->depth;
	for (guint i = 0; i < collection_tensors(depth->collection); i++)
		if (depth->after[i] && collection_is_float(depth->collection, i))
			return tensor_name(notes, i);
	return NULL;
}

static void say_gradients(const Notes *notes, const Setting *setting, gboolean tail)
{
	const char *behind = tail ? tensor_behind(notes) : NULL;
	guint stacks = notes->reader->depth->stacks;
	for (guint i = 0; i < setting->cases->len; i++) {
		const Case *one = &g_array_index(setting->cases, Case, i);
		if (one->anchors < 2)
			continue;
		if (behind && (!one->filter || strstr(behind, one->filter)))
			say(notes, one->line,
				"a gradient goes through the layers of its slice: all "
				"tensors outside of them, also those behind them "
				"(%s), have its first number, %g",
				behind, one->anchor[0]);
		if (stacks > 1)
			say(notes, one->line,
				"the base has %u runs of numbered layers: a gradient goes through "
				"each "
				"of them, whatever mergekit takes for layers",
				stacks);
		if (stacks == 0)
			say(notes, one->line,
				"the base has no numbered layers: a gradient is its "
				"first number everywhere");
	}
}

/* A value of a parameter that a condition is true of, on any tensor of any model. */
typedef struct {
	const char *name;
	gboolean (*holds)(double value, double elements);
	guint line, tensor, count; /* of the first, and on how many tensors it is */
	gboolean found;
} Search;

static void search_source(
	const Notes *notes, const MergeSlice *slice, const MergeSource *source, Search *search)
{
	const Collection *collection = notes->reader->collection;
	const MergekitParameter *parameter = mergekit_parameter(notes->method, search->name);
	g_autoptr(GArray) cases = merge_cases(
		notes->config, slice, parameter->of_model ? source : NULL, search->name);
	for (guint i = 0; i < collection_tensors(collection); i++) {
		if (!slice_has(notes->reader, slice, i))
			continue;
		gint place = case_of(notes->reader, cases, i);
		double value = merge_value(notes->reader, slice, cases, i, parameter->otherwise);
		double elements = (double)collection_tensor(collection, i)->elements;
		if (isnan(value) || !search->holds(value, elements))
			continue;
		search->count++;
		if (search->found)
			continue;
		search->found = TRUE;
		search->tensor = i;
		search->line = place < 0 ? notes->config->method_line
					 : g_array_index(cases, Case, place).line;
	}
}

/* Looks at all models but the base, where the base is no model to the method. */
static gboolean search_all(const Notes *notes, Search *search)
{
	if (!mergekit_parameter(notes->method, search->name))
		return FALSE;
	for (guint i = 0; i < notes->config->slices->len; i++) {
		const MergeSlice *slice = notes->config->slices->pdata[i];
		for (guint k = 0; k < slice->sources->len && !search->found; k++) {
			const MergeSource *source = slice->sources->pdata[k];
			if (notes->method->base == BASE_MODEL ||
				(gint)source->member != slice->base)
				search_source(notes, slice, source, search);
		}
	}
	return search->found;
}

static gboolean is_negative(double value, double elements)
{
	(void)elements;
	return value < 0;
}

static gboolean is_not_one(double value, double elements)
{
	(void)elements;
	return value != 1;
}

static gboolean is_yes(double value, double elements)
{
	(void)elements;
	return value != 0;
}

static gboolean keeps_none(double density, double elements)
{
	return density < 1 && elements > 0 && floor(density * elements) < 1;
}

static gboolean drops_none(double gamma, double elements)
{
	return elements > 0 && floor(gamma * elements) < 1;
}

static guint models_beside_base(const Notes *notes)
{
	const MergeSlice *slice = notes->config->slices->pdata[0];
	guint base = slice->base >= 0 && merge_source(slice, (guint)slice->base);
	return slice->sources->len - (notes->method->base == BASE_MODEL ? 0 : base);
}

/* A sum of weights that divides takes the sign, and of a single model the size, out of them. */
static void say_normalize(const Notes *notes)
{
	Search normalize = {.name = "normalize", .holds = is_yes};
	Search negative = {.name = "weight", .holds = is_negative};
	Search other = {.name = "weight", .holds = is_not_one};
	if (!search_all(notes, &normalize))
		return;
	if (search_all(notes, &negative))
		say(notes, negative.line,
			"a negative weight is divided by a sum of weights that "
			"may be negative too, and then adds what it was to take "
			"away; normalize: false keeps its sign");
	if (models_beside_base(notes) == 1 && search_all(notes, &other))
		say(notes, other.line,
			"with one model and normalize, the weight is divided by "
			"itself and changes nothing");
}

static void say_small_tensors(const Notes *notes)
{
	Search none = {.name = "density", .holds = keeps_none};
	Search top = {.name = "gamma", .holds = drops_none};
	Search trims = {.name = "density", .holds = is_not_one};
	gboolean breadcrumbs = g_str_has_prefix(notes->method->name, "breadcrumbs");
	if (g_str_equal(notes->method->name, "ties") && search_all(notes, &none))
		say(notes, none.line,
			"mergekit stops at %s, of which this density keeps less than "
			"one element (so of %u tensors); here its largest is kept",
			tensor_name(notes, none.tensor), none.count);
	if (breadcrumbs && search_all(notes, &trims) && search_all(notes, &top))
		say(notes, top.line,
			"every tensor with fewer than 1/gamma elements loses all of its "
			"change: %u of them, %s the first",
			top.count, tensor_name(notes, top.tensor));
}

/* What is to be known of a method wherever it is used. */
static const struct {
	const char *method, *text;
} of_methods[] = {
	{"ties", "dialect=mergekit: each tensor has a threshold of its own, weights take part in "
		 "the vote for a sign, and a vote of 0 is for +; the paper does none of it"},
	{"dare_", "which elements are dropped is drawn here from the seed, and not as mergekit "
		  "draws it: the share is the same, the elements are others"},
	{"della", "which elements are dropped is drawn here from the seed, and not as mergekit "
		  "draws it: the share is the same, the elements are others"},
	{"model_stock", "changes of a tensor whose norms multiply to less than 1e-6 count as "
			"nearly orthogonal, and changes that point apart move away from their "
			"mean, as in mergekit; dialect=paper does neither"},
	{"sce", "models of which a tensor's mean squared changes sum to less than 1e-6 have equal "
		"weights there, as in mergekit; dialect=paper weighs them"},
	{"arcee_fusion",
		"of a tensor with more than a million elements mergekit takes the "
		"threshold from a random sample, another one each time; here it is of all"},
};

static void say_method(const Notes *notes)
{
	for (guint i = 0; i < G_N_ELEMENTS(of_methods); i++)
		if (g_str_has_prefix(notes->method->name, of_methods[i].method))
			say(notes, notes->config->method_line, "%s", of_methods[i].text);
}

static void say_rescale(const Notes *notes)
{
	Search rescale = {.name = "rescale", .holds = is_yes};
	if (search_all(notes, &rescale))
		say(notes, rescale.line,
			"rescale brings each tensor's L1 norm back to what it was; the paper "
			"divides "
			"%s",
			g_str_has_prefix(notes->method->name, "della")
				? "each element by its own chance to be kept"
				: "by the density");
}

static void say_across(const Notes *notes)
{
	Search flatten = {.name = "nuslerp_flatten", .holds = is_yes};
	Search across = {.name = "nuslerp_row_wise", .holds = is_yes};
	if (!search_all(notes, &across))
		return;
	if (search_all(notes, &flatten))
		say(notes, across.line, "nuslerp_row_wise counts only with nuslerp_flatten: false");
	else
		say(notes, across.line,
			"nuslerp_row_wise goes along the first axis, so that a weight is taken "
			"column by column; without it, row by row");
}

static void say_type(const Notes *notes)
{
	const MergeConfig *config = notes->config;
	if (config->dtype_line == 0)
		say(notes, 0,
			"no dtype: mergekit computes in the type of the models' files; here "
			"it is in double, rounded once");
	else if (!g_str_equal(config->dtype, "F32"))
		say(notes, config->dtype_line,
			"mergekit computes in this type too, unless dtype "
			"and out_dtype differ; here it is in double, rounded "
			"once");
}

/* What the base is, where the method does not say it. */
static void say_base(const Notes *notes, const MergeSlice *slice)
{
	BaseRole base = notes->method->base;
	if (slice->base < 0 && !merge_source(slice, 0))
		say(notes, 0,
			"%s measures from no base: the store's base changes nothing but the "
			"tensors that are no float numbers, which are its own",
			notes->method->name);
	else if (slice->base >= 0 && !merge_source(slice, (guint)slice->base))
		say(notes, slice->line,
			"mergekit stops at a slice without the base among its "
			"sources; here it need not be named");
	const MergeSource *source =
		slice->base >= 0 ? merge_source(slice, (guint)slice->base) : NULL;
	if (source && source->settings->len && base != BASE_MODEL)
		say(notes, source->line,
			"the parameters of the base have no effect: %s takes none "
			"from it",
			notes->method->name);
	if (source && source->added && base == BASE_MODEL)
		say(notes, 0, "the base_model counts as one more model to %s", notes->method->name);
}

static void say_slices(const Notes *notes)
{
	const GPtrArray *slices = notes->config->slices;
	for (guint i = 0; i < slices->len; i++)
		say_base(notes, slices->pdata[i]);
	if (slices->len < 2)
		return;
	const MergeSlice *first = slices->pdata[0], *last = slices->pdata[slices->len - 1];
	say(notes, first->line, "the tensors before all layers are made as the first slice is");
	say(notes, last->line, "the tensors behind all layers are made as the last slice is");
}

static void say_shapes(const Notes *notes)
{
	const Collection *collection = notes->reader->collection;
	for (guint m = 1; m < collection_members(collection); m++) {
		const Member *member = collection_member(collection, m);
		for (guint i = 0;
			merge_names(notes->config, m) && i < collection_tensors(collection); i++)
			if (member->match[i] == MATCH_RESHAPED ||
				collection_is_resized(collection, m, i))
				say(notes, 0,
					"%s has another shape of %s: mergekit cuts embeddings to "
					"the smallest and leaves the model out elsewhere; here "
					"the rows that both have are edited, the rest is the "
					"base's",
					member->name, tensor_name(notes, i));
	}
}

static void say_integers(const Notes *notes)
{
	const Collection *collection = notes->reader->collection;
	guint count = 0, first = 0;
	for (guint i = collection_tensors(collection); i-- > 0;)
		if (!collection_is_float(collection, i)) {
			first = i;
			count++;
		}
	if (count)
		say(notes, 0,
			"tensors that are no float numbers (%s%s) are copied from the base; "
			"mergekit computes with them, and may write NaN",
			tensor_name(notes, first), count > 1 ? " and others" : "");
}

void merge_add_notes(const MergeReader *reader, const MergeConfig *config)
{
	const Notes notes = {reader, config, config->method};
	visit_all(&notes, say_filters);
	visit_all(&notes, say_gradients);
	say_normalize(&notes);
	say_small_tensors(&notes);
	say_method(&notes);
	say_rescale(&notes);
	say_across(&notes);
	say_type(&notes);
	say_slices(&notes);
	say_shapes(&notes);
	say_integers(&notes);
}
