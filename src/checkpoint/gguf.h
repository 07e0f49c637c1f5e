/* gguf.h - GGUF v2 and v3, as llama.cpp writes them (ggml/docs/gguf.md). */
#ifndef TAUSCOPE_GGUF_H
#define TAUSCOPE_GGUF_H

#include "checkpoint/checkpoint.h"

extern const CheckpointFormat gguf_format;

#endif
