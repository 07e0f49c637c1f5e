/* verb.h - the batch verbs: one row and one file each.
 *
 * Results go to stdout, progress and messages to stderr.  With --json a failure is an object
 * {"error": {"message", "file", "tensor", "remedy"}} on stdout, and the sentence on stderr.
 * Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 bad input, 4 cannot read or write,
 * 130 interrupted. */
#ifndef TAUSCOPE_VERB_H
#define TAUSCOPE_VERB_H

#include "core/json.h"
#include "export/table.h"
#include "store/load.h"

typedef struct {
	const char *name;      /* "similarity" */
	const char *arguments; /* "STORE" */
	const char *help;      /* one line */
	/* Runs with argv[0] the verb's name; returns the exit status. */
	int (*run)(int argc, char **argv);
} Verb;

extern const Verb verb_info, verb_check, verb_load, verb_verify, verb_similarity, verb_norms,
	verb_trajectory, verb_preview, verb_export;

/* The options that verbs share. */
typedef struct {
	gboolean json, csv;
	char *by, *only;
	int threads, budget_mib;
} VerbOptions;

/* Parses the shared options and `more` (may be NULL), and checks that between least and most
 * arguments are left; these are then argv[1…argc).  FALSE with *error set. */
gboolean verb_parse(const Verb *verb, int *argc, char ***argv, VerbOptions *options,
	const GOptionEntry *more, int least, int most, GError **error);

/* Prints a result in the form that was asked for.  Takes the JSON and the table. */
void verb_print(const VerbOptions *options, cJSON *json, Table *table);
/* Prints an error as the options ask, frees it, and returns its exit status. */
int verb_fail(const VerbOptions *options, GError *error);

/* Opens a store whose Gram tables are complete; an error says what to do where they are not. */
Store *verb_open_store(const char *path, GError **error);
/* The group that --by names; GROUP_ALL where it is not given. */
gboolean verb_group_by(const VerbOptions *options, GroupBy *by, GError **error);

#endif
