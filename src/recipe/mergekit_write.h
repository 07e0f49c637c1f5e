/* mergekit_write.h - an edit taken apart into what a recipe of mergekit says. */
#ifndef TAUSCOPE_MERGEKIT_WRITE_H
#define TAUSCOPE_MERGEKIT_WRITE_H

#include "recipe/mergekit_private.h"

/* One merge of an edit, and what it is multiplied by on each tensor. */
typedef struct {
	const Node *core; /* a call; or what is neither sum, scale nor scope */
	double *factor;   /* [tensors] */
} Term;

/* The terms of an edit: GPtrArray of Term. */
GPtrArray *terms_new(const Collection *collection, const Node *edit);

/* A model of the recipe. */
typedef struct {
	guint member;
	const Node **call; /* [terms] whose numbers of its own these are; NULL: it takes no part */
	guint *input;      /* [terms] its place among the inputs of the term */
} WriteModel;

/* The terms of an edit that mergekit merges with one method.  At most one counts on each tensor. */
typedef struct {
	const Collection *collection;
	const MergekitMethod *method;
	double scale;
	GPtrArray *terms;
	GPtrArray *models; /* of WriteModel */
	gint *active;      /* [tensors] the term that counts, or -1 */
	guint8 *counts;    /* [tensors] whether one does, and the tensor is float */
} Merge;

/* NULL with *error set where no method of mergekit does it. */
Merge *merge_new(const Collection *collection, const Node *edit, double scale, GError **error);
void merge_free(Merge *merge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Merge, merge_free)

/* The call whose parameters are those of all models. */
const Node *merge_call(const Merge *merge);
double merge_weight(const Merge *merge, const WriteModel *model, guint tensor);
/* A number of a model, or of all where `model` is NULL, as mergekit has it. */
double merge_number(const Merge *merge, const WriteModel *model, const MergekitParameter *parameter,
	guint tensor);
double merge_lambda(const Merge *merge, guint tensor);
/* Which word a CHOICE of ours is; NULL where the method has none of that name; g_free. */
char *merge_word(const Merge *merge, const char *parameter);

/* What chooses tensors in the text that is written. */
typedef struct {
	const Depth *depth;
	GPtrArray *hints; /* of char *: parts of names that the edit's scopes choose by */
} Filters;

void filters_init(Filters *filters, const Depth *depth, const Node *edit);
void filters_clear(Filters *filters);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filters, filters_clear)

/* What is written, and what is said of it. */
typedef struct {
	const Collection *collection;
	Filters filters;
	guint8 *floats;      /* [tensors] */
	gboolean said_files; /* that a member is a file, and no folder */
	GString *text;
	GPtrArray *notes;
	GError **error;
} MergeWriter;

/* A number by tensor. */
typedef double (*ValueOf)(gconstpointer data, guint tensor);

/* mergekit_write_lines.c: a comment, which is a note too. */
void put_remark(MergeWriter *writer, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The numbers by tensor, 0 where it is not float; g_free. */
double *values_of(const MergeWriter *writer, ValueOf value, gconstpointer data);
/* "NAME: VALUE", of the tensors that count; nothing where it is `otherwise` (NAN: never) on all. */
void put_values(MergeWriter *writer, guint indent, const char *name, const double *values,
	const guint8 *counts, double otherwise);
/* "parameters:" above what was written from `from` on; nothing where that is nothing. */
void put_heading(MergeWriter *writer, gsize from, guint indent);
/* The base, and the head of an item of the models; FALSE with *error set where mergekit cannot open
 * the member. */
gboolean put_base(MergeWriter *writer, guint member);
gboolean put_model(MergeWriter *writer, guint member);
/* The types that it computes in and writes. */
void put_types(MergeWriter *writer);

/* mergekit_write_linear.c: the lines of a linear edit, but for its types. */
gboolean write_linear(MergeWriter *writer, const Node *edit, double scale);

/* A parameter's values on the tensors that count, as YAML behind "NAME:", its lines indented by
 * `indent`. */
char *write_value(const Filters *filters, const double *values, const guint8 *counts, guint indent);
/* A text as a YAML value, in quotes where it needs them; g_free. */
char *write_scalar(const char *text);

#endif
