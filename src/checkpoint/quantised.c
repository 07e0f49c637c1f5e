/* quantised.c - the table of ggml's types, and a source that decodes runs of blocks. */
#include "checkpoint/quantised.h"

#include "checkpoint/quantised_decode.h"

#include <string.h>

#define READ_BYTES 16384u /* of blocks at a time, on the stack */

#define RAW(type, size)                                                                            \
	{                                                                                          \
		.name = #type, .elements = 1, .bytes = size, .dtype = DTYPE_##type                 \
	}
#define REMOVED(type)                                                                              \
	{                                                                                          \
		.name = type                                                                       \
	}

/* By the number in the file, as ggml.h has them. */
static const BlockType types[] = {
	[0] = RAW(F32, 4),
	[1] = RAW(F16, 2),
	[2] = {"Q4_0", 32, 18, DTYPE_F32, decode_q4_0, 0, 1},
	[3] = {"Q4_1", 32, 20, DTYPE_F32, decode_q4_1, 0, 2},
	[4] = REMOVED("Q4_2"),
	[5] = REMOVED("Q4_3"),
	[6] = {"Q5_0", 32, 22, DTYPE_F32, decode_q5_0, 0, 1},
	[7] = {"Q5_1", 32, 24, DTYPE_F32, decode_q5_1, 0, 2},
	[8] = {"Q8_0", 32, 34, DTYPE_F32, decode_q8_0, 0, 1},
	[9] = {.name = "Q8_1", .elements = 32, .bytes = 36},
	[10] = {"Q2_K", 256, 84, DTYPE_F32, decode_q2_k, 80, 2},
	[11] = {"Q3_K", 256, 110, DTYPE_F32, decode_q3_k, 108, 1},
	[12] = {"Q4_K", 256, 144, DTYPE_F32, decode_q4_k, 0, 2},
	[13] = {"Q5_K", 256, 176, DTYPE_F32, decode_q5_k, 0, 2},
	[14] = {"Q6_K", 256, 210, DTYPE_F32, decode_q6_k, 208, 1},
	[15] = {.name = "Q8_K", .elements = 256, .bytes = 292},
	[16] = {.name = "IQ2_XXS", .elements = 256, .bytes = 66},
	[17] = {.name = "IQ2_XS", .elements = 256, .bytes = 74},
	[18] = {.name = "IQ3_XXS", .elements = 256, .bytes = 98},
	[19] = {.name = "IQ1_S", .elements = 256, .bytes = 50},
	[20] = {.name = "IQ4_NL", .elements = 32, .bytes = 18},
	[21] = {.name = "IQ3_S", .elements = 256, .bytes = 110},
	[22] = {.name = "IQ2_S", .elements = 256, .bytes = 82},
	[23] = {.name = "IQ4_XS", .elements = 256, .bytes = 136},
	[24] = RAW(I8, 1),
	[25] = RAW(I16, 2),
	[26] = RAW(I32, 4),
	[27] = RAW(I64, 8),
	[28] = RAW(F64, 8),
	[29] = {.name = "IQ1_M", .elements = 256, .bytes = 56},
	[30] = RAW(BF16, 2),
	[31] = REMOVED("Q4_0_4_4"),
	[32] = REMOVED("Q4_0_4_8"),
	[33] = REMOVED("Q4_0_8_8"),
	[34] = {.name = "TQ1_0", .elements = 256, .bytes = 54},
	[35] = {.name = "TQ2_0", .elements = 256, .bytes = 66},
	[36] = REMOVED("IQ4_NL_4_4"),
	[37] = REMOVED("IQ4_NL_4_8"),
	[38] = REMOVED("IQ4_NL_8_8"),
	[39] = {.name = "MXFP4", .elements = 32, .bytes = 17},
	[40] = {.name = "NVFP4", .elements = 64, .bytes = 36},
	[41] = {.name = "Q1_0", .elements = 128, .bytes = 18},
	[42] = {.name = "Q2_0", .elements = 64, .bytes = 18},
};

typedef struct {
	const BlockType *type;
	Bytes *blocks;
	gboolean swapped;
} Quantised;

const BlockType *block_type_find(guint32 number)
{
	return number < G_N_ELEMENTS(types) ? &types[number] : NULL;
}

gboolean block_type_is_raw(const BlockType *type)
{
	return type->elements == 1;
}

static void swap_halves(const BlockType *type, guint8 *block)
{
	for (guint i = 0; i < type->halves; i++) {
		guint8 *half = block + type->half_at + 2 * i, high = half[0];
		half[0] = half[1];
		half[1] = high;
	}
}

/* The elements [skip, skip+count) of one block. */
static void decode_part(
	const Quantised *quantised, guint8 *block, guint64 skip, guint64 count, void *out)
{
	float values[BLOCK_ELEMENTS_MOST];
	if (quantised->swapped)
		swap_halves(quantised->type, block);
	quantised->type->decode(block, values);
	memcpy(out, values + skip, count * sizeof *values);
}

static gboolean quantised_read(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	const Quantised *quantised = state;
	const BlockType *type = quantised->type;
	guint64 block = first / type->elements, end = (first + count - 1) / type->elements + 1;
	guint64 skip = first % type->elements;
	guint8 bytes[READ_BYTES], *to = out;

	while (block < end) {
		guint64 n = MIN(end - block, READ_BYTES / type->bytes);
		if (!bytes_read(
			    quantised->blocks, block * type->bytes, n * type->bytes, bytes, error))
			return FALSE;
		for (guint64 i = 0; i < n; i++) {
			guint64 part = MIN(count, type->elements - skip);
			decode_part(quantised, bytes + i * type->bytes, skip, part, to);
			to += part * sizeof(float);
			count -= part;
			skip = 0;
		}
		block += n;
	}
	return TRUE;
}

static void quantised_free(gpointer state)
{
	bytes_unref(((Quantised *)state)->blocks);
	g_free(state);
}

static const SourceClass quantised_class = {"quantised", quantised_read, quantised_free, FALSE};

Source *quantised_source(const BlockType *type, Bytes *blocks, gboolean swapped)
{
	guint64 elements = bytes_length(blocks) / type->bytes * type->elements;
	Quantised *state = g_new0(Quantised, 1);
	state->type = type;
	state->blocks = bytes_ref(blocks);
	state->swapped = swapped;
	return source_new(&quantised_class, state, DTYPE_F32, elements, NULL);
}
