/* layers_view.h - what the parts of the Layers screen share. */
#ifndef TAUSCOPE_LAYERS_VIEW_H
#define TAUSCOPE_LAYERS_VIEW_H

#include "pane.h"

#include "analysis/layers.h"

typedef enum {
	LAYER_RELATIVE,
	LAYER_NORM,
	LAYER_SHARE,
	LAYER_COSINE,
	LAYER_MEASURE_COUNT
} LayerMeasure;

typedef struct {
	Layers *layers;  /* of the marked tasks by `by`; NULL: to be made */
	GPtrArray *rows; /* of LayerGroup, borrowed from `layers`: those that are listed */
	char *filter;    /* that the rows were made with */
	int longest;     /* columns of their longest name, within NAME_LEAST and NAME_MOST */
	Layers *below;   /* the group under the cursor, by kind; NULL: to be made */
	char *below_of;  /* the group that these are of */
	LayerMeasure measure;
	gboolean log;
	gboolean by_value, reverse; /* else by depth */
	GroupBy by;                 /* GROUP_LAYER, GROUP_KIND or GROUP_TENSOR */
	GroupBy inside_by;          /* what `inside` is */
	char *inside;               /* the layer or kind whose tensors are listed; or NULL */
	char *inside_at;            /* the row to go back to */
	ListWidget list;
	char *at;       /* name of the row under the cursor */
	char *first;    /* name of the first task shown; NULL: the first marked */
	guint first_at; /* and its place */
	guint shown;    /* tasks that had room when it was drawn last */
} LayersView;

/* Makes what is missing.  FALSE with *error set where that fails. */
gboolean layers_refresh(LayersView *view, Ui *ui, GError **error);
/* The session changed, or the groups are others. */
void layers_drop(LayersView *view);
/* The list is another one, of the same analysis. */
void layers_drop_rows(LayersView *view);
/* The group under the cursor; NULL where the list is empty. */
const LayerGroup *layers_current(const LayersView *view);

double layer_value(const LayersView *view, const LayerGroup *group, guint task);
/* A group's name in the list: of a tensor without the layer that is open. */
const char *layers_row_name(const LayersView *view, const LayerGroup *group);
/* The cosine of the first two tasks shown over a group; NaN where there is one task. */
double layers_pair_cosine(const LayersView *view, const LayerGroup *group);

/* Draws heading and bars; sets what was seen in the view. */
void layers_bars_draw(LayersView *view, Canvas *canvas, Rect rect);
/* Draws the group under the cursor by kind. */
void layers_below_draw(const LayersView *view, Canvas *canvas, Rect rect);

#endif
