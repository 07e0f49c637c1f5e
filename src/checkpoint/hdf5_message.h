/* hdf5_message.h - what the child that walks an HDF5 file says of it to its parent, through a pipe.
 *
 * Both are one program, so that records are plain structures, each begun and padded to 8 bytes.
 * The parent believes none of it: the file may have taken the child over. */
#ifndef TAUSCOPE_HDF5_MESSAGE_H
#define TAUSCOPE_HDF5_MESSAGE_H

#include <glib.h>

#define HDF5_RANK_MOST 32
#define HDF5_FILTERS_MOST 3
/* Bytes of a chunk, unpacked; of a compact dataset; and what is no address in a file. */
#define HDF5_CHUNK_MOST (64u << 20)
#define HDF5_COMPACT_MOST 65536u
#define HDF5_NOWHERE G_MAXUINT64
/* Chunks that one record tells of. */
#define HDF5_BATCH 1024

typedef enum {
	HDF5_DATASET = 1, /* Hdf5Dataset; its name; its values where it is compact */
	HDF5_CHUNKS,      /* Hdf5Chunk [], of the dataset before */
	HDF5_ALIAS,       /* guint64: the object; another name of it */
	HDF5_SKIPPED,     /* a name; why it is not read */
	HDF5_REFUSED,     /* a name or ""; why the file is not read; a remedy or "" */
	HDF5_END,         /* nothing: the walk is complete */
} Hdf5RecordKind;

typedef struct {
	guint32 kind, length; /* length: bytes that follow, without padding */
} Hdf5Record;

typedef enum { HDF5_CONTIGUOUS, HDF5_COMPACT, HDF5_CHUNKED } Hdf5Layout;

/* As HDF5 numbers them. */
typedef enum { HDF5_DEFLATE = 1, HDF5_SHUFFLE = 2, HDF5_FLETCHER32 = 3 } Hdf5Filter;

typedef struct {
	guint64 object;         /* where its header lies: the same for all names of it */
	guint64 offset, length; /* contiguous: its bytes, or HDF5_NOWHERE; compact: length */
	guint64 shape[HDF5_RANK_MOST], chunk[HDF5_RANK_MOST];
	guint32 rank, layout;
	guint32 dtype, swapped;                     /* Dtype; whether it is big-endian */
	guint32 filters, filter[HDF5_FILTERS_MOST]; /* in the order in which they were applied */
	guint32 filled, padding; /* whether what was never written has a value: */
	guint8 fill[8];          /* in the file's byte order */
} Hdf5Dataset;

typedef struct {
	guint64 cell;   /* number of its place in the grid of chunks, in C order; rising */
	guint64 offset; /* where it lies */
	guint32 stored; /* bytes there */
	guint32 mask;   /* bit i: filter i was left out */
} Hdf5Chunk;

/* HDF5 file as the child reads it: a span of an open file, or memory. */
typedef struct {
	const guint8 *memory; /* NULL: the file */
	int fd;
	guint64 base, length;
} Hdf5Image;

#endif
