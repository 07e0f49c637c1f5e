/* dtype.h - element types as a table; decode a block to float, encode it back.
 *
 * The types are those of safetensors, in its order (formats.md 2.1).  Floats can be analysed and
 * edited; integers and bool are carried along; the rest is opaque bytes. */
#ifndef TAUSCOPE_DTYPE_H
#define TAUSCOPE_DTYPE_H

#include <glib.h>

typedef enum {
	DTYPE_BOOL,
	DTYPE_F4,
	DTYPE_F6_E2M3,
	DTYPE_F6_E3M2,
	DTYPE_U8,
	DTYPE_I8,
	DTYPE_F8_E5M2,
	DTYPE_F8_E4M3,
	DTYPE_F8_E8M0,
	DTYPE_F8_E4M3FNUZ,
	DTYPE_F8_E5M2FNUZ,
	DTYPE_I16,
	DTYPE_U16,
	DTYPE_F16,
	DTYPE_BF16,
	DTYPE_I32,
	DTYPE_U32,
	DTYPE_F32,
	DTYPE_C64,
	DTYPE_F64,
	DTYPE_I64,
	DTYPE_U64,
	DTYPE_COUNT
} Dtype;

typedef enum {
	CLASS_FLOAT,   /* decoded, analysed, edited */
	CLASS_INTEGER, /* integers and bool: values can be read, but are copied, never edited */
	CLASS_OPAQUE,  /* F4, F6, C64: bytes to carry along */
} DtypeClass;

typedef struct {
	const char *name; /* as safetensors writes it: "F32" */
	guint bits;       /* of one element; F4 and F6 are below a byte */
	DtypeClass class;
} DtypeInfo;

/* The row of a type; never NULL for a valid Dtype. */
const DtypeInfo *dtype_info(Dtype dtype);

/* Looks a name up, case-sensitively. */
gboolean dtype_from_name(const char *name, Dtype *dtype);

/* The elements of an array of these sizes, 1 of a scalar.  FALSE where the product of the sizes
 * leaves 64 bits, zeros counted as ones, so that nothing wraps to what looks small. */
gboolean shape_elements(const guint64 *shape, guint rank, guint64 *elements);
/* Bytes of `elements` elements; FALSE where the product overflows or does not end on a byte. */
gboolean dtype_bytes(Dtype dtype, guint64 elements, guint64 *bytes);

/* Turns elements from one byte order to the other; of a complex number each half.  Whole bytes
 * alone. */
void dtype_swap(Dtype dtype, guint64 elements, void *raw);

/* Little-endian raw elements to floating point.  `raw` needs no alignment.  Exact but for F64, I32
 * and wider to float, which round to nearest even.  Floats, integers and bool (0 or 1); an opaque
 * type is a programming error. */
void dtype_decode_float(Dtype dtype, const void *raw, gsize n, float *out);
void dtype_decode_double(Dtype dtype, const void *raw, gsize n, double *out);

/* Doubles to raw little-endian elements of a float type, rounded once, to nearest even
 * (overflow gives Inf, or NaN where the type has no Inf, as F8_E4M3 has none).
 * Returns how many finite values became non-finite.  `raw` lies apart from the values. */
gsize dtype_encode(Dtype dtype, const double *values, gsize n, void *raw);

/* How many raw elements of a type are NaN or infinite; 0 where it is no float. */
gsize dtype_count_not_finite(Dtype dtype, const void *raw, gsize n);

#endif
