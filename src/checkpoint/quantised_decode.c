/* quantised_decode.c - what the bytes of a quantised block mean.
 *
 * Each product and sum is one float32 operation, in the order in which ggml does it: the build
 * forbids fusing them.  The loops have fixed lengths, so that they become vector code. */
#include "checkpoint/quantised_decode.h"

#include "core/dtype.h"

static inline float half_at(const guint8 *bytes)
{
	float value;
	dtype_decode_float(DTYPE_F16, bytes, 1, &value);
	return value;
}

/* Byte i holds element i in its low half and element i + 16 in its high half. */
void decode_q4_0(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block);
	const guint8 *pairs = block + 2;

	for (guint i = 0; i < 16; i++) {
		values[i] = (float)((pairs[i] & 15) - 8) * scale;
		values[i + 16] = (float)((pairs[i] >> 4) - 8) * scale;
	}
}

void decode_q4_1(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block), least = half_at(block + 2);
	const guint8 *pairs = block + 4;

	for (guint i = 0; i < 16; i++) {
		values[i] = (float)(pairs[i] & 15) * scale + least;
		values[i + 16] = (float)(pairs[i] >> 4) * scale + least;
	}
}

/* Five bits: four as above, and the fifth of element i in bit i of a mask. */
static inline void five_bits(const guint8 *bytes, const guint8 *pairs, gint codes[32])
{
	gint low = bytes[0] | bytes[1] << 8, high = bytes[2] | bytes[3] << 8;

	for (gint i = 0; i < 16; i++) {
		gint bit = 1 << i;
		codes[i] = (pairs[i] & 15) | (low & bit ? 16 : 0);
		codes[i + 16] = (pairs[i] >> 4) | (high & bit ? 16 : 0);
	}
}

void decode_q5_0(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block);
	gint codes[32];

	five_bits(block + 2, block + 6, codes);
	for (guint i = 0; i < 32; i++)
		values[i] = (float)(codes[i] - 16) * scale;
}

void decode_q5_1(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block), least = half_at(block + 2);
	gint codes[32];

	five_bits(block + 4, block + 8, codes);
	for (guint i = 0; i < 32; i++)
		values[i] = (float)codes[i] * scale + least;
}

void decode_q8_0(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block);

	for (guint i = 0; i < 32; i++)
		values[i] = (float)(gint8)block[2 + i] * scale;
}

/* In Q2_K and Q3_K group g of 16 elements has its two low bits in a run of 16 bytes, which it
 * shares with three other groups. */
static inline const guint8 *two_bits_at(const guint8 *quarters, guint group, guint *shift)
{
	*shift = group % 8 / 2 * 2;
	return quarters + group / 8 * 32 + group % 2 * 16;
}

void decode_q2_k(const guint8 *restrict block, float *restrict values)
{
	const guint8 *scales = block, *quarters = block + 16;
	float scale = half_at(block + 80), least = half_at(block + 82);

	for (guint group = 0; group < 16; group++) {
		guint shift;
		const guint8 *bits = two_bits_at(quarters, group, &shift);
		float step = scale * (float)(scales[group] & 15);
		float minimum = least * (float)(scales[group] >> 4);
		for (guint i = 0; i < 16; i++)
			values[group * 16 + i] = step * (float)(bits[i] >> shift & 3) - minimum;
	}
}

/* A scale of six bits: four of them in half a byte, two in a quarter of a later byte. */
static inline gint scale_of_q3_k(const guint8 *packed, guint group)
{
	gint low = packed[group % 8] >> group / 8 * 4 & 15;
	gint high = packed[8 + group % 4] >> group / 4 * 2 & 3;
	return (low | high << 4) - 32;
}

/* The mask's bit is set where nothing is taken away. */
void decode_q3_k(const guint8 *restrict block, float *restrict values)
{
	const guint8 *mask = block, *quarters = block + 32, *scales = block + 96;
	float scale = half_at(block + 108);

	for (guint group = 0; group < 16; group++) {
		guint shift;
		const guint8 *bits = two_bits_at(quarters, group, &shift);
		const guint8 *third = mask + group % 2 * 16;
		float step = scale * (float)scale_of_q3_k(scales, group);
		for (guint i = 0; i < 16; i++) {
			gint code = (bits[i] >> shift & 3) | (third[i] >> group / 2 & 1) << 2;
			values[group * 16 + i] = step * (float)(code - 4);
		}
	}
}

/* Q4_K and Q5_K pack the scales and minima of eight groups into six bits each. */
static inline void scales_of_k(const guint8 *packed, float scales[8], float minima[8])
{
	for (guint i = 0; i < 4; i++) {
		gint both = packed[i + 8];
		scales[i] = (float)(packed[i] & 63);
		minima[i] = (float)(packed[i + 4] & 63);
		scales[i + 4] = (float)((both & 15) | packed[i] >> 6 << 4);
		minima[i + 4] = (float)(both >> 4 | packed[i + 4] >> 6 << 4);
	}
}

void decode_q4_k(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block), least = half_at(block + 2);
	float scales[8], minima[8];

	scales_of_k(block + 4, scales, minima);
	for (guint group = 0; group < 8; group++) {
		const guint8 *pairs = block + 16 + group / 2 * 32;
		guint shift = group % 2 * 4;
		float step = scale * scales[group], minimum = least * minima[group];
		for (guint i = 0; i < 32; i++)
			values[group * 32 + i] = step * (float)(pairs[i] >> shift & 15) - minimum;
	}
}

void decode_q5_k(const guint8 *restrict block, float *restrict values)
{
	float scale = half_at(block), least = half_at(block + 2);
	const guint8 *fifth = block + 16;
	float scales[8], minima[8];

	scales_of_k(block + 4, scales, minima);
	for (guint group = 0; group < 8; group++) {
		const guint8 *pairs = block + 48 + group / 2 * 32;
		guint shift = group % 2 * 4;
		float step = scale * scales[group], minimum = least * minima[group];
		for (guint i = 0; i < 32; i++) {
			gint code = (pairs[i] >> shift & 15) | (fifth[i] >> group & 1) << 4;
			values[group * 32 + i] = step * (float)code - minimum;
		}
	}
}

/* Four bits in half a byte and two in a quarter of another; scales are signed bytes. */
void decode_q6_k(const guint8 *restrict block, float *restrict values)
{
	const gint8 *scales = (const gint8 *)block + 192;
	float scale = half_at(block + 208);

	for (guint group = 0; group < 16; group++) {
		guint half = group / 8, quarter = group % 8 / 2;
		const guint8 *low = block + half * 64 + group % 4 * 16;
		const guint8 *high = block + 128 + half * 32 + group % 2 * 16;
		float step = scale * (float)scales[group];
		for (guint i = 0; i < 16; i++) {
			gint code = (low[i] >> quarter / 2 * 4 & 15) | (high[i] >> quarter * 2 & 3)
									       << 4;
			values[group * 16 + i] = step * (float)(code - 32);
		}
	}
}
