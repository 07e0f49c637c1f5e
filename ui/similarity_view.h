/* similarity_view.h - what the parts of the Similarity screen share. */
#ifndef TAUSCOPE_SIMILARITY_VIEW_H
#define TAUSCOPE_SIMILARITY_VIEW_H

#include "pane.h"

#include "analysis/similarity.h"

typedef enum { MEASURE_COSINE, MEASURE_ANGLE, MEASURE_PRODUCT, MEASURE_COUNT } SimilarityMeasure;
typedef enum { ORDER_CLUSTER, ORDER_NAME, ORDER_NORM, ORDER_COUNT } SimilarityOrder;

/* Enter goes from the matrix to the layers of a pair, from a layer to its tensors. */
typedef enum { LEVEL_MATRIX, LEVEL_LAYERS, LEVEL_TENSORS } SimilarityLevel;

/* One bar of the right pane: a layer or a tensor of the pair. */
typedef struct {
	const char *name;  /* borrowed */
	const char *layer; /* of a tensor, borrowed; of a layer NULL */
	double cosine;
} PairRow;

/* The tensors of a pair that agree most, matter least, and oppose one another most. */
typedef struct {
	const PairRow *strongest, *weakest, *opposed; /* NULL where there is none */
} Extremes;

typedef struct {
	Similarity *similarity;         /* of the marked tasks, by layer; NULL: to be made */
	const SimilarityMatrix *matrix; /* the part of it that is looked at */
	GArray *order;                  /* of guint: positions of the tasks, as shown */
	char *filter;                   /* that the order was made with */
	GArray *pair;                   /* of PairRow: row and column by tensor; NULL: to be made */
	Extremes extremes;              /* of the pair's tensors */
	char *row, *column;             /* names under the cursor */
	int row_at, column_at;          /* where they stand in the order */
	int top, left;                  /* the first row and column that are seen */
	SimilarityMeasure measure;
	SimilarityOrder sort;
	int decimals;     /* of inner products, as drawn last */
	double limit;     /* the value at the end of the ramp, as drawn last */
	gboolean numbers; /* as drawn last: where all fit, until the user chooses */
	gboolean numbers_chosen;
	SimilarityLevel level;
	ListWidget layers, tensors;
	char *layer; /* that is open at LEVEL_TENSORS */
} SimilarityView;

/* Makes what is missing: the analysis, the order, the pair.  FALSE with *error set where that
 * fails. */
gboolean similarity_refresh(SimilarityView *view, Ui *ui, GError **error);
/* The session changed. */
void similarity_drop(SimilarityView *view);
/* The tasks that pass the filter, as they are ordered; the cursor goes back to its names. */
void similarity_reorder(SimilarityView *view, Ui *ui);
void similarity_move(SimilarityView *view, int rows, int columns);
/* The layer that gives most to the inner product of two tasks; NULL where there is none. */
const char *similarity_main_layer(const SimilarityView *view, guint a, guint b);
/* The task at a place of the order. */
guint similarity_position(const SimilarityView *view, int place);
double similarity_value(const SimilarityView *view, guint a, guint b);
/* The value as a cell shows it; g_free. */
char *similarity_cell_text(const SimilarityView *view, double value);
const char *similarity_measure_name(const SimilarityView *view);

void similarity_matrix_draw(SimilarityView *view, Canvas *canvas, Rect rect);

/* The layers of the pair under the cursor.  GArray of PairRow. */
GArray *similarity_pair_layers(const SimilarityView *view);
void similarity_pair_draw(SimilarityView *view, Canvas *canvas, Rect rect);

#endif
