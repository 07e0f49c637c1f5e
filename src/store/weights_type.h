/* weights_type.h - the HDF5 types and shapes that copied weights have. */
#ifndef TAUSCOPE_WEIGHTS_TYPE_H
#define TAUSCOPE_WEIGHTS_TYPE_H

#include "checkpoint/checkpoint.h"
#include "store/hdf5.h"

/* The type that shows a tensor's elements as the numbers they are; bytes where HDF5 has no such
 * type. */
Hid weights_type(Dtype dtype);
/* The tensor's shape; of elements below a byte one dimension of bytes. */
Hid weights_space(const Tensor *tensor);

#endif
