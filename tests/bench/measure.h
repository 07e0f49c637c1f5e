/* measure.h - runs commands, and tells how long they took and how much memory they had.
 *
 * A command is a process of its own, timed from its start to its end.  Commands that are held
 * against each other run in turn, round after round, so that what drifts hits all alike. */
#ifndef TAUSCOPE_BENCH_MEASURE_H
#define TAUSCOPE_BENCH_MEASURE_H

#include <glib.h>

/* What is removed before each run, files or folders, so that every run makes it anew. */
#define MEASURE_REMOVED_MOST 4u

typedef struct {
	const char *const *argv; /* NULL at its end */
	const char *removed[MEASURE_REMOVED_MOST];
	gboolean heard; /* what it writes to stdout is kept; else it goes to /dev/null */
} Command;

/* What some runs of one command took. */
typedef struct {
	GArray *seconds; /* of double, one a run */
	double peak;     /* MiB of resident memory, of the run that had most; NaN where unknown */
	char *output;    /* what the last run wrote to stdout, of a command that is heard */
} Series;

/* Blocks the signals that end the program, so that a run notices them: the command is ended too,
 * and the run fails with ERROR_CANCELLED.  Called once, before any other. */
void measure_begin(void);

/* Runs a command once, untimed rounds included; fails with what it wrote to stderr. */
gboolean measure_once(const Command *command, Series *series, GError **error);
/* Runs each of n commands `rounds` times, in turn; series[n] is filled, and to be cleared also on
 * failure. */
gboolean measure_rounds(
	const Command *commands, guint n, guint rounds, Series *series, GError **error);

void series_clear(Series *series);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Series, series_clear)
/* The value in the middle, of an even number of values the mean of the two; NaN of none. */
double series_median(const Series *series);
/* What two commands took together, round by round. */
void series_add(Series *sum, const Series *other);
void series_append(Series *series, double seconds);
/* The same numbers in another unit. */
void series_scale(Series *series, double factor);

/* What some commands took that are held against each other. */
#define COMPARED_MOST 4u
typedef struct {
	Series series[COMPARED_MOST];
} Comparison;
void comparison_clear(Comparison *comparison);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Comparison, comparison_clear)

/* Removes a file, or a folder with all that is in it; nothing where there is nothing. */
void measure_remove(const char *path);

#endif
