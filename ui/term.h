/* term.h - the terminal: the one file that knows curses. */
#ifndef TAUSCOPE_TERM_H
#define TAUSCOPE_TERM_H

#include "app.h"

/* Runs the workbench on the terminal until it quits; the terminal is restored on every way out,
 * fatal signals included.  Returns the exit status. */
int term_run(Ui *ui, GError **error);

#endif
