/* export_dialog.h - what the export dialog is about, for what draws it. */
#ifndef TAUSCOPE_EXPORT_DIALOG_H
#define TAUSCOPE_EXPORT_DIALOG_H

#include "overlay.h"

typedef enum {
	FIELD_WHAT,
	FIELD_PART,
	FIELD_TYPE,
	FIELD_INFINITE,
	FIELD_PATH,
	FIELD_RECIPE,
	FIELD_WRITE,
	FIELD_COUNT
} Field;

typedef enum { WHAT_MODEL, WHAT_CSV, WHAT_JSON, WHAT_TEXT, WHAT_PICTURE, WHAT_COUNT } What;

typedef struct {
	Field field;
	What what;
	LineWidget *path;
	gboolean path_typed; /* no longer follows what is chosen */
	guint part, type;    /* places in `parts` and `types` */
	gboolean infinite, no_recipe, asking;
	char *why_not[WHAT_COUNT]; /* NULL where it can be written */
	char *reason;              /* why the last try failed; NULL */
	guint cells;               /* of the table */
	guint64 bytes, free;       /* that it takes and that are free there; 0: not known */
	gsize sized;               /* the choices that `bytes` is of; 0: none */
	char *command;             /* of the batch program; NULL where there is none */
} ExportDialog;

/* What is shown of the choices. */
const char *export_what(What what);
const char *export_part(const ExportDialog *dialog);
const char *export_type(const ExportDialog *dialog);
/* Whether a field says something of what is written. */
gboolean export_counts(const ExportDialog *dialog, Field field);
/* Whether it is a table so long that its size is known only once it is written. */
gboolean export_is_long(const ExportDialog *dialog);

void export_draw(const ExportDialog *dialog, Canvas *canvas);

#endif
