/* file.h - open read-only, positioned reads with every length checked, atomic replace, fingerprint.
 *
 * Inputs are regular files opened O_RDONLY; an output has a temporary name until it is whole. */
#ifndef TAUSCOPE_FILE_H
#define TAUSCOPE_FILE_H

#include <glib.h>

/* An input file.  Reads are positioned, so any thread may read at any time. */
typedef struct {
	char *path;
	int fd;
	guint64 size;
	gint64 mtime_ns, ctime_ns;
	guint64 inode, device;
	gint references; /* atomic */
} File;

/* Opens a regular file for reading; refuses devices, FIFOs and directories at once, without
 * blocking on them.  NULL with *error set (ERROR_IO). */
File *file_open(const char *path, GError **error);
File *file_ref(File *file);
/* Drops a reference; the last one closes. */
void file_close(File *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(File, file_close)

/* Reads exactly `length` bytes at `offset`; fails when the file is shorter, naming the byte. */
gboolean file_read(const File *file, guint64 offset, guint64 length, void *out, GError **error);

/* A whole small file as text, ended with a zero byte; ERROR_INPUT where it has more than `most`
 * bytes.  `length` may be NULL.  Free with g_free. */
char *file_read_text(const char *path, gsize most, gsize *length, GError **error);

/* Whether [offset, offset+length) lies within [0, total), without overflow. */
gboolean span_within(guint64 offset, guint64 length, guint64 total);

/* What a file was when it was last read: enough to notice a change without reading it whole.
 * `sample` is a 128-bit XXH3 of the size, the first 64 KiB and 64 blocks of 4 KiB at fixed
 * places. */
typedef struct {
	guint64 size, inode;
	gint64 mtime_ns, ctime_ns;
	char sample[33];
} Fingerprint;

gboolean file_fingerprint(const File *file, Fingerprint *fingerprint, GError **error);
/* Same size, times and inode: unchanged without a look inside. */
gboolean fingerprint_same_stat(const Fingerprint *a, const Fingerprint *b);
/* Same size and sample: most likely unchanged, although touched, copied or moved. */
gboolean fingerprint_same_content(const Fingerprint *a, const Fingerprint *b);

/* An output that is not there until it is committed: written as PATH.tmp.PID in the same folder,
 * then synced and renamed, and the folder synced.  A signal or crash leaves the old file. */
typedef struct Output Output;

/* Refuses to replace an existing file unless `replace`; the check is made again at commit
 * (link(2), not rename(2), where nothing may be replaced).  ERROR_IO with the reason. */
Output *output_create(const char *path, gboolean replace, GError **error);
/* Positioned write of all bytes; any thread.  A full disk is an error that says so. */
gboolean output_write(
	Output *output, guint64 offset, const void *bytes, gsize length, GError **error);
/* Takes the room of the first `bytes` at once, so that a full disk is known before the work, and
 * writes find their blocks.  0, or the errno of why there is none; 0 too where a file system cannot
 * say so before the writes. */
int output_reserve(const Output *output, guint64 bytes);
/* Has the system begin to bring what was written here to the disk, so that a sync in the end has
 * little to wait for. */
void output_send(const Output *output, guint64 offset, guint64 length);
/* The same of what lies before `end`, a few megabytes at once: for writers that go from front to
 * back, one thread at a time. */
void output_push(Output *output, guint64 end);
int output_fd(const Output *output);
/* The temporary name, for a library that wants to write by name. */
const char *output_temporary(const Output *output);
/* Another name in the same folder for the commit, where it was not known before. */
void output_set_path(Output *output, const char *path);
/* fsync, and no more writes: what can still fail is then the rename alone.  Of several outputs that
 * belong together all are synced before the first is committed. */
gboolean output_sync(Output *output, GError **error);
/* output_sync and rename.  Who commits several into one folder brings that to the disk once, after
 * them, with file_sync_folder. */
gboolean output_rename(Output *output, GError **error);
/* output_sync, rename, fsync of the folder.  The output stays owned by the caller. */
gboolean output_commit(Output *output, GError **error);
/* Frees; removes the temporary file unless committed. */
void output_free(Output *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

/* Writes a whole small file atomically. */
gboolean file_write_all(
	const char *path, const void *bytes, gsize length, gboolean replace, GError **error);

/* Brings a folder's names to the disk.  One that may be written but not read cannot be opened, and
 * is left to the system. */
gboolean file_sync_folder(const char *folder, GError **error);
/* Removes a folder and the files in it; folders within, and so itself, stay. */
void file_remove_folder(const char *path);

/* Removes all leftovers NAME.tmp.PID in `folder`, which is ours alone, whose process is no longer
 * alive. */
void file_sweep_temporaries(const char *folder);
/* Removes what a killed writer of this very path left beside it: a file or a folder of files.
 * Nothing else, since others may have such names there too. */
void file_sweep_leftovers(const char *path);

/* Removes the temporaries of this process that are not committed; async-signal-safe, for the
 * handlers of fatal signals. */
void file_remove_temporaries(void);

#endif
