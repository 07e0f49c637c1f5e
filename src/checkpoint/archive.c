/* archive.c - opens a ZIP archive and hands it to the reader of what is in it. */
#include "checkpoint/archive.h"

#include "core/error.h"

#include <string.h>

static const ArchiveKind *const kinds[] = {&torch_archive_kind, &keras_archive_kind, &npz_kind};

static gboolean archive_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	return length >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
}

static gboolean refuse(const char *path, const Zip *zip, GError **error)
{
	Place place = {.file = path, .remedy = "unpack it, and give what is in it"};
	if (zip_count(zip) == 0)
		return fail_at(error, ERROR_INPUT, (Place){.file = path},
			"this is a ZIP archive with nothing in it");
	return fail_at(error, ERROR_INPUT, place,
		"this is a ZIP archive of %u entries, the first of them %.80s, but not one that "
		"PyTorch, NumPy or Keras wrote",
		zip_count(zip), zip_entry(zip, 0)->name);
}

static gboolean archive_read(Checkpoint *checkpoint, File *file, GError **error)
{
	guint number = checkpoint_add_file(checkpoint, file->path, file);
	g_autoptr(Zip) zip = zip_open(file, error);

	if (zip == NULL)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!kinds[i]->holds(zip))
			continue;
		checkpoint->format = kinds[i]->name;
		return kinds[i]->read(checkpoint, number, zip, error);
	}
	return refuse(file->path, zip, error);
}

const CheckpointFormat archive_format = {
	.name = "zip",
	.detect = archive_detect,
	.read = archive_read,
};
