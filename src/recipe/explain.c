/* explain.c - what a model is made of: the task vectors whose combination comes nearest to it. */
#include "recipe/explain.h"

#include "core/error.h"
#include "edit/expression.h"
#include "preview/warning.h"

#include <math.h>
#include <stdlib.h>

/* A part of the whole so small is not told of: in the edit, in the sentence. */
#define PART_LEAST 1e-5
#define PART_TOLD 5e-3
/* Nor one that chance makes: three times what is to be expected of it. */
#define CHANCE 3
/* Digits of a coefficient: more than single precision holds are of rounding. */
#define DIGITS 6
/* Belsley, Kuh and Welsch (1980): beyond this, coefficients tell little. */
#define CONDITION_MOST 30
/* What is not explained, where it is no more than rounding leaves. */
#define ROUNDING 1e-6

/* The sums over a scope that all else follows from. */
typedef struct {
	guint n;
	double square;    /* ‖d‖² */
	double *along;    /* [n] ⟨τᵢ, d⟩ */
	double *products; /* [n][n] ⟨τᵢ, τⱼ⟩ */
} Sums;

static void sums_clear(Sums *sums)
{
	g_free(sums->along);
	g_free(sums->products);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sums, sums_clear)

static guint vector_at(const ExplainRequest *request, guint i)
{
	return g_array_index(request->vectors, guint, i);
}

static void sums_init(Sums *sums, const ExplainRequest *request, const Scope *scope)
{
	guint n = sums->n = request->vectors->len;
	g_autofree double *all = g_new(double, gram_packed(request->gram->vectors, 0));
	gram_sum(request->gram, scope, all);
	sums->along = g_new(double, n + 1);
	sums->products = g_new(double, (gsize)n *n + 1);
	sums->square = all[gram_packed(request->model, request->model)];
	for (guint i = 0; i < n; i++) {
		guint vector = vector_at(request, i);
		sums->along[i] = all[gram_packed(request->model, vector)];
		for (guint j = 0; j < n; j++)
			sums->products[(gsize)i * n + j] =
				all[gram_packed(vector, vector_at(request, j))];
	}
}

/* ‖d − Σ cᵢτᵢ‖². */
static double left_over(const Sums *sums, const double *c)
{
	double square = sums->square;
	for (guint i = 0; i < sums->n; i++) {
		square -= 2 * c[i] * sums->along[i];
		for (guint j = 0; j < sums->n; j++)
			square += c[i] * c[j] * sums->products[(gsize)i * sums->n + j];
	}
	return fmax(square, 0);
}

static void group_free(gpointer data)
{
	ExplainGroup *group = data;
	if (!group)
		return;
	g_free(group->name);
	g_free(group);
}

static ExplainGroup *group_new(const Scope *scope, const Sums *sums, const double *c)
{
	ExplainGroup *group = g_new0(ExplainGroup, 1);
	group->name = g_strdup(scope->label);
	group->elements = scope->elements;
	group->norm = sqrt(sums->square);
	group->residual = sqrt(left_over(sums, c));
	group->relative = group->norm > 0 ? group->residual / group->norm : NAN;
	group->explained = 1 - group->relative * group->relative;
	return group;
}

static gboolean is_finite_on(const ExplainRequest *request, guint tensor)
{
	gboolean finite =
		isfinite(*gram_cell(request->gram, tensor, request->model, request->model));
	for (guint i = 0; finite && i < request->vectors->len; i++) {
		guint vector = vector_at(request, i);
		finite = isfinite(*gram_cell(request->gram, tensor, vector, vector)) &&
			 isfinite(*gram_cell(request->gram, tensor, request->model, vector));
	}
	return finite;
}

/* Takes the tensors out of the scope that have numbers which are not finite. */
static void drop_not_finite(const ExplainRequest *request, Scope *scope, Explanation *explanation)
{
	g_autoptr(GArray) dropped = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = scope->tensors->len; i > 0; i--) {
		guint tensor = g_array_index(scope->tensors, guint, i - 1);
		if (is_finite_on(request, tensor))
			continue;
		scope->elements -= collection_tensor(request->collection, tensor)->elements;
		g_array_remove_index(scope->tensors, i - 1);
		g_array_prepend_val(dropped, tensor);
	}
	warning_add_tensors(explanation->warnings, request->collection, dropped,
		"left out, with values that are not finite");
}

static void warn_missing(const Scope *scope, Explanation *explanation)
{
	if (scope->left_out)
		warning_add(explanation->warnings,
			"%u float tensor%s of the base left out, which it does not have as the "
			"base has",
			scope->left_out, scope->left_out == 1 ? "" : "s");
}

/* Rows that the base does not have are in no task vector, and in no sum here. */
static void warn_resized(const ExplainRequest *request, const Scope *scope, GPtrArray *warnings)
{
	g_autoptr(GArray) resized = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		if (collection_is_resized(request->collection, request->model, tensor))
			g_array_append_val(resized, tensor);
	}
	warning_add_tensors(warnings, request->collection, resized,
		"of which it has more or fewer rows than the base: only those that both have are "
		"looked at");
}

/* The tensors that are looked at; with a whole model, those that it has. */
static Scope *scope_of(const ExplainRequest *request, Explanation *explanation, GError **error)
{
	g_autoptr(Scope) scope = scope_new(
		request->collection, NULL, &request->model, request->partial ? 0 : 1, error);
	if (!scope)
		return NULL;
	warn_missing(scope, explanation);
	warn_resized(request, scope, explanation->warnings);
	drop_not_finite(request, scope, explanation);
	if (scope->tensors->len > 0)
		return g_steal_pointer(&scope);
	fail(error, ERROR_INPUT, "every tensor has values that are not finite");
	return NULL;
}

/* A number as it is worth telling. */
static double rounded(double number)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(text, sizeof text, "%." G_STRINGIFY(DIGITS) "g", number);
	return g_ascii_strtod(text, NULL);
}

/* A coefficient that is not negative, before a name: "0.4*", "0.4·"; "" for 1. */
static char *factor_text(double number, gboolean sentence)
{
	g_autofree char *text =
		sentence ? g_strdup_printf("%.3g", number) : expression_number(number);
	return number == 1 ? g_strdup("") : g_strconcat(text, sentence ? "·" : "*", NULL);
}

static void append_term(GString *text, double c, const char *name, gboolean sentence)
{
	g_autofree char *factor = factor_text(fabs(c), sentence);
	g_autofree char *written = sentence ? g_strdup(name) : expression_name(name);
	const char *minus = text->len ? " - " : "-", *plus = text->len ? " + " : "";
	g_string_append_printf(text, "%s%s%s", c < 0 ? minus : plus, factor, written);
}

/* What is left over lies along a vector of n elements by chance, about 1/√n of it. */
static double least_part(const Explanation *explanation, gboolean sentence)
{
	const ExplainGroup *whole = explanation->whole;
	double chance = CHANCE * whole->relative / sqrt((double)whole->elements);
	return fmax(chance, sentence ? PART_TOLD : PART_LEAST);
}

/* The terms that count, as the language or as a sentence writes them; empty where none does. */
static char *terms(const Explanation *explanation, gboolean sentence)
{
	GString *text = g_string_new(NULL);
	double least = least_part(explanation, sentence);
	for (guint i = 0; i < explanation->count; i++) {
		double c = rounded(explanation->coefficient[i]);
		if (c != 0 && explanation->part[i] >= least)
			append_term(text, c, explanation->name[i], sentence);
	}
	return g_string_free(text, FALSE);
}

/* "99.98 %"; no more nines are rounded up to 100 than rounding of the weights would leave. */
static char *percent(double explained)
{
	gboolean all = 1 - explained <= ROUNDING;
	int decimals = all ? 0 : 1 - explained < 5e-5 ? 4 : 2;
	return g_strdup_printf("%.*f %%", decimals, 100 * explained);
}

static char *sentence_of(const Explanation *explanation)
{
	if (!(explanation->whole->norm > 0))
		return g_strdup("it is the base");
	g_autofree char *text = terms(explanation, TRUE);
	g_autofree char *share = percent(explanation->whole->explained);
	return *text ? g_strdup_printf("%s explains %s of it", text, share)
		     : g_strdup_printf("the task vectors explain %s of it", share);
}

static char *expression_of(const Explanation *explanation)
{
	g_autofree char *text =
		explanation->whole->norm > 0 ? terms(explanation, FALSE) : g_strdup("");
	return *text ? g_steal_pointer(&text) : NULL;
}

static void warn_fit(Explanation *explanation)
{
	const LeastSquares *fit = &explanation->fit;
	if (fit->rank < fit->count)
		warning_add(explanation->warnings,
			"%u of the %u task vectors follow from the others: of all coefficients "
			"that fit as well, these make the smallest parts",
			fit->count - fit->rank, fit->count);
	else if (fit->condition > CONDITION_MOST)
		warning_add(explanation->warnings,
			"the task vectors are nearly collinear (condition number %.0f): other "
			"coefficients fit almost as well",
			fit->condition);
}

static void fit(Explanation *explanation, const Sums *sums)
{
	double norm = sqrt(sums->square);
	explanation->coefficient = g_new(double, sums->n + 1);
	explanation->part = g_new(double, sums->n + 1);
	explanation->fit =
		least_squares(sums->products, sums->along, sums->n, explanation->coefficient);
	for (guint i = 0; i < sums->n; i++) {
		double length = sqrt(sums->products[(gsize)i * sums->n + i]);
		explanation->part[i] =
			norm > 0 ? fabs(explanation->coefficient[i]) * length / norm : NAN;
	}
}

static void add_groups(Explanation *explanation, const ExplainRequest *request, const Scope *scope)
{
	if (request->by == GROUP_ALL)
		return;
	g_autoptr(GPtrArray) scopes = scope_groups(request->collection, scope, request->by);
	for (guint i = 0; i < scopes->len; i++) {
		g_auto(Sums) sums = {0};
		sums_init(&sums, request, scopes->pdata[i]);
		g_ptr_array_add(explanation->groups,
			group_new(scopes->pdata[i], &sums, explanation->coefficient));
	}
}

static Explanation *begin(const ExplainRequest *request)
{
	const Collection *collection = request->collection;
	Explanation *explanation = g_new0(Explanation, 1);
	explanation->count = request->vectors->len;
	explanation->name = g_new0(char *, explanation->count + 1);
	for (guint i = 0; i < explanation->count; i++)
		explanation->name[i] =
			g_strdup(collection_member(collection, vector_at(request, i))->name);
	explanation->groups = g_ptr_array_new_with_free_func(group_free);
	explanation->warnings = g_ptr_array_new_with_free_func(g_free);
	return explanation;
}

Explanation *explain_new(const ExplainRequest *request, GError **error)
{
	g_autoptr(Explanation) explanation = begin(request);
	g_autoptr(Scope) scope = scope_of(request, explanation, error);
	g_auto(Sums) sums = {0};
	if (!scope)
		return NULL;
	sums_init(&sums, request, scope);
	fit(explanation, &sums);
	explanation->whole = group_new(scope, &sums, explanation->coefficient);
	add_groups(explanation, request, scope);
	explanation->expression = expression_of(explanation);
	explanation->sentence = sentence_of(explanation);
	warn_fit(explanation);
	return g_steal_pointer(&explanation);
}

void explain_free(Explanation *explanation)
{
	if (!explanation)
		return;
	g_strfreev(explanation->name);
	g_free(explanation->coefficient);
	g_free(explanation->part);
	group_free(explanation->whole);
	g_ptr_array_unref(explanation->groups);
	g_ptr_array_unref(explanation->warnings);
	g_free(explanation->expression);
	g_free(explanation->sentence);
	g_free(explanation);
}
