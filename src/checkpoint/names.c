/* names.c - reads layer and kind out of a tensor's name.
 *
 * Frameworks spell the same role in many ways.  One table of endings covers the usual ones; a few
 * words settle norms, embeddings and heads; what is left keeps its own last word as its kind. */
#include "checkpoint/names.h"

#include <string.h>

/* The first ending that fits decides, so the longer come before the shorter.  An ending with a dot
 * may begin inside a word ("attn.proj" fits self_attn.proj), one without begins after . or _. */
static const struct {
	const char *ending, *kind;
} endings[] = {
	{"mixer.in_proj", "in_proj"}, /* of a state-space model: no attention */
	{"mixer.out_proj", "out_proj"},
	{"in_proj_weight", "attn.qkv"},
	{"in_proj_bias", "attn.qkv"},
	{"in_proj", "attn.qkv"},
	{"c_attn", "attn.qkv"},
	{"qkv", "attn.qkv"},
	{"qkv_proj", "attn.qkv"},
	{"wqkv", "attn.qkv"},
	{"query_key_value", "attn.qkv"},
	{"q_proj", "attn.q"},
	{"query_proj", "attn.q"},
	{"query", "attn.q"},
	{"to_q", "attn.q"},
	{"wq", "attn.q"},
	{"q_lin", "attn.q"},
	{"attn.q", "attn.q"},
	{"attention.q", "attn.q"},
	{"k_proj", "attn.k"},
	{"key_proj", "attn.k"},
	{"key", "attn.k"},
	{"to_k", "attn.k"},
	{"wk", "attn.k"},
	{"k_lin", "attn.k"},
	{"attn.k", "attn.k"},
	{"attention.k", "attn.k"},
	{"v_proj", "attn.v"},
	{"value_proj", "attn.v"},
	{"value", "attn.v"},
	{"to_v", "attn.v"},
	{"wv", "attn.v"},
	{"v_lin", "attn.v"},
	{"attn.v", "attn.v"},
	{"attention.v", "attn.v"},
	{"classifier.out_proj", "head"},
	{"o_proj", "attn.o"},
	{"out_proj", "attn.o"},
	{"out_lin", "attn.o"},
	{"to_out", "attn.o"},
	{"attn.o", "attn.o"},
	{"attn.proj", "attn.o"},
	{"attn.dense", "attn.o"},
	{"attn.c_proj", "attn.o"},
	{"attention.o", "attn.o"},
	{"attention.dense", "attn.o"},
	{"attention.c_proj", "attn.o"},
	{"attention.output.dense", "attn.o"},
	{"reludense.wo", "mlp.down"},
	{"wo", "attn.o"},
	{"gate_proj", "mlp.gate"},
	{"w1", "mlp.gate"},
	{"wi_0", "mlp.gate"},
	{"up_proj", "mlp.up"},
	{"fc_in", "mlp.up"},
	{"fc1", "mlp.up"},
	{"c_fc", "mlp.up"},
	{"w3", "mlp.up"},
	{"wi", "mlp.up"},
	{"wi_1", "mlp.up"},
	{"lin1", "mlp.up"},
	{"linear1", "mlp.up"},
	{"intermediate.dense", "mlp.up"},
	{"dense_h_to_4h", "mlp.up"},
	{"down_proj", "mlp.down"},
	{"fc_out", "mlp.down"},
	{"fc2", "mlp.down"},
	{"c_proj", "mlp.down"},
	{"w2", "mlp.down"},
	{"lin2", "mlp.down"},
	{"linear2", "mlp.down"},
	{"output.dense", "mlp.down"},
	{"dense_4h_to_h", "mlp.down"},
	{"wte", "embed"},
	{"wpe", "embed"},
	{"shared", "embed"},
	{"cls_token", "embed"},
	{"class_token", "embed"},
	{"dist_token", "embed"},
	{"visual.conv1", "embed"}, /* CLIP's patches */
	{"embed_out", "head"},
	{"output", "head"},
};

static const char *const head_words[] = {
	"head", "heads", "lm_head", "classifier", "score", "predictions", "pooler"};

static gboolean is_number(const char *word)
{
	return *word != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* Cuts the first of the endings that the text has. */
static void cut_ending(char *text, const char *const *list, guint n)
{
	for (guint i = 0; i < n; i++)
		if (g_str_has_suffix(text, list[i])) {
			text[strlen(text) - strlen(list[i])] = '\0';
			return;
		}
}

/* Where the digits at the end of a text begin that stand after `before`; NULL where none do. */
static char *ending_number(char *text, char before)
{
	char *at = strrchr(text, before);
	return at != NULL && is_number(at + 1) ? at : NULL;
}

/* Keras parts words by slashes and ends in a parameter: "dense_3/dense_3/kernel:0" of version 2,
 * "layers/dense/vars/0" of version 3. */
static void cut_keras_parameter(char *stem)
{
	static const char *const parameters[] = {
		".kernel", ".moving_mean", ".moving_variance", ".embeddings"};
	char *number = ending_number(stem, ':');

	if (number != NULL)
		*number = '\0';
	else if ((number = ending_number(stem, '.')) != NULL && number - stem > 5 &&
		 strncmp(number - 5, ".vars", 5) == 0)
		number[-5] = '\0';
	cut_ending(stem, parameters, G_N_ELEMENTS(parameters));
}

/* The name in small letters and parted by dots, without the word that only tells a layer's
 * parameters apart: as long as what it stands for at the beginning of the name. */
static char *stem_of(const char *tensor)
{
	static const char *const parameters[] = {".weight", ".bias", ".gamma", ".beta",
		".running_mean", ".running_var", ".num_batches_tracked"};
	char *stem = g_ascii_strdown(tensor, -1);

	if (strchr(stem, '/') != NULL) {
		g_strdelimit(stem, "/", '.');
		cut_keras_parameter(stem);
	}
	cut_ending(stem, parameters, G_N_ELEMENTS(parameters));
	return stem;
}

/* The numbers by which Keras tells layers of one kind apart: "dense_3_1" is a dense. */
static void cut_keras_numbers(char *stem)
{
	for (char *number; (number = ending_number(stem, '_')) != NULL;)
		*number = '\0';
}

/* The length of a stem without the numbers of a sequence that it ends in ("to_out.0"). */
static gsize length_without_numbers(const char *stem)
{
	gsize length = strlen(stem);
	for (;;) {
		gsize at = length;
		while (at > 0 && g_ascii_isdigit(stem[at - 1]))
			at--;
		if (at < 2 || at == length || stem[at - 1] != '.')
			return length;
		length = at - 1;
	}
}

static gboolean has_ending(const char *stem, gsize length, const char *ending)
{
	gsize own = strlen(ending);

	if (own > length || memcmp(stem + length - own, ending, own) != 0)
		return FALSE;
	char before = own < length ? stem[length - own - 1] : '.';
	return before == '.' || before == '_' || strchr(ending, '.') != NULL;
}

static const char *kind_by_ending(const char *stem)
{
	gsize length = length_without_numbers(stem);
	for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
		if (has_ending(stem, length, endings[i].ending))
			return endings[i].kind;
	return NULL;
}

/* "ln", "ln_1", "bn2", and whatever holds "norm". */
static gboolean is_norm(const char *word)
{
	if (strstr(word, "norm") != NULL)
		return TRUE;
	if (!g_str_has_prefix(word, "ln") && !g_str_has_prefix(word, "bn"))
		return FALSE;
	return word[2] == '\0' || word[2] == '_' || g_ascii_isdigit(word[2]);
}

static gboolean any_is_embedding(char *const *words)
{
	for (guint i = 0; words[i] != NULL; i++)
		if (strstr(words[i], "embed") != NULL)
			return TRUE;
	return FALSE;
}

static gboolean any_is_head(char *const *words)
{
	for (guint i = 0; words[i] != NULL; i++)
		for (guint j = 0; j < G_N_ELEMENTS(head_words); j++)
			if (strcmp(words[i], head_words[j]) == 0)
				return TRUE;
	return FALSE;
}

/* The last word that is no number; the last word where all are. */
static const char *last_word(char *const *words)
{
	const char *last = "";
	for (guint i = 0; words[i] != NULL; i++)
		if (!is_number(words[i]) || *last == '\0')
			last = words[i];
	return last;
}

static const char *kind_by_words(char *const *words)
{
	const char *last = last_word(words);

	if (is_norm(last))
		return "norm";
	if (any_is_head(words))
		return "head";
	if (any_is_embedding(words))
		return "embed";
	if (g_str_has_prefix(last, "conv"))
		return "conv";
	return g_intern_string(last);
}

const char *names_kind(const char *tensor)
{
	g_autofree char *stem = stem_of(tensor);
	const char *kind = kind_by_ending(stem);

	if (kind != NULL)
		return kind;
	if (strchr(tensor, '/') != NULL)
		cut_keras_numbers(stem);
	g_auto(GStrv) words = g_strsplit(stem, ".", -1);
	return kind_by_words(words);
}

/* The bytes up to and with the first word that is a number; 0 where none is. */
static gsize numbered_prefix(const char *name)
{
	for (const char *word = name; *word != '\0';) {
		gsize digits = strspn(word, "0123456789"), length = strcspn(word, ".");
		if (digits > 0 && digits == length)
			return (gsize)(word - name) + digits;
		word += length + (word[length] == '.');
	}
	return 0;
}

/* Whatever belongs to the embeddings, their norms too, stands before the first layer. */
static gboolean is_embedding(const char *stem, const char *kind)
{
	g_auto(GStrv) words = g_strsplit(stem, ".", -1);
	return strcmp(kind, "embed") == 0 || (strcmp(kind, "head") != 0 && any_is_embedding(words));
}

char *names_layer(const char *tensor)
{
	g_autofree char *stem = stem_of(tensor);
	gsize prefix = numbered_prefix(stem);

	if (prefix > 0)
		return g_strndup(tensor, prefix);
	if (is_embedding(stem, names_kind(tensor)))
		return g_strdup("embed");
	return g_strndup(tensor, strlen(stem));
}
