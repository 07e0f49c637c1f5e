/* mergekit.h - what the verbs say of a recipe of mergekit. */
#ifndef TAUSCOPE_CLI_MERGEKIT_H
#define TAUSCOPE_CLI_MERGEKIT_H

#include <glib.h>

/* Prints notes (of MergekitNote) on stderr, with the file that they are of. */
void mergekit_say(const char *path, const GPtrArray *notes);

#endif
