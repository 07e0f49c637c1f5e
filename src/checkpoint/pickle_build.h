/* pickle_build.h - values that a reader adds to a pickle that was read, where an older format says
 * in other words what a newer one has as values.
 *
 * All give NULL where the pickle's memory does not suffice, or where an argument is NULL. */
#ifndef TAUSCOPE_PICKLE_BUILD_H
#define TAUSCOPE_PICKLE_BUILD_H

#include "checkpoint/pickle.h"

PickleValue *pickle_build_text(Pickle *pickle, const char *text);
PickleValue *pickle_build_integer(Pickle *pickle, gint64 integer);
PickleValue *pickle_build_global(Pickle *pickle, const char *module, const char *name);
PickleValue *pickle_build_tuple(Pickle *pickle, PickleValue *const *items, guint count);
PickleValue *pickle_build_call(Pickle *pickle, PickleValue *callee, PickleValue *arguments);
PickleValue *pickle_build_persistent(Pickle *pickle, PickleValue *id);

#endif
