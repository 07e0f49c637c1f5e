/* integrity.c - reads a checkpoint to its end, for what is damaged. */
#include "checkpoint/integrity.h"

#include "checkpoint/archive.h"

#define BLOCK_ELEMENTS 65536u
#define ELEMENT_BYTES_MOST 8u

static void add_problem(GPtrArray *problems, const GError *reason)
{
	g_ptr_array_add(problems, g_strdup(reason->message));
}

/* FALSE with the reason where it cannot be read, or the job was cancelled. */
static gboolean read_through(
	const Checkpoint *checkpoint, guint number, void *block, Job *job, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, number);
	for (guint64 first = 0; first < tensor->elements; first += BLOCK_ELEMENTS) {
		guint64 n = MIN(BLOCK_ELEMENTS, tensor->elements - first), bytes = 0;
		if (!job_check(job, error) ||
			!checkpoint_read_raw(checkpoint, number, first, n, block, error))
			return FALSE;
		dtype_bytes(tensor->dtype, n, &bytes);
		job_advance(job, bytes);
	}
	return TRUE;
}

gboolean integrity_read_tensors(const Checkpoint *checkpoint, GPtrArray *problems,
	IntegrityCounts *counts, Job *job, GError **error)
{
	g_autofree void *block = g_malloc(BLOCK_ELEMENTS * ELEMENT_BYTES_MOST);
	job_expect(job, checkpoint_bytes(checkpoint));
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		g_autoptr(GError) reason = NULL;
		job_set_detail(job, checkpoint_tensor(checkpoint, i)->name);
		if (!read_through(checkpoint, i, block, job, &reason)) {
			if (!job_check(job, error))
				return FALSE;
			add_problem(problems, reason);
		}
		counts->tensors++;
	}
	return TRUE;
}

static gboolean compare_entries(
	const Zip *zip, GPtrArray *problems, IntegrityCounts *counts, Job *job, GError **error)
{
	for (guint i = 0; i < zip_count(zip); i++) {
		const ZipEntry *entry = zip_entry(zip, i);
		g_autoptr(GError) reason = NULL;
		job_set_detail(job, entry->name);
		if (!job_check(job, error))
			return FALSE;
		if (!zip_check(zip, entry, &reason))
			add_problem(problems, reason);
		counts->checksums++;
	}
	return TRUE;
}

static gboolean is_archive(const File *file)
{
	guint8 head[4];
	return file && file_read(file, 0, sizeof head, head, NULL) &&
	       archive_format.detect(head, sizeof head, file->size);
}

gboolean integrity_compare_checksums(const Checkpoint *checkpoint, GPtrArray *problems,
	IntegrityCounts *counts, Job *job, GError **error)
{
	for (guint i = 0; i < checkpoint->files->len; i++) {
		File *file = ((const CheckpointFile *)checkpoint->files->pdata[i])->file;
		if (!is_archive(file))
			continue;
		g_autoptr(GError) reason = NULL;
		g_autoptr(Zip) zip = zip_open(file, &reason);
		if (!zip)
			add_problem(problems, reason);
		else if (!compare_entries(zip, problems, counts, job, error))
			return FALSE;
	}
	return TRUE;
}
