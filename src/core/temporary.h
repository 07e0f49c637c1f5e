/* temporary.h - the register of this process's temporary files, for the handlers of fatal signals.
 *
 * For output.c alone; file_remove_temporaries and file_sweep_temporaries in file.h use it too. */
#ifndef TAUSCOPE_TEMPORARY_H
#define TAUSCOPE_TEMPORARY_H

/* Enters a name and returns its slot, or -1 where the register is full: that file is left to
 * file_sweep_temporaries if the process is killed. */
int temporary_register(const char *path);

/* Takes the name out again; -1 is nothing. */
void temporary_forget(int slot);

#endif
