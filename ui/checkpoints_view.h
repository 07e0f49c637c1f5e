/* checkpoints_view.h - what the parts of the Checkpoints screen share. */
#ifndef TAUSCOPE_CHECKPOINTS_VIEW_H
#define TAUSCOPE_CHECKPOINTS_VIEW_H

#include "pane.h"

#include "analysis/layers.h"
#include "analysis/similarity.h"

typedef enum { ROW_BASE, ROW_TASK, ROW_RUN, ROW_STEP } RowKind;

/* One row of the list; names are unique among rows ("mnist", "mnist/steps", "mnist@40"). */
typedef struct {
	RowKind kind;
	char *name;
	char *run;         /* of a run and its steps */
	guint member;      /* of a run, its first step */
	gint64 step, last; /* of a run, from `step` to `last`; -1 where unknown */
	guint checkpoints; /* of a run */
	gboolean unfolded; /* of a run: its steps follow */
	guint64 parameters;
	guint64 bytes;
	char *types;
	gboolean in_mean;        /* a task that is marked */
	double relative, cosine; /* |τ|/|θ₀|; with the mean of the marked tasks */
	char *warning;           /* what is wrong with it, or NULL */
} CheckpointRow;

typedef enum { SORT_LOADED, SORT_NAME, SORT_RELATIVE, SORT_COSINE, SORT_COUNT } CheckpointSort;

/* The rows of a collection in the order asked for, base first, runs last; the steps of the runs in
 * `unfolded` (a set of names) follow their run.  The filter narrows them.  GPtrArray of
 * CheckpointRow. */
GPtrArray *checkpoint_rows(Ui *ui, CheckpointSort sort, gboolean reverse, GHashTable *unfolded);
/* The rows as they are shown. */
Table *checkpoint_rows_table(const GPtrArray *rows);
cJSON *checkpoint_rows_json(const GPtrArray *rows);
/* Draws heading and rows; `list` is fitted to what is seen. */
void checkpoint_rows_draw(const GPtrArray *rows, Ui *ui, ListWidget *list, gboolean focus,
	CheckpointSort sort, Canvas *canvas, Rect rect);

/* One line of what is known of a checkpoint. */
typedef enum {
	DETAIL_TEXT,
	DETAIL_PATH, /* shortened at its start */
	DETAIL_HEADING,
	DETAIL_LAYER,
	DETAIL_TENSOR,
	DETAIL_SPARK
} DetailKind;
typedef struct {
	DetailKind kind;
	gboolean unfolded; /* of a layer */
	const char *label; /* in front of the text; or NULL */
	char *text;
	char *count, *value; /* columns at the right; or NULL */
	double *profile;     /* of DETAIL_SPARK */
	guint n;
	/* Of DETAIL_TENSOR, in place of text and value: there may be very many, of which few are
	 * ever seen. */
	const char *name; /* borrowed */
	double number;
	int decimals;
} DetailLine;

/* All lines of a row's checkpoint; the tensors of the layers in `unfolded` are listed, or of all
 * layers.  `similarity` is of all tasks, or NULL.  GPtrArray of DetailLine. */
GPtrArray *checkpoint_detail(Ui *ui, const CheckpointRow *row, const Similarity *similarity,
	GHashTable *unfolded, gboolean all);
void checkpoint_detail_draw(
	const GPtrArray *lines, ListWidget *list, gboolean focus, Canvas *canvas, Rect rect);

/* Asks for NAME=PATH, or for the base where nothing is loaded yet. */
void checkpoints_ask_add(Ui *ui);

#endif
