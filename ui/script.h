/* script.h - the workbench without a terminal: keys from a file, screens to stdout.
 *
 *     size 100x30          the canvas from here on
 *     ascii on|off         glyphs
 *     keys 5 a cars <Enter>
 *     type some text       one key a character
 *     wait                 until no job is queued or running
 *     screen               writes the canvas as text
 *     roles 3-14           writes the roles of rows 3 to 14
 *     svg FILE             writes the canvas as a picture
 */
#ifndef TAUSCOPE_SCRIPT_H
#define TAUSCOPE_SCRIPT_H

#include "app.h"

/* Runs a script; `-` is stdin.  An error names the line. */
gboolean script_run(Ui *ui, const char *path, GError **error);

#endif
