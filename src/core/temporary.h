/* temporary.h - the names of what is not whole yet, and the register of this process's temporary
 * files, for the handlers of fatal signals.
 *
 * For what makes outputs; file_remove_temporaries and the sweeps in file.h use it too. */
#ifndef TAUSCOPE_TEMPORARY_H
#define TAUSCOPE_TEMPORARY_H

#include <glib.h>

/* Outputs of one process to one path, and leftovers of its number. */
#define TEMPORARY_NAMES_MOST 100

/* PATH.tmp.PID, or PATH.N.tmp.PID for a later attempt; free with g_free. */
char *temporary_name(const char *path, guint attempt);

/* Enters the name of a file or folder and returns its slot, or -1 where the register is full: it is
 * left to file_sweep_temporaries if the process is killed. */
int temporary_register(const char *path);
/* The same for what must outlive all others, as the lock that they were made under. */
int temporary_register_last(const char *path);

/* Takes the name out again; -1 is nothing. */
void temporary_forget(int slot);

#endif
