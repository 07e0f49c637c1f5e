/* session_export.h - an export from what was chosen to its report, for the verb and for the job. */
#ifndef TAUSCOPE_SESSION_EXPORT_H
#define TAUSCOPE_SESSION_EXPORT_H

#include "session.h"

/* What is to be written and where; all is borrowed. */
typedef struct {
	EditChoice choice;      /* of a recipe that is repeated: export_choice */
	const Recipe *repeated; /* or NULL */
	const char *repeated_path;
	const char *output;
	gboolean replace, write_recipe;
	gsize budget;
} ExportRequest;

typedef struct Export Export;

/* The choice that a recipe stands for; borrows its texts. */
EditChoice export_choice(const Recipe *recipe);

/* Main thread: checks all that can be checked at once.  Of a recipe that is repeated also that what
 * takes part is what took part when it was written (ERROR_INPUT).  Borrows the session's collection
 * until it is freed. */
Export *export_new(const Session *session, const ExportRequest *request, GError **error);
/* Any thread: looks at the masks, and writes. */
gboolean export_run(Export *export, Job *job, GError **error);
void export_free(Export *export);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Export, export_free)

const Recipe *export_recipe(const Export *export);
/* Main thread, once it has run: with what the store has to say of the inputs.  Borrowed. */
const ModelReport *export_report(Export *export);

#endif
