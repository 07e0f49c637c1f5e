/* trajectory_view.h - what the parts of the Trajectory screen share. */
#ifndef TAUSCOPE_TRAJECTORY_VIEW_H
#define TAUSCOPE_TRAJECTORY_VIEW_H

#include "pane.h"

#include "analysis/trajectory.h"

typedef enum { PATH_COSINE, PATH_NORM, PATH_TURN, PATH_SPEED, PATH_MEASURE_COUNT } PathMeasure;

typedef struct {
	Trajectory *trajectory; /* of the run, by layer; NULL: to be made */
	double *x;              /* [count]: where its points stand */
	char *run;              /* NULL: the first */
	char *reference; /* the task that directions are compared with; NULL: the run's final */
	PathMeasure measure;
	int at;            /* the point under the crosshair */
	char *at_name;     /* and its member's name */
	GHashTable *shown; /* names of the series that are drawn; NULL: not chosen yet */
	ListWidget series;
	double low, high;       /* of the steps seen, while zoomed */
	gboolean zoomed, plain; /* plain: without markers */
} TrajectoryView;

/* Makes what is missing.  FALSE with *error set where that fails. */
gboolean trajectory_refresh(TrajectoryView *view, Ui *ui, GError **error);
/* The session, the run or the reference changed. */
void trajectory_drop(TrajectoryView *view);
/* The run that is shown, or the first where it is gone; NULL where there is none. */
const char *trajectory_choose_run(TrajectoryView *view, const Collection *collection);
void trajectory_move(TrajectoryView *view, Ui *ui, int by);
/* Draws the series under the cursor or leaves it out; no more than can be told apart. */
void trajectory_toggle(TrajectoryView *view, Ui *ui);
/* Sees `factor` times as many steps, around the crosshair, within the run. */
void trajectory_zoom(TrajectoryView *view, double factor);

/* The series: the whole and then each layer. */
guint trajectory_series_count(const TrajectoryView *view);
const TrajectoryPath *trajectory_series(const TrajectoryView *view, guint series);
const char *trajectory_series_name(const TrajectoryView *view, guint series);
/* Its place among those that are drawn, or -1. */
int trajectory_series_place(const TrajectoryView *view, guint series);
/* What is drawn of a path: [count]; borrowed. */
const double *trajectory_values(const TrajectoryView *view, const TrajectoryPath *path);
/* "step 40", "final"; g_free. */
char *trajectory_step_text(const TrajectoryView *view, guint point);
/* The range of steps that is seen. */
void trajectory_range(const TrajectoryView *view, double *low, double *high);

void trajectory_plot_draw(const TrajectoryView *view, Canvas *canvas, Rect rect);
void trajectory_pane_draw(TrajectoryView *view, Canvas *canvas, Rect rect);

#endif
