/* latch.h - the first failure among threads whose work has no way to say so itself. */
#ifndef TAUSCOPE_LATCH_H
#define TAUSCOPE_LATCH_H

#include <glib.h>

typedef struct Latch Latch;

Latch *latch_new(void);
void latch_free(Latch *latch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Latch, latch_free)

/* Keeps a failure, unless one is kept; takes the error.  Any thread. */
void latch_fail(Latch *latch, GError *error);
/* FALSE with a copy of the error where there was a failure.  Cheap where there was none. */
gboolean latch_check(Latch *latch, GError **error);

#endif
