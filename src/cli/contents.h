/* contents.h - what is in a store, as JSON and as a table. */
#ifndef TAUSCOPE_CONTENTS_H
#define TAUSCOPE_CONTENTS_H

#include "core/json.h"
#include "export/table.h"
#include "store/store.h"

/* {"name", "role", "run", "step", "path", "state", "weights", "known", "bytes"} */
cJSON *contents_member_json(const Store *store, guint member);
/* "copied", "linked", or "mixed" for the whole store. */
const char *contents_weights(const Store *store);

/* Works for an empty store too. */
cJSON *contents_json(const Store *store);
Table *contents_table(const Store *store);

#endif
