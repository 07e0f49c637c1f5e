/* gguf.h - GGUF, versions 1 to 3, as llama.cpp writes it (ggml/docs/gguf.md). */
#ifndef TAUSCOPE_GGUF_H
#define TAUSCOPE_GGUF_H

#include "checkpoint/checkpoint.h"

extern const CheckpointFormat gguf_format;

#endif
