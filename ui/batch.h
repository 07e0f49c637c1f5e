/* batch.h - the shell's words for what a screen shows, so that a script can ask for it again. */
#ifndef TAUSCOPE_BATCH_H
#define TAUSCOPE_BATCH_H

#include "view.h"

/* Quotes a word where a shell needs it; g_free. */
char *shell_word(const char *word);
/* "tauscope VERB STORE OPTIONS", the options written for a shell already; NULL where the store's
 * numbers are stale, which a verb would add to its answer; g_free. */
char *batch_command(Ui *ui, const char *verb, const char *options);
/* Whether the screens speak of all tasks, as the verbs do. */
gboolean batch_has_all_tasks(Ui *ui);
/* A pattern that chooses a layer's tensors and no other, or NULL: a kind may be called the same.
 * g_free. */
char *batch_layer_pattern(const Collection *collection, const char *layer);

#endif
