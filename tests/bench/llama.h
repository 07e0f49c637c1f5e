/* llama.h - the tensors of a language model of the shape of a Llama, of any size. */
#ifndef TAUSCOPE_BENCH_LLAMA_H
#define TAUSCOPE_BENCH_LLAMA_H

#include <glib.h>

typedef struct {
	char *name;
	guint64 rows, columns; /* columns 0: a vector of `rows` */
} LlamaTensor;

/* GArray of LlamaTensor; frees them with it.  About `elements` in all: the width is the largest
 * that leaves a fifth to the embedding and, with `head`, to the output's matrix, and the vocabulary
 * fills the rest. */
GArray *llama_new(guint64 elements, guint layers, gboolean head);

guint64 llama_elements(const LlamaTensor *tensor);
guint64 llama_total(const GArray *tensors);

#endif
