/* signature.h - what a file that no reader takes looks like, told by its first bytes. */
#ifndef TAUSCOPE_SIGNATURE_H
#define TAUSCOPE_SIGNATURE_H

#include <glib.h>

typedef struct {
	const char *what;   /* "a gzip file" */
	const char *remedy; /* "unpack it first" */
	guint offset, length;
	const char *bytes; /* 0xff stands for any byte: no signature here has one */
} Signature;

/* The row that fits the first bytes of a file, or NULL. */
const Signature *signature_find(const guint8 *head, gsize length);

#endif
