/* draw.h - what methods that draw share: the seed, and the stream of an input on a tensor. */
#ifndef TAUSCOPE_DRAW_H
#define TAUSCOPE_DRAW_H

#include "core/rng.h"
#include "edit/method.h"

#define PARAMETER_SEED                                                                             \
	{                                                                                          \
		.name = SEED, .type = PARAMETER_COUNT, .help = "another seed draws other numbers", \
		.most = COUNT_MOST                                                                 \
	}

/* The key of an input's draws on the site's tensor; what is drawn for one of its elements depends
 * on that key and the element's place alone. */
static inline guint64 draw_key(const MethodSite *site, guint input, guint64 seed)
{
	guint64 stream = method_stream(site->collection, method_body(site->call, input));
	const char *tensor = collection_tensor(site->collection, site->tensor)->name;
	return rng_key(seed ^ stream, tensor);
}

#endif
