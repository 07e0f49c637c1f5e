/* hdf5_type.c - which of our element types a type of HDF5 is.  Runs in the child. */
#include "checkpoint/hdf5_walk.h"

#include "core/dtype.h"

#include <stddef.h>

/* Where the parts of a float lie: positions and sizes in bits. */
typedef struct {
	Dtype dtype;
	size_t bytes, sign, exponent, exponent_bits, mantissa_bits, bias;
} FloatLayout;

static const FloatLayout floats[] = {
	{DTYPE_F64, 8, 63, 52, 11, 52, 1023},
	{DTYPE_F32, 4, 31, 23, 8, 23, 127},
	{DTYPE_F16, 2, 15, 10, 5, 10, 15},
	{DTYPE_BF16, 2, 15, 7, 8, 7, 127},
	{DTYPE_F8_E5M2, 1, 7, 2, 5, 2, 15},
};

static const struct {
	size_t bytes;
	Dtype is_signed, is_unsigned;
} integers[] = {
	{1, DTYPE_I8, DTYPE_U8},
	{2, DTYPE_I16, DTYPE_U16},
	{4, DTYPE_I32, DTYPE_U32},
	{8, DTYPE_I64, DTYPE_U64},
};

static const struct {
	H5T_class_t class;
	const char *what;
} not_numeric[] = {
	{H5T_TIME, "not numeric: times"},
	{H5T_STRING, "not numeric: text"},
	{H5T_BITFIELD, "not numeric: bit fields"},
	{H5T_OPAQUE, "not numeric: opaque bytes"},
	{H5T_COMPOUND, "not numeric: a compound of fields"},
	{H5T_REFERENCE, "not numeric: references"},
	{H5T_ENUM, "not numeric: an enumeration"},
	{H5T_VLEN, "not numeric: runs of varying length"},
	{H5T_ARRAY, "not numeric: arrays as elements"},
};

static gboolean is_float(hid_t type, const FloatLayout *layout)
{
	size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;

	return H5Tget_size(type) == layout->bytes &&
	       H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >=
		       0 &&
	       sign == layout->sign && exponent == layout->exponent &&
	       exponent_bits == layout->exponent_bits && mantissa == 0 &&
	       mantissa_bits == layout->mantissa_bits && H5Tget_ebias(type) == layout->bias &&
	       H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

static gboolean find_float(hid_t type, Hdf5Dataset *about)
{
	for (guint i = 0; i < G_N_ELEMENTS(floats); i++)
		if (is_float(type, &floats[i])) {
			about->dtype = floats[i].dtype;
			return TRUE;
		}
	return FALSE;
}

static gboolean find_integer(hid_t type, Hdf5Dataset *about)
{
	gboolean is_signed = H5Tget_sign(type) == H5T_SGN_2;
	if (!is_signed && H5Tget_sign(type) != H5T_SGN_NONE)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(integers); i++)
		if (integers[i].bytes == H5Tget_size(type)) {
			about->dtype = is_signed ? integers[i].is_signed : integers[i].is_unsigned;
			return TRUE;
		}
	return FALSE;
}

/* All bits of the element are used, in one of the two byte orders. */
static gboolean is_plain(hid_t type, Hdf5Dataset *about)
{
	H5T_order_t order = H5Tget_order(type);
	about->swapped = order == H5T_ORDER_BE && H5Tget_size(type) > 1;
	return (order == H5T_ORDER_LE || order == H5T_ORDER_BE) && H5Tget_offset(type) == 0 &&
	       H5Tget_precision(type) == 8 * H5Tget_size(type);
}

/* h5py keeps bool as an enumeration of a byte. */
static gboolean is_bool(hid_t type)
{
	gint8 no = -1, yes = -1;
	return H5Tget_class(type) == H5T_ENUM && H5Tget_size(type) == 1 &&
	       H5Tget_nmembers(type) == 2 && H5Tenum_valueof(type, "FALSE", &no) >= 0 &&
	       H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1;
}

gboolean hdf5_type_of(hid_t type, Hdf5Dataset *about, const char **what)
{
	H5T_class_t class = H5Tget_class(type);

	if (is_bool(type)) {
		about->dtype = DTYPE_BOOL;
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(not_numeric); i++)
		if (not_numeric[i].class == class) {
			*what = not_numeric[i].what;
			return FALSE;
		}
	*what = class == H5T_FLOAT ? "a floating-point format that is not known"
				   : "an integer of odd size or byte order";
	return is_plain(type, about) &&
	       (class == H5T_FLOAT ? find_float(type, about) : find_integer(type, about));
}
