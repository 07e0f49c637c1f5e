/* method.h - the table of methods: what each takes, how it is prepared, what it computes.
 *
 * A method is a row: its parameters, and one of two kinds of work.  A *mix* is Σ kᵢ·xᵢ + k₀·θ₀ with
 * factors that depend on inner products alone (mean, slerp, orthogonal): its row finds the factors,
 * and previews of it are exact.  All others are computed element by element (ties, magmax), after
 * steps that sum over, or rank, the elements of a tensor or of the whole model.
 *
 * The vectors of a call are its inputs.  Of a method that is `weighted`, an input such as 0.5*a is
 * taken apart into its weight, 0.5, and its body, a; of others it is one vector. */
#ifndef TAUSCOPE_METHOD_H
#define TAUSCOPE_METHOD_H

#include "core/latch.h"
#include "edit/cut.h"
#include "edit/expression.h"

typedef enum {
	PARAMETER_NUMBER, /* a coefficient: may differ by tensor */
	PARAMETER_COUNT,  /* a whole number */
	PARAMETER_CHOICE, /* one of some words */
	PARAMETER_TEXT,   /* a quoted text */
} ParameterType;

/* The largest whole number: beyond it a double does not hold them all. */
#define COUNT_MOST 0x1p53

/* Of NUMBER and COUNT: the range is closed, but for an end that is `open`; NAN as the default means
 * that it must be given, or where `optional`, that it is left out. */
typedef struct {
	const char *name;
	ParameterType type;
	const char *help; /* one line of at most 60 columns */
	double least, most;
	gboolean open_least, open_most, optional;
	const char *choices; /* CHOICE: the words, parted by spaces */
	double otherwise[2]; /* the default in each dialect; of a CHOICE the place of the word */
} Parameter;

/* The parameter that says which program's arithmetic is meant: always a method's first, where it
 * has it.  Its words are "paper mergekit". */
enum { DIALECT_PAPER, DIALECT_MERGEKIT };
#define DIALECT "dialect"
#define PARAMETER_DIALECT                                                                          \
	{                                                                                          \
		.name = DIALECT, .type = PARAMETER_CHOICE, .help = "whose arithmetic it is",       \
		.choices = "paper mergekit"                                                        \
	}
/* A method that draws has a parameter of this name, a COUNT. */
#define SEED "seed"

/* What one number of a method (a threshold, a norm) is about. */
typedef enum {
	BY_MODEL,  /* all tensors on which one of its inputs acts, as one long vector */
	BY_LAYER,  /* those of one layer */
	BY_TENSOR, /* each tensor */
	BY_FILTER, /* each index of a tensor's first axis; a tensor of one axis whole */
	BY_ROW,    /* each run along the last axis; a tensor of one axis whole */
	BY_COLUMN, /* each place across the first axis; a tensor of one axis whole */
} MethodBy;

/* The elements of one run along the last axis, of one index of the first, and how many columns
 * there are: of a tensor of one axis or none, all of it, and 1 column. */
guint64 tensor_row(const Tensor *tensor);
guint64 tensor_filter(const Tensor *tensor);
guint64 tensor_columns(const Tensor *tensor);

/* What a method is asked about: a call on one tensor.  In a domain of several tensors, `tensor` is
 * the first of them. */
typedef struct {
	const Collection *collection;
	const Node *call;
	guint tensor;
	guint inputs;
	const double *weight;    /* [inputs]; all 1 of a method that is not weighted */
	const double *parameter; /* [its parameters]: numbers, or the places of words */
	guint64 elements;        /* of the tensor, or of the domain */
} MethodSite;

/* Inner products over a domain, of a mix: products[i][j] of θ₀ (0) and the inputs' bodies (1 to
 * inputs), packed as gram_packed gives it. */
typedef struct {
	MethodSite site;
	const double *products; /* NULL where `wants_products` is not set */
} MethodMix;

/* A run of elements of one tensor, of a call whose inputs are computed.  Of the tensor itself,
 * consecutive, and whole units of it; of a sample, `places` says which they are, and no unit is
 * whole. */
typedef struct {
	MethodSite site;
	guint64 first;
	const guint64 *places; /* [n], or NULL: first, first + 1, ... */
	guint64 n;
	const double *base;         /* [n] θ₀ */
	const double *const *input; /* [inputs][n]: the bodies' values */
	const double *figures;      /* [figures], of the domain, as far as they are settled */
	/* Of the domain: those of all steps before, in order, as they cut this tensor: an element
	 * is above where cut_above(cut, key, method_place(block, i)) says so. */
	const Cut *cuts;
	const MethodSite *domain; /* elements: of the whole domain */
	gpointer context;         /* what `open` gave */
	Latch *failure;           /* for what cannot be read of that */
	double *room;             /* what Method.room asks for */
} MethodBlock;

/* The index of element i of a block within its tensor. */
static inline guint64 method_place(const MethodBlock *block, guint64 i)
{
	return block->places ? block->places[i] : block->first + i;
}

/* One round of preparation: all elements of a domain pass by once for the sums, and a few times for
 * the cuts.  Sums are added in a fixed order, whatever the threads. */
typedef struct {
	guint (*sums)(const MethodSite *site);               /* how many; may be NULL */
	void (*add)(const MethodBlock *block, double *sums); /* adds to [sums] */
	/* Its sums have the same bits in whatever pieces a run of elements is added to them. */
	gboolean divisible;
	guint (*cuts)(const MethodSite *site);                           /* how many; may be NULL */
	void (*keys)(const MethodBlock *block, guint cut, double *keys); /* keys[n], all finite */
	/* So many cuts in turn go through the same keys; NULL: 1. */
	guint (*alike)(const MethodSite *domain);
	/* How many of the domain's elements stand above the cut.  `figures` are settled so far. */
	guint64 (*above)(const MethodSite *domain, const double *figures, guint cut);
	/* Turns what was found into figures.  `sums` and `cuts` are of this step.  May be NULL.
	 * FALSE with *error set (ERROR_INPUT) where the method has no answer for these inputs. */
	gboolean (*settle)(const MethodSite *domain, const double *sums, const Cut *cuts,
		double *figures, GError **error);
} MethodStep;

typedef struct Method {
	const char *name;
	const char *help;    /* one line of at most 60 columns */
	const char *example; /* "ties(0.5*a, 0.5*b, density=0.2)" */
	const char *source;  /* paper or program that it is from, for the man page; or NULL */
	const char *whole;   /* what it sees at once, whose numbers the budget must hold; or NULL */
	guint least, most;   /* inputs */
	gboolean weighted;
	gboolean by_depth;           /* the call's node has `place`, of linear_block_places */
	const Parameter *parameters; /* ends with a NULL name; may be NULL */

	MethodBy (*by)(const Node *call); /* NULL: BY_TENSOR */

	/* A mix: factor[0] on θ₀, factor[1 to inputs] on the bodies (weights are its own affair).
	 * FALSE with *error set where there is no answer.  NULL: not a mix. */
	gboolean (*mix)(const MethodMix *mix, double *factor, GError **error);
	gboolean wants_products;
	/* It says something of whole weights θ, also where no input acts. */
	gboolean (*on_weights)(const Node *call);

	/* Else: steps (ends with an empty one; may be NULL), then every element by itself.  The
	 * unit is how many consecutive elements have to be seen together (NULL: 1).  A mix that
	 * wants no products may have `apply` too: it is how elements are computed then, in the
	 * association as written, and must be Σ factor·x but for rounding. */
	const MethodStep *steps;
	guint (*figures)(const MethodSite *domain); /* how many numbers its steps settle, or NULL */
	guint64 (*unit)(const MethodSite *site);
	/* How many numbers of memory its steps and `apply` work in, on n elements, NULL: none. */
	gsize (*room)(const Node *call, guint64 n);
	void (*apply)(const MethodBlock *block, double *out); /* out[n] */

	/* Of a method that draws, where expectation and spread have a closed form: the value is, on
	 * average, Σ factor[i]·xᵢ (i from 1), and each element varies independently about it by
	 * Σ square[i]·xᵢ² + constant.  FALSE where it has none with these parameters.  Of
	 * wants_products, the inner products are there.  NULL: it does not draw. */
	gboolean (*expect)(const MethodMix *mix, double *factor, double *square, double *constant);

	/* What must hold of a call beyond the ranges of its parameters; ERROR_USAGE, "column N:
	 * ..." where it is about an input.  May be NULL. */
	gboolean (*check)(const Collection *collection, const Node *call, GError **error);
	/* Opens what the call reads beside the inputs (a mask), once; freed with `close`.  May be
	 * NULL.  NULL with *error set on failure. */
	gpointer (*open)(const Collection *collection, const Node *call, GError **error);
	void (*close)(gpointer context);
} Method;

/* All methods, in the order of the help; ends with NULL. */
extern const Method *const methods[];
/* The row of a name, or NULL. */
const Method *method_find(const char *name);

guint method_parameters(const Method *method);
/* The place of a parameter, or -1. */
gint method_parameter(const Method *method, const char *name);
/* The place of a word among a CHOICE's, or -1; and the word of a place (g_free). */
gint parameter_choice(const Parameter *parameter, const char *word);
char *parameter_word(const Parameter *parameter, guint choice);
/* "0 <= p < 1", "at least 1", "paper or mergekit"; g_free. */
char *parameter_range(const Parameter *parameter);
/* Whether a number lies in the range. */
gboolean parameter_holds(const Parameter *parameter, double value);

/* Which dialect a call speaks; DIALECT_PAPER of a method that has no such parameter. */
guint method_dialect(const Node *call);
MethodBy method_by(const Node *call);
/* The value of a parameter of a call on a tensor: a number, the place of a word; NAN of a text and
 * of what is left out. */
double method_value(const Node *call, guint parameter, guint tensor);
/* An input's weight on a tensor, and its body: 0.5 and a of 0.5*a, -1 and a of -a.  Of a method
 * that is not weighted 1 and the whole. */
double method_weight(const Node *call, guint input, guint tensor);
const Node *method_body(const Node *call, guint input);
/* How many elements of a domain lie in tensors on which an input acts. */
guint64 method_input_elements(const MethodSite *domain, guint input);
/* Whether an input's weight is the same on all tensors. */
gboolean method_weight_constant(const Node *call, guint input);
/* A number for the stream that an input's draws come from: of the tasks that it is made of, so that
 * scopes and coefficients leave the draws as they are. */
guint64 method_stream(const Collection *collection, const Node *body);

#endif
