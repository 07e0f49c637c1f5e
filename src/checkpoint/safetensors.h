/* safetensors.h - the safetensors format, read by every one of its rules (formats.md 2.1). */
#ifndef TAUSCOPE_SAFETENSORS_H
#define TAUSCOPE_SAFETENSORS_H

#include "checkpoint/checkpoint.h"

#define SAFETENSORS_HEADER_MOST 100000000u

/* The metadata of a saved task vector: its float tensors are differences from a base.  Any other
 * word but that for weights is refused. */
#define SAFETENSORS_VALUES "tauscope.values"
#define SAFETENSORS_DIFFERENCES "differences"
#define SAFETENSORS_WEIGHTS "weights"

extern const CheckpointFormat safetensors_format;

/* Checks a header's text against the size of the data that follows it, and adds its tensors with
 * offsets from `data_start` in file number `file`.  Reads no file, so that it can be fuzzed. */
gboolean safetensors_parse(Checkpoint *checkpoint, guint file, const char *header, gsize length,
	guint64 data_start, guint64 data_bytes, GError **error);

#endif
