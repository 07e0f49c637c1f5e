/* verb.h - the batch verbs: one row and one file each.
 *
 * Results go to stdout, progress and messages to stderr.  With --json a failure is an object
 * {"error": {"message", "file", "tensor", "remedy"}} on stdout, and the sentence on stderr.
 * Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 bad input, 4 cannot read or write,
 * 130 interrupted. */
#ifndef TAUSCOPE_VERB_H
#define TAUSCOPE_VERB_H

#include "core/json.h"
#include "edit/expression.h"
#include "export/table.h"
#include "session.h"

/* A word of the command line that is no option, or a value of --run. */
typedef struct {
	gboolean run;
	char *text;
} VerbArgument;

/* Every option that a verb may take; strings are NULL where they are not given. */
typedef struct {
	gboolean help, json, csv, stats, overwrite, no_recipe, infinite, steps, exact;
	int threads, budget_mib;
	double scale; /* 1 where it is not given */
	char *scale_text;
	char *by, *only, *base, *weights, *reference, *recipe, *dtype, *part, *dialect, *seed;
	char *out, *write;
	char **drop, **rename, **model;
	GPtrArray *arguments; /* of VerbArgument, in the order of the command line */
} VerbOptions;

typedef struct {
	const char *name;      /* "similarity" */
	const char *arguments; /* "STORE" */
	const char *help;      /* one line */
	const char
		*options;  /* what it takes beside --json, --threads and --budget: "csv by only" */
	guint least, most; /* how many arguments */
	/* Returns the exit status; where *error is set, that error's status counts instead. */
	int (*run)(const VerbOptions *options, GError **error);
} Verb;

extern const Verb verb_info, verb_check, verb_load, verb_verify, verb_similarity, verb_norms,
	verb_trajectory, verb_preview, verb_export, verb_mergekit, verb_explain;
/* All of them, in the order of the help; ends with NULL. */
extern const Verb *const verbs[];

/* The row of a name, or NULL. */
const Verb *verb_find(const char *name);
/* Parses the options and runs; argv[0] is the verb's name.  Returns the exit status. */
int verb_run(const Verb *verb, int argc, char **argv);
/* Prints an error, as JSON too where that is asked for; returns its exit status. */
int verb_fail(gboolean json, const GError *error);
/* Whether --json is among the words. */
gboolean verb_wants_json(int argc, char **argv);

/* The n-th argument that is no --run, or NULL. */
const char *verb_argument(const VerbOptions *options, guint n);
/* Bytes of --budget; 0 where it is not given. */
gsize verb_budget(const VerbOptions *options);
/* The group that --by names, or `by` as it is. */
gboolean verb_group_by(const VerbOptions *options, GroupBy *by, GError **error);

/* What --dialect and --seed say that methods take; paper and 0 where they are not given. */
gboolean verb_defaults(const VerbOptions *options, ExpressionDefaults *defaults, GError **error);

/* Opens a store; an error says what to do where there is none, or nothing is loaded. */
Store *verb_open_store(const char *path, GError **error);
/* The same for analyses: the base must be known; tasks whose sources have changed are stale. */
Store *verb_open_analysed_store(const char *path, GError **error);
/* A session on the store of the first argument, which must be there. */
Session *verb_open_session(const VerbOptions *options, GError **error);

/* Prints warnings (of char *) from number `first` on, on stderr. */
void verb_warn(const GPtrArray *warnings, guint first);

/* Prints a result in the form that was asked for.  Takes the JSON and the table. */
gboolean verb_print(const VerbOptions *options, cJSON *json, Table *table, GError **error);
/* The same where one sentence says all.  Takes the JSON. */
gboolean verb_print_sentence(
	const VerbOptions *options, cJSON *json, const char *sentence, GError **error);
/* The same for numbers out of a store: stale members are named in "stale", and on stderr. */
gboolean verb_print_analysis(
	const VerbOptions *options, const Store *store, cJSON *json, Table *table, GError **error);

/* The same for numbers about all members: those that were quantised, or hold what is not finite,
 * are named in "warnings", and on stderr. */
gboolean verb_print_comparison(
	const VerbOptions *options, const Store *store, cJSON *json, Table *table, GError **error);

#endif
