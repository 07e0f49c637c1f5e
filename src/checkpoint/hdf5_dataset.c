/* hdf5_dataset.c - see hdf5_dataset.h. */
#include "checkpoint/hdf5_dataset.h"

#include "checkpoint/hdf5_chunks.h"
#include "checkpoint/view.h"
#include "core/error.h"

#include <inttypes.h>

/* A dataset and what it becomes. */
typedef struct {
	Checkpoint *checkpoint;
	Bytes *whole;
	const Hdf5Row *row;
	Place place;
	Tensor tensor; /* its name and shape are borrowed until it is added */
} Placing;

static gboolean measure(Tensor *tensor, const Hdf5Dataset *dataset)
{
	return shape_elements(dataset->shape, dataset->rank, &tensor->elements) &&
	       dtype_bytes(dataset->dtype, tensor->elements, &tensor->bytes);
}

/* The bytes lie in C order. */
static gboolean add_plain(Placing *placing, Bytes *bytes, GError **error)
{
	const Hdf5Dataset *dataset = placing->row->dataset;
	View view = {.name = placing->tensor.name,
		.dtype = dataset->dtype,
		.swapped = dataset->swapped != 0,
		.bytes = bytes,
		.file = placing->tensor.file,
		.rank = dataset->rank,
		.shape = dataset->shape};
	return checkpoint_add_view(placing->checkpoint, &view, error);
}

static gboolean add_contiguous(Placing *placing, GError **error)
{
	const Hdf5Dataset *dataset = placing->row->dataset;
	guint64 wanted = placing->tensor.bytes;

	if (dataset->length < wanted)
		return fail_at(error, ERROR_INPUT, placing->place,
			"its storage has %" PRIu64 " bytes, its shape needs %" PRIu64,
			dataset->length, wanted);
	if (!span_within(dataset->offset, wanted, bytes_length(placing->whole)))
		return fail_at(error, ERROR_INPUT, placing->place,
			"its %" PRIu64 " bytes from %" PRIu64
			" on reach beyond the end of the file",
			wanted, dataset->offset);
	g_autoptr(Bytes) bytes = bytes_part(placing->whole, dataset->offset, wanted);
	return add_plain(placing, bytes, error);
}

static gboolean add_compact(Placing *placing, GError **error)
{
	const Hdf5Row *row = placing->row;
	g_autoptr(Bytes) bytes =
		bytes_memory(g_memdup2(row->values, row->dataset->length), row->dataset->length);
	return add_plain(placing, bytes, error);
}

static gboolean add_chunked(Placing *placing, GError **error)
{
	const Hdf5Dataset *dataset = placing->row->dataset;
	Tensor tensor = placing->tensor;

	tensor.source = hdf5_chunks_source(placing->whole, placing->row, tensor.elements,
		placing->checkpoint->cache, placing->place, error);
	if (tensor.source == NULL)
		return FALSE;
	tensor.name = g_strdup(tensor.name);
	tensor.shape = g_memdup2(dataset->shape, dataset->rank * sizeof *dataset->shape);
	checkpoint_add_tensor(placing->checkpoint, tensor);
	return TRUE;
}

static gboolean add(Placing *placing, GError **error)
{
	const Hdf5Dataset *dataset = placing->row->dataset;

	if (dataset->layout == HDF5_COMPACT)
		return add_compact(placing, error);
	if (placing->tensor.elements == 0)
		return add_plain(placing, placing->whole, error);
	if (dataset->layout == HDF5_CONTIGUOUS && dataset->offset != HDF5_NOWHERE)
		return add_contiguous(placing, error);
	return add_chunked(placing, error);
}

gboolean hdf5_add_dataset(Checkpoint *checkpoint, guint file, Bytes *whole, const char *name,
	const Hdf5Row *row, GError **error)
{
	const Hdf5Dataset *dataset = row->dataset;
	const CheckpointFile *source = checkpoint->files->pdata[file];
	Placing placing = {
		.checkpoint = checkpoint,
		.whole = whole,
		.row = row,
		.place = {.file = source->path, .tensor = name},
		.tensor = {.name = (char *)name,
			.dtype = dataset->dtype,
			.rank = dataset->rank,
			.file = file},
	};
	if (dtype_info(dataset->dtype)->bits < 8 || !measure(&placing.tensor, dataset))
		return fail_at(error, ERROR_INPUT, placing.place,
			"the number of its elements overflows 64 bits");
	return add(&placing, error);
}
