/* weights_type.c - see weights_type.h. */
#include "store/weights_type.h"

/* The fields of a float type, from the top: sign, exponent, mantissa. */
typedef struct {
	Dtype dtype;
	guint exponent_bits, mantissa_bits;
	gsize bias;
} FloatType;

/* Of the 8-bit floats HDF5 1.10 can say E5M2 alone: the others keep numbers where it expects Inf
 * and NaN. */
static const FloatType float_types[] = {
	{DTYPE_F16, 5, 10, 15},
	{DTYPE_BF16, 8, 7, 127},
	{DTYPE_F8_E5M2, 5, 2, 15},
};

static Hid float_type(const FloatType *of)
{
	gsize bits = 1 + of->exponent_bits + of->mantissa_bits;
	Hid type = H5Tcopy(H5T_IEEE_F32LE);
	H5Tset_fields(type, bits - 1, of->mantissa_bits, of->exponent_bits, 0, of->mantissa_bits);
	H5Tset_precision(type, bits);
	H5Tset_size(type, bits / 8);
	H5Tset_ebias(type, of->bias);
	return type;
}

/* As h5py writes them. */
static Hid bool_type(void)
{
	Hid type = H5Tenum_create(H5T_STD_I8LE);
	gint8 no = 0, yes = 1;
	H5Tenum_insert(type, "FALSE", &no);
	H5Tenum_insert(type, "TRUE", &yes);
	return type;
}

static Hid complex_type(void)
{
	Hid type = H5Tcreate(H5T_COMPOUND, 8);
	H5Tinsert(type, "r", 0, H5T_IEEE_F32LE);
	H5Tinsert(type, "i", 4, H5T_IEEE_F32LE);
	return type;
}

static Hid plain_type(Dtype dtype)
{
	switch (dtype) {
	case DTYPE_I8:
		return H5T_STD_I8LE;
	case DTYPE_I16:
		return H5T_STD_I16LE;
	case DTYPE_U16:
		return H5T_STD_U16LE;
	case DTYPE_I32:
		return H5T_STD_I32LE;
	case DTYPE_U32:
		return H5T_STD_U32LE;
	case DTYPE_I64:
		return H5T_STD_I64LE;
	case DTYPE_U64:
		return H5T_STD_U64LE;
	case DTYPE_F32:
		return H5T_IEEE_F32LE;
	case DTYPE_F64:
		return H5T_IEEE_F64LE;
	default:
		return H5T_STD_U8LE;
	}
}

Hid weights_type(Dtype dtype)
{
	for (guint i = 0; i < G_N_ELEMENTS(float_types); i++)
		if (float_types[i].dtype == dtype)
			return float_type(&float_types[i]);
	if (dtype == DTYPE_BOOL)
		return bool_type();
	if (dtype == DTYPE_C64)
		return complex_type();
	return H5Tcopy(plain_type(dtype));
}

Hid weights_space(const Tensor *tensor)
{
	hsize_t extent[TENSOR_RANK_MOST] = {tensor->bytes};
	if (dtype_info(tensor->dtype)->bits < 8)
		return H5Screate_simple(1, extent, NULL);
	if (tensor->rank == 0)
		return H5Screate(H5S_SCALAR);
	for (guint i = 0; i < tensor->rank; i++)
		extent[i] = tensor->shape[i];
	return H5Screate_simple((int)tensor->rank, extent, NULL);
}
