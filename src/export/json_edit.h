/* json_edit.h - change one value in the text of a JSON object, and nothing else in it. */
#ifndef TAUSCOPE_JSON_EDIT_H
#define TAUSCOPE_JSON_EDIT_H

#include <glib.h>

/* The text with the value of the member that the path names (keys from the outermost on, ends with
 * NULL) replaced; all other bytes as they are.  *before (may be NULL) gets the text of the value
 * that was there.  NULL where the text is no JSON object, or has no such member.  g_free both. */
char *json_edit_value(
	const char *text, gsize length, const char *const *path, const char *value, char **before);

#endif
