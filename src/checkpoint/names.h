/* names.h - what a tensor's name tells: its layer (by depth) and its kind (by role). */
#ifndef TAUSCOPE_NAMES_H
#define TAUSCOPE_NAMES_H

#include <glib.h>

/* Words are parted by dots, or as Keras and JAX part them, by slashes.
 *
 * The layer: the name up to and with its first number ("blocks.3", "model.layers.12"); "embed" for
 * embeddings; else the name without .weight, .bias, /kernel:0 ("ln_f", "head").  Free with g_free. */
char *names_layer(const char *tensor);
/* The kind, from one table of the usual spellings: "attn.q", "attn.k", "attn.v", "attn.qkv",
 * "attn.o", "mlp.up", "mlp.gate", "mlp.down", "norm", "embed", "head", "conv"; else the name's last
 * word before .weight or .bias.  Borrowed from the table, or interned. */
const char *names_kind(const char *tensor);

#endif
