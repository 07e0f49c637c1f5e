/* adapter_check.h - whether the factors of a module fit each other and the configuration. */
#ifndef TAUSCOPE_ADAPTER_CHECK_H
#define TAUSCOPE_ADAPTER_CHECK_H

#include "checkpoint/adapter_parts.h"

/* Sets the module's rows, columns, rank and scaling. */
gboolean adapter_check_module(const AdapterParts *parts, const AdapterConfig *config,
	AdapterModule *module, GError **error);

#endif
