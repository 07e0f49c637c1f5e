/* quantised_decode.h - the values of one block, a function for each type (ggml's quantised types as
 * gguf-py and ggml-quants define them). */
#ifndef TAUSCOPE_QUANTISED_DECODE_H
#define TAUSCOPE_QUANTISED_DECODE_H

#include <glib.h>

/* Blocks of 32 elements. */
void decode_q4_0(const guint8 *restrict block, float *restrict values);
void decode_q4_1(const guint8 *restrict block, float *restrict values);
void decode_q5_0(const guint8 *restrict block, float *restrict values);
void decode_q5_1(const guint8 *restrict block, float *restrict values);
void decode_q8_0(const guint8 *restrict block, float *restrict values);

/* Blocks of 256 elements, in groups of 16 or 32 with scales that are quantised themselves. */
void decode_q2_k(const guint8 *restrict block, float *restrict values);
void decode_q3_k(const guint8 *restrict block, float *restrict values);
void decode_q4_k(const guint8 *restrict block, float *restrict values);
void decode_q5_k(const guint8 *restrict block, float *restrict values);
void decode_q6_k(const guint8 *restrict block, float *restrict values);

#endif
