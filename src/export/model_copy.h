/* model_copy.h - what is copied beside the weights of a folder, and says now what they are. */
#ifndef TAUSCOPE_MODEL_COPY_H
#define TAUSCOPE_MODEL_COPY_H

#include "export/model_layout.h"

typedef struct {
	char *path; /* of the base's file */
	char *text; /* what is written in its place; NULL: it, byte for byte */
} ModelCopy;

/* The base's index and side files, as they are but for the type in config.json and the size in the
 * index, where another type is written.  What was changed is said in `notes`, what should have been
 * and could not be in `warnings` (both of char *). */
GPtrArray *model_copies(
	const ModelRequest *request, const Layout *layout, GPtrArray *notes, GPtrArray *warnings);

#endif
