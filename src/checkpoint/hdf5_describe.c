/* hdf5_describe.c - says of one dataset what its elements are and where they lie.  Runs in the
 * child.
 *
 * What would make the library read another file, or run code that it loads, refuses the file. */
#include "checkpoint/hdf5_walk.h"

#include "core/dtype.h"

#include <stdio.h>

/* What the library knows of a dataset in four parts. */
typedef struct {
	hid_t dataset, plan, type, space;
} Parts;

static gboolean check_storage(Hdf5Walk *walk, const Parts *parts)
{
	if (H5Pget_layout(parts->plan) == H5D_VIRTUAL)
		return hdf5_walk_refuse(walk,
			"the dataset is virtual: its values lie in other files, and only the named "
			"file is read",
			"write it again as one file, for instance with h5repack");
	if (H5Pget_external_count(parts->plan) > 0)
		return hdf5_walk_refuse(walk,
			"the dataset keeps its values in another file, and only the named file is "
			"read",
			"write it again as one file, for instance with h5repack");
	return TRUE;
}

static gboolean take_filter(Hdf5Walk *walk, Hdf5Dataset *about, H5Z_filter_t filter)
{
	char reason[100];

	if (filter < HDF5_DEFLATE || filter > HDF5_FLETCHER32 ||
		about->filters == HDF5_FILTERS_MOST) {
		snprintf(reason, sizeof reason,
			"its chunks went through filter %d, which is not supported here", filter);
		return hdf5_walk_refuse(walk, reason,
			"write it again without, as h5repack -f NONE or -f GZIP=4 does");
	}
	about->filter[about->filters++] = (guint32)filter;
	return TRUE;
}

static gboolean take_filters(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	int n = H5Pget_nfilters(parts->plan);
	gboolean ok = n >= 0;

	if (!ok)
		return hdf5_walk_fail(walk, "read the filters");
	for (int i = 0; ok && i < n; i++) {
		unsigned flags, settings;
		size_t none = 0;
		H5Z_filter_t filter = H5Pget_filter2(
			parts->plan, (unsigned)i, &flags, &none, &settings, 0, NULL, NULL);
		ok = take_filter(walk, about, filter);
	}
	return ok;
}

static gboolean take_fill(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	H5D_fill_value_t fill;

	if (H5Pfill_value_defined(parts->plan, &fill) < 0)
		return hdf5_walk_fail(walk, "read the fill value");
	about->filled = fill != H5D_FILL_VALUE_UNDEFINED;
	if (fill == H5D_FILL_VALUE_USER_DEFINED &&
		H5Pget_fill_value(parts->plan, parts->type, about->fill) < 0)
		return hdf5_walk_fail(walk, "read the fill value");
	return TRUE;
}

static gboolean take_shape(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	hsize_t shape[H5S_MAX_RANK];
	int rank = H5Sget_simple_extent_dims(parts->space, shape, NULL);

	if (rank < 0 || rank > HDF5_RANK_MOST)
		return hdf5_walk_fail(walk, "read the shape");
	about->rank = (guint32)rank;
	for (int i = 0; i < rank; i++)
		about->shape[i] = shape[i];
	return TRUE;
}

static void speak(Hdf5Walk *walk, const Hdf5Dataset *about, Hdf5Part values)
{
	hdf5_speak(&walk->speaker, HDF5_DATASET, (Hdf5Part){about, sizeof *about},
		hdf5_text(walk->name), values);
}

static gboolean tell_contiguous(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	haddr_t offset = H5Dget_offset(parts->dataset);

	about->layout = HDF5_CONTIGUOUS;
	about->length = H5Dget_storage_size(parts->dataset);
	about->offset = offset == HADDR_UNDEF ? HDF5_NOWHERE : offset;
	speak(walk, about, (Hdf5Part){NULL, 0});
	return TRUE;
}

/* The library has read the values with the header that they lie in. */
static gboolean tell_compact(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	guint8 values[HDF5_COMPACT_MOST];
	hsize_t bytes = H5Dget_storage_size(parts->dataset);
	hssize_t elements = H5Sget_simple_extent_npoints(parts->space);

	if (elements < 0 || bytes > sizeof values || bytes % H5Tget_size(parts->type) != 0 ||
		bytes / H5Tget_size(parts->type) != (hsize_t)elements)
		return hdf5_walk_refuse(walk, "its values do not fill its shape", "");
	if (H5Dread(parts->dataset, parts->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
		return hdf5_walk_fail(walk, "read the values");
	about->layout = HDF5_COMPACT;
	about->length = bytes;
	speak(walk, about, (Hdf5Part){values, bytes});
	return TRUE;
}

static gboolean tell_chunked(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	hsize_t chunk[H5S_MAX_RANK];
	int rank = H5Pget_chunk(parts->plan, H5S_MAX_RANK, chunk);

	if (rank <= 0 || (guint32)rank != about->rank)
		return hdf5_walk_fail(walk, "read the size of the chunks");
	about->layout = HDF5_CHUNKED;
	for (int i = 0; i < rank; i++)
		about->chunk[i] = chunk[i];
	if (!take_filters(walk, parts, about))
		return FALSE;
	speak(walk, about, (Hdf5Part){NULL, 0});
	return hdf5_tell_chunks(walk, parts->dataset, parts->plan, parts->space, about);
}

static gboolean tell(Hdf5Walk *walk, const Parts *parts, Hdf5Dataset *about)
{
	if (!take_shape(walk, parts, about) || !take_fill(walk, parts, about))
		return FALSE;
	switch (H5Pget_layout(parts->plan)) {
	case H5D_CONTIGUOUS:
		return tell_contiguous(walk, parts, about);
	case H5D_COMPACT:
		return tell_compact(walk, parts, about);
	case H5D_CHUNKED:
		return tell_chunked(walk, parts, about);
	default:
		return hdf5_walk_fail(walk, "tell how the values lie");
	}
}

static gboolean tell_or_skip(Hdf5Walk *walk, const Parts *parts, guint64 object)
{
	Hdf5Dataset about = {.object = object};
	const char *what = NULL;

	if (!hdf5_type_of(parts->type, &about, &what))
		hdf5_walk_skip(walk, what);
	else if (H5Sget_simple_extent_type(parts->space) == H5S_NULL)
		hdf5_walk_skip(walk, "without elements: its dataspace is null");
	else
		return tell(walk, parts, &about);
	return TRUE;
}

gboolean hdf5_describe(Hdf5Walk *walk, hid_t dataset, guint64 object)
{
	Parts parts = {
		.dataset = dataset, .plan = H5Dget_create_plist(dataset), .type = -1, .space = -1};
	gboolean ok;

	if (parts.plan < 0)
		return hdf5_walk_fail(walk, "tell how the dataset lies");
	ok = check_storage(walk, &parts);
	if (ok) {
		parts.type = H5Dget_type(dataset);
		parts.space = H5Dget_space(dataset);
		ok = parts.type < 0 || parts.space < 0 ? hdf5_walk_fail(walk, "read its type")
						       : tell_or_skip(walk, &parts, object);
	}
	H5Idec_ref(parts.plan);
	H5Idec_ref(parts.type);
	H5Idec_ref(parts.space);
	return ok;
}
