/* error.h - errors are values with a sentence for the user.
 *
 * An error is made where the knowledge is and shown where the user is.  Beside the sentence it
 * keeps the file, the tensor and the remedy apart, so that --json can give them as fields. */
#ifndef TAUSCOPE_ERROR_H
#define TAUSCOPE_ERROR_H

#include <glib.h>

/* The classes of failure; each is an exit status of the program. */
typedef enum {
	ERROR_ANSWER_NO = 1,   /* the question was understood and the answer is no */
	ERROR_USAGE = 2,       /* wrong option, name or expression */
	ERROR_INPUT = 3,       /* a file that breaks its format, or does not fit the base */
	ERROR_IO = 4,          /* cannot read or write */
	ERROR_CANCELLED = 130, /* stopped by the user */
} ErrorCode;

/* Where an error is and what to do about it; any field may be NULL. */
typedef struct {
	const char *file, *tensor, *remedy;
} Place;

#define TAUSCOPE_ERROR (tauscope_error_quark())
GQuark tauscope_error_quark(void);

/* Sets *error and returns FALSE, so that a check reads `return fail(...)`.
 * The sentence starts in lower case, has no full stop, and names what and why. */
gboolean fail(GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same with a place.  The message becomes "FILE: tensor NAME: sentence; remedy", every part
 * made safe for a terminal. */
gboolean fail_at(GError **error, ErrorCode code, Place place, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* ERROR_IO for a system call that failed: "PATH: cannot open: REASON; remedy".  `doing` says what
 * could not be done, `reason` is an errno. */
gboolean fail_system(GError **error, const char *path, const char *doing, int reason);

/* The parts of an error, borrowed, or NULL.  Works for errors of other domains too. */
const char *error_file(const GError *error);
const char *error_tensor(const GError *error);
const char *error_remedy(const GError *error);

/* The exit status for an error: its code for ours, ERROR_IO for others, 0 for NULL. */
int error_exit_status(const GError *error);

#endif
