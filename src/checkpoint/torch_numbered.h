/* torch_numbered.h - values under the numbers that PyTorch's oldest format gave them, which were
 * addresses in memory. */
#ifndef TAUSCOPE_TORCH_NUMBERED_H
#define TAUSCOPE_TORCH_NUMBERED_H

#include "checkpoint/pickle.h"

typedef struct {
	char *key;
	PickleValue *value; /* borrowed */
	guint64 at;         /* of a storage: the byte of the file where its elements begin */
} Numbered;

/* The number as text, whether it was written as one or in digits; NULL where it is neither. */
char *numbered_key(const PickleValue *value);

/* An array of Numbered. */
GArray *numbered_new(void);
/* Takes the key. */
void numbered_add(GArray *array, char *key, PickleValue *value, guint64 at);
/* By key; returns a key that is there twice, or NULL. */
const char *numbered_sort(GArray *array);
/* In a sorted array; NULL where there is none, or `key` is NULL. */
Numbered *numbered_find(GArray *array, const char *key);

#endif
