/* gguf_metadata.h - the keys and values of a GGUF file. */
#ifndef TAUSCOPE_GGUF_METADATA_H
#define TAUSCOPE_GGUF_METADATA_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf_scanner.h"

/* Reads `count` pairs: strings and numbers into the checkpoint's metadata, as text; of arrays only
 * how long they are is told.  `alignment` becomes general.alignment, or stays as it is. */
gboolean gguf_read_metadata(GgufScanner *scanner, Checkpoint *checkpoint, guint64 count,
	guint64 *alignment, GError **error);

#endif
