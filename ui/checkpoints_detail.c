/* checkpoints_detail.c - the right pane of the Checkpoints screen: where a checkpoint lies, how it
 * lines up with the base, where its task vector is large, and which tasks are near. */
#include "checkpoints_view.h"

#include "analysis/trajectory.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

#define NAMES_SHOWN 3 /* of tensors that do not line up */
#define NEAR_SHOWN 2
#define SENTENCE_COLUMNS 29 /* what the pane has beside the list at 90 columns */
#define METADATA_SHOWN 3

static void line_free_all(gpointer data)
{
	DetailLine *line = data;

	g_free(line->text);
	g_free(line->count);
	g_free(line->value);
	g_free(line->profile);
	g_free(line);
}

/* Takes the text. */
static DetailLine *add(GPtrArray *lines, DetailKind kind, char *text)
{
	DetailLine *line = g_new0(DetailLine, 1);

	line->kind = kind;
	line->text = text;
	g_ptr_array_add(lines, line);
	return line;
}

static void add_blank(GPtrArray *lines)
{
	add(lines, DETAIL_TEXT, g_strdup(""));
}

/* The first file that it was read from. */
static const char *source_path(const Checkpoint *checkpoint, const StoreMember *known)
{
	const StoreSource *source =
		known && known->sources->len > 0 ? known->sources->pdata[0] : NULL;

	return source ? source->path : checkpoint->path;
}

/* The first of what the file says about itself. */
static void add_metadata(GPtrArray *lines, const Checkpoint *checkpoint)
{
	g_autoptr(GList) keys = g_list_sort(
		g_hash_table_get_keys(checkpoint->metadata), (GCompareFunc)(gpointer)strcmp);
	guint shown = 0;

	for (GList *key = keys; key && shown < METADATA_SHOWN; key = key->next, shown++) {
		g_autofree char *text = g_strdup_printf("%s=%s", (char *)key->data,
			(char *)g_hash_table_lookup(checkpoint->metadata, key->data));
		add(lines, DETAIL_TEXT, text_safe(text));
	}
}

static void add_source(GPtrArray *lines, const Session *session, const CheckpointRow *row)
{
	const Checkpoint *checkpoint =
		collection_member(session_collection(session), row->member)->checkpoint;
	const Store *store = session_store(session);
	const StoreMember *known =
		row->member < store->members->len ? store->members->pdata[row->member] : NULL;
	g_autofree char *bytes = text_bytes(row->bytes);

	add(lines, DETAIL_HEADING, g_strdup(row->name));
	add(lines, DETAIL_PATH, path_shown(source_path(checkpoint, known)));
	add(lines, DETAIL_TEXT,
		g_strdup_printf("%s %s %s%s", checkpoint->format, row->types, bytes,
			known && known->copied ? ", copied" : ""));
	add_metadata(lines, checkpoint);
	if (row->warning)
		add(lines, DETAIL_TEXT, g_strdup_printf("! %s", row->warning));
	add_blank(lines);
}

static void add_first_names(GPtrArray *lines, const char *what, const GPtrArray *names)
{
	GString *text;

	if (names->len == 0)
		return;
	text = g_string_new(what);
	for (guint i = 0; i < MIN(names->len, NAMES_SHOWN); i++)
		g_string_append_printf(text, "%s %s", i > 0 ? "," : ":", (char *)names->pdata[i]);
	if (names->len > NAMES_SHOWN)
		g_string_append_printf(text, " and %u more", names->len - NAMES_SHOWN);
	add(lines, DETAIL_TEXT, g_string_free(text, FALSE));
}

/* The base's tensors that match a member in one way. */
static GPtrArray *matching(const Collection *collection, const Member *member, Match match)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; i < collection_tensors(collection); i++)
		if (member->match[i] == match)
			g_ptr_array_add(names, collection_tensor(collection, i)->name);
	return names;
}

/* A sentence on as many lines as it takes; what goes on is indented. */
static void add_wrapped(GPtrArray *lines, const char *sentence)
{
	g_auto(GStrv) words = g_strsplit(sentence, " ", -1);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; words[i]; i++) {
		int columns = canvas_columns(text->str) + 1 + canvas_columns(words[i]);
		if (i > 0 && columns > SENTENCE_COLUMNS) {
			add(lines, DETAIL_TEXT, g_strdup(text->str));
			g_string_assign(text, " ");
		}
		g_string_append_printf(text, "%s%s", i > 0 ? " " : "", words[i]);
	}
	add(lines, DETAIL_TEXT, g_strdup(text->str));
}

/* How names were matched, which rows are compared: as the check report says it. */
static void add_sentences(GPtrArray *lines, const Collection *collection, guint number)
{
	g_autoptr(GPtrArray) sentences = report_alignment(collection, number);

	for (guint i = 0; i < sentences->len; i++)
		add_wrapped(lines, sentences->pdata[i]);
}

static void add_alignment(GPtrArray *lines, const Collection *collection, guint number)
{
	const Member *member = collection_member(collection, number);
	g_autoptr(GPtrArray) aligned = matching(collection, member, MATCH_SHARED);
	g_autoptr(GPtrArray) missing = matching(collection, member, MATCH_MISSING);
	g_autoptr(GPtrArray) reshaped = matching(collection, member, MATCH_RESHAPED);
	g_autoptr(GPtrArray) other = matching(collection, member, MATCH_NOT_FLOAT);

	add(lines, DETAIL_HEADING,
		g_strdup_printf("TENSORS %u  aligned %u", checkpoint_count(member->checkpoint),
			aligned->len));
	add(lines, DETAIL_TEXT,
		g_strdup_printf("missing %u  reshaped %u  extra %u", missing->len, reshaped->len,
			member->extra->len));
	add_sentences(lines, collection, number);
	add_first_names(lines, "missing", missing);
	add_first_names(lines, "reshaped", reshaped);
	add_first_names(lines, "not float", other);
	add_first_names(lines, "extra", member->extra);
}

/* What is shown of a group: |τ|/|θ₀|, or of the base |θ₀|. */
static double group_value(const LayerGroup *group, gboolean base)
{
	return base ? group->base_norm : group->relative[0];
}

/* The decimals that suit the values of all layers. */
static int layers_decimals(const Layers *layers, gboolean base)
{
	double most = 0;

	for (guint i = 0; i < layers->groups->len; i++)
		most = fmax(most, group_value(layers->groups->pdata[i], base));
	return number_decimals(most);
}

static void add_tree_heading(GPtrArray *lines, gboolean base)
{
	DetailLine *line;

	add_blank(lines);
	line = add(lines, DETAIL_HEADING, g_strdup("LAYER"));
	line->count = g_strdup("PARAMS");
	line->value = g_strdup(base ? "|θ₀|" : "|τ|/|θ₀|");
}

/* The same of one tensor. */
static double tensor_value(const Gram *gram, guint tensor, const CheckpointRow *row)
{
	double base = sqrt(*gram_cell(gram, tensor, 0, 0));

	if (row->kind == ROW_BASE)
		return base;
	return base > 0 ? sqrt(*gram_cell(gram, tensor, row->member, row->member)) / base : NAN;
}

static void add_tensors(GPtrArray *lines, const Session *session, const Scope *layer,
	const CheckpointRow *row, int decimals)
{
	for (guint i = 0; i < layer->tensors->len; i++) {
		guint tensor = g_array_index(layer->tensors, guint, i);
		const char *name = collection_tensor(session_collection(session), tensor)->name;
		DetailLine *line = add(lines, DETAIL_TENSOR, NULL);
		line->name = tensor_in_layer(name, layer->label);
		line->number = tensor_value(session_gram(session), tensor, row);
		line->decimals = decimals;
	}
}

/* The tensors of each layer, in the order of `layers`. */
static GPtrArray *layer_scopes(const Collection *collection, const CheckpointRow *row)
{
	g_autoptr(Scope) all = scope_new(collection, NULL, &row->member, 1, NULL);

	return scope_groups(collection, all, GROUP_LAYER);
}

static void add_layers(GPtrArray *lines, const Session *session, const Layers *layers,
	const CheckpointRow *row, GHashTable *unfolded, gboolean all)
{
	gboolean base = row->kind == ROW_BASE;
	int decimals = layers_decimals(layers, base);
	g_autoptr(GPtrArray) scopes = layer_scopes(session_collection(session), row);

	for (guint i = 0; i < layers->groups->len; i++) {
		const LayerGroup *group = layers->groups->pdata[i];
		DetailLine *line = add(lines, DETAIL_LAYER, g_strdup(group->name));
		line->unfolded = all || g_hash_table_contains(unfolded, group->name);
		line->count = text_count(group->elements);
		line->value = number_fixed(group_value(group, base), decimals);
		if (line->unfolded)
			add_tensors(lines, session, scopes->pdata[i], row, decimals);
	}
}

static void add_profile(GPtrArray *lines, const Layers *layers, gboolean base)
{
	DetailLine *line;

	add_blank(lines);
	add(lines, DETAIL_HEADING, g_strdup(base ? "|θ₀| BY LAYER" : "|τ| BY LAYER"));
	line = add(lines, DETAIL_SPARK, NULL);
	line->n = layers->groups->len;
	line->profile = g_new0(double, line->n);
	for (guint i = 0; i < line->n; i++) {
		const LayerGroup *group = layers->groups->pdata[i];
		line->profile[i] = base ? group->base_norm : group->norm[0];
	}
}

static void add_tree(GPtrArray *lines, const Session *session, const CheckpointRow *row,
	GHashTable *unfolded, gboolean all)
{
	gboolean base = row->kind == ROW_BASE;
	g_autoptr(Layers) layers = NULL;

	if (!session_ready(session))
		return;
	layers = layers_new(session_collection(session), session_gram(session), NULL, GROUP_LAYER,
		&row->member, 1, NULL);
	if (!layers)
		return;
	add_tree_heading(lines, base);
	add_layers(lines, session, layers, row, unfolded, all);
	add_profile(lines, layers, base);
}

static int compare_cosines(gconstpointer a, gconstpointer b, gpointer data)
{
	const double *cosine = data;
	double x = cosine[*(const guint *)a], y = cosine[*(const guint *)b];

	return (x < y) - (x > y);
}

/* The other tasks by their cosine with one, those that have none left out. */
static GArray *neighbours(const Similarity *similarity, guint position)
{
	double *row = similarity->whole->cosine + (gsize)position * similarity->count;
	GArray *others = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint i = 0; i < similarity->count; i++)
		if (i != position && isfinite(row[i]))
			g_array_append_val(others, i);
	g_array_sort_with_data(others, compare_cosines, row);
	return others;
}

static void add_neighbours(GPtrArray *lines, const Similarity *similarity, guint position,
	const char *what, const GArray *others, gboolean far)
{
	const double *row = similarity->whole->cosine + (gsize)position * similarity->count;
	guint most = MIN(far ? others->len - NEAR_SHOWN : others->len, NEAR_SHOWN);

	for (guint i = 0; i < most; i++) {
		guint other = g_array_index(others, guint, far ? others->len - 1 - i : i);
		DetailLine *line = add(lines, DETAIL_TEXT, g_strdup(similarity->name[other]));
		line->label = i == 0 ? what : "";
		line->value = number_signed(row[other], 2);
	}
}

static void add_near_and_far(
	GPtrArray *lines, const CheckpointRow *row, const Similarity *similarity)
{
	for (guint i = 0; row->kind == ROW_TASK && similarity && i < similarity->count; i++) {
		g_autoptr(GArray) others = NULL;
		if (similarity->member[i] != row->member || similarity->count < 2)
			continue;
		others = neighbours(similarity, i);
		add_blank(lines);
		add_neighbours(lines, similarity, i, "NEAREST", others, FALSE);
		if (others->len > NEAR_SHOWN)
			add_neighbours(lines, similarity, i, "FARTHEST", others, TRUE);
	}
}

/* The steps of a run, and how long τ is at each. */
static void add_steps(GPtrArray *lines, const Session *session, const char *run)
{
	g_autoptr(Trajectory) path = trajectory_new(
		session_collection(session), session_gram(session), run, -1, NULL, GROUP_ALL, NULL);
	DetailLine *line = add(lines, DETAIL_HEADING, g_strdup("STEP"));
	double most = 0;

	line->value = g_strdup("|τ|/|θ₀|");
	for (guint i = 0; path && i < path->count; i++)
		most = fmax(most, path->whole->relative[i]);
	for (guint i = 0; path && i < path->count; i++) {
		line = add(lines, DETAIL_TEXT,
			path->step[i] < 0 ? g_strdup("final")
					  : g_strdup_printf("%" G_GINT64_FORMAT, path->step[i]));
		line->value = number_fixed(path->whole->relative[i], number_decimals(most));
	}
}

static void add_run(GPtrArray *lines, const Session *session, const CheckpointRow *row)
{
	const Checkpoint *first =
		collection_member(session_collection(session), row->member)->checkpoint;
	g_autofree char *step = g_path_get_dirname(first->path);

	add(lines, DETAIL_HEADING, g_strdup(row->name));
	add(lines, DETAIL_PATH,
		path_shown(g_str_has_suffix(first->path, ".safetensors") ? step : first->path));
	add(lines, DETAIL_TEXT,
		g_strdup_printf("%u checkpoints, Enter unfolds them", row->checkpoints));
	add_blank(lines);
	if (session_ready(session))
		add_steps(lines, session, row->run);
}

GPtrArray *checkpoint_detail(Ui *ui, const CheckpointRow *row, const Similarity *similarity,
	GHashTable *unfolded, gboolean all)
{
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	GPtrArray *lines = g_ptr_array_new_with_free_func(line_free_all);

	if (row->kind == ROW_RUN) {
		add_run(lines, session, row);
		return lines;
	}
	add_source(lines, session, row);
	add_alignment(lines, collection, row->member);
	add_tree(lines, session, row, unfolded, all);
	add_near_and_far(lines, row, similarity);
	return lines;
}
