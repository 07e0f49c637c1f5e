/* mergekit_private.h - a recipe of mergekit as it stands, and the table of what its methods take.
 */
#ifndef TAUSCOPE_MERGEKIT_PRIVATE_H
#define TAUSCOPE_MERGEKIT_PRIVATE_H

#include "recipe/mergekit.h"
#include "edit/method.h"
#include "recipe/yaml.h"

/* What a parameter is in our method. */
typedef enum {
	ROLE_WEIGHT,     /* the coefficient of its model */
	ROLE_NUMBER,     /* a number of ours */
	ROLE_COMPLEMENT, /* 1 minus a number of ours: density of p */
	ROLE_FLAG,       /* yes or no of ours */
	ROLE_LAMBDA,     /* the scale of the whole */
	ROLE_ALONG_ROW,  /* yes is along=row of ours */
	ROLE_FLATTEN,    /* of nuslerp: no is along=row */
	ROLE_ACROSS,     /* of nuslerp: yes is along=column */
	ROLE_NEVER,      /* ours never does it: only `otherwise` can be read */
	ROLE_NONE,       /* it has no effect in mergekit */
} ParameterRole;

typedef struct {
	const char *name; /* "density" */
	ParameterRole role;
	const char *ours;  /* "p"; NULL where the role says all */
	gboolean of_model; /* may be given for each model */
	double otherwise;  /* NAN: required */
} MergekitParameter;

/* What the base is to a method. */
typedef enum {
	BASE_MODEL,    /* an input like the others */
	BASE_OPTIONAL, /* with one it is of changes, else of weights */
	BASE_ORIGIN,   /* what changes are measured from */
	BASE_START,    /* of slerp: one end of the way */
} BaseRole;

typedef struct {
	const char *name;   /* "ties" */
	const char *ours;   /* NULL: a sum of tasks with coefficients */
	const char *single; /* what does to one input what `ours` does before it combines them, with
			       numbers of its own; NULL: all inputs have the same */
	const char *neutral; /* what `ours` takes then, so as to do nothing of it again */
	BaseRole base;
	guint least, most;                   /* models beside the base (BASE_MODEL: with it) */
	const MergekitParameter *parameters; /* ends with a NULL name */
} MergekitMethod;

extern const MergekitMethod mergekit_methods[]; /* ends with a NULL name */

const MergekitMethod *mergekit_method(const char *name);
const MergekitParameter *mergekit_parameter(const MergekitMethod *method, const char *name);
/* The parameter's row in our method; NULL where it is none of ours. */
const Parameter *mergekit_our_parameter(
	const MergekitMethod *method, const MergekitParameter *parameter);

/* Where the base's tensors stand among its numbered layers. */
typedef struct {
	const Collection *collection;
	guint stacks;  /* runs of layers, "blocks.0", "blocks.1", ... */
	char *stem;    /* "blocks.", of the only run; NULL where there are none or several */
	guint layers;  /* of the only run: one more than its largest number; else 0 */
	char *pattern; /* chooses all layers; NULL where there are none */
	gint *number;  /* [tensors] the number of its layer; -1 outside of layers */
	guint8 *after; /* [tensors] outside of layers, where `ramp` gives its last number */
	double *place; /* [tensors] from 0 to 1, as `ramp` goes */
} Depth;

/* The scope of a range of layers: "blocks.0-5"; g_free. */
char *depth_range(const char *stem, guint first, guint end);
Depth *depth_new(const Collection *collection);
void depth_free(Depth *depth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Depth, depth_free)

/* One of the values that a parameter may have: of the tensors whose name holds `filter`. */
typedef struct {
	guint line;
	const char *filter; /* NULL: of all; borrowed */
	guint anchors;      /* 1: a number; more: a gradient */
	const double *anchor;
} Case;

/* A parameter as it is written: its cases, the first that fits a tensor counts. */
typedef struct {
	guint line;
	const char *name;
	GArray *cases;    /* of Case */
	GPtrArray *owned; /* the numbers of the cases */
} Setting;

/* One model of a slice. */
typedef struct {
	guint line, member;
	guint first, end;    /* its layers */
	gboolean added;      /* the base, which the recipe does not list */
	GPtrArray *settings; /* of Setting */
} MergeSource;

/* What becomes of a run of layers. */
typedef struct {
	guint line;
	gint base;           /* member, or -1 */
	guint first, end;    /* its layers */
	gboolean head, tail; /* it is also of the tensors before, and after, all layers */
	GPtrArray *sources;  /* of MergeSource */
	GPtrArray *settings; /* of Setting */
} MergeSlice;

typedef struct {
	const MergekitMethod *method;
	guint method_line;
	gint base;           /* member, or -1 */
	GPtrArray *slices;   /* of MergeSlice */
	GPtrArray *settings; /* of Setting: of the only module, then of everything */
	const char *dtype;   /* as safetensors writes it; NULL: not given */
	guint dtype_line;
} MergeConfig;

/* What is read, and where what is to be said of it goes. */
typedef struct {
	const Collection *collection;
	const char *file;
	const char *const *models; /* REF=NAME; may be NULL */
	guint8 *used;              /* of these, which the recipe names */
	Depth *depth;
	GPtrArray *notes;
} MergeReader;

void mergekit_note(GPtrArray *notes, guint line, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Fails at a line of the recipe; always FALSE. */
gboolean mergekit_fail(const MergeReader *reader, guint line, const char *remedy, GError **error,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The same at a place of the recipe. */
gboolean mergekit_fail_node(const MergeReader *reader, const YamlNode *node, const char *remedy,
	GError **error, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* mergekit_read_config.c: NULL with *error set. */
MergeConfig *merge_config_new(const MergeReader *reader, const YamlNode *root, GError **error);
void merge_config_free(MergeConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MergeConfig, merge_config_free)

/* The source that is a member, or NULL. */
const MergeSource *merge_source(const MergeSlice *slice, guint member);
/* Whether a member takes part in any slice. */
gboolean merge_names(const MergeConfig *config, guint member);

/* mergekit_read_setting.c: adds the parameters of a map. */
gboolean settings_read(const MergeReader *reader, const MergekitMethod *method,
	const YamlNode *parameters, gboolean of_model, GPtrArray *settings, GError **error);
void setting_free(Setting *setting);

/* mergekit_read_model.c: the member that a reference means. */
gboolean model_find(
	const MergeReader *reader, const YamlNode *reference, guint *member, GError **error);

/* mergekit_read_value.c: the cases of a parameter that hold in a slice, in order of precedence:
 * Case, borrowed.  `source` may be NULL: not of a model. */
GArray *merge_cases(const MergeConfig *config, const MergeSlice *slice, const MergeSource *source,
	const char *name);
/* Whether a tensor is a float tensor of a slice. */
gboolean slice_has(const MergeReader *reader, const MergeSlice *slice, guint tensor);
/* The place of the case that counts on a tensor, or -1. */
gint case_of(const MergeReader *reader, const GArray *cases, guint tensor);
/* The value on a tensor of the slice; `otherwise` where no case fits. */
double merge_value(const MergeReader *reader, const MergeSlice *slice, const GArray *cases,
	guint tensor, double otherwise);
/* The value as a coefficient of the language; `complement`: 1 minus it. */
char *merge_coefficient(const MergeReader *reader, const MergeSlice *slice, const GArray *cases,
	double otherwise, gboolean complement);

/* 1 - value in the fewest digits that are as near to it as a double is: 0.1, of 0.9. */
double mergekit_complement(double value);

/* mergekit_read_slice.c: what becomes of a slice, as an expression without its scope, and what that
 * is multiplied by; both g_free.  NULL with *error set. */
char *merge_slice_text(const MergeReader *reader, const MergeConfig *config,
	const MergeSlice *slice, char **lambda, GError **error);

/* mergekit_read_notes.c: says where mergekit's meaning is not what people expect. */
void merge_add_notes(const MergeReader *reader, const MergeConfig *config);

#endif
