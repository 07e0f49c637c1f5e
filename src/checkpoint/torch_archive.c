/* torch_archive.c - the archives that torch.save and torch.jit.save write: one folder with a pickle
 * and the storages that it names.
 *
 * A storage's key is looked up in the archive's directory; it is never a path to anything. */
#include "checkpoint/archive.h"

#include "checkpoint/torch.h"
#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define VERSION_MOST 10
#define RECORD_MOST 64
#define KEY_MOST 256
/* Of a pickle that is deflated, which torch never does: a few bytes can stand for many values. */
#define INFLATED_MOST (1u << 20)

typedef struct {
	TorchStorages storages;
	const Zip *zip;
	char *folder;
	GHashTable *opened; /* key → Bytes */
} TorchArchive;

static void archive_clear(TorchArchive *archive)
{
	g_free(archive->folder);
	g_hash_table_unref(archive->opened);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TorchArchive, archive_clear)

/* A pickle of this name, at the top or in a folder. */
static gboolean is_pickle(const ZipEntry *entry)
{
	return strcmp(entry->name, "data.pkl") == 0 || g_str_has_suffix(entry->name, "/data.pkl");
}

static gboolean torch_archive_holds(const Zip *zip)
{
	for (guint i = 0; i < zip_count(zip); i++)
		if (is_pickle(zip_entry(zip, i)))
			return TRUE;
	return FALSE;
}

/* The folder of the one data.pkl; NULL with *error set. */
static char *find_folder(const Zip *zip, const char *path, GError **error)
{
	Place place = {.file = path};
	const char *found = NULL;

	for (guint i = 0; i < zip_count(zip); i++) {
		const ZipEntry *entry = zip_entry(zip, i);
		if (is_pickle(entry) && found != NULL) {
			fail_at(error, ERROR_INPUT, place,
				"it has two pickles, %.80s and %.80s, so it could be read in two "
				"ways",
				found, entry->name);
			return NULL;
		}
		if (is_pickle(entry))
			found = entry->name;
	}
	const char *slash = strchr(found, '/');
	if (slash != NULL && slash != found && strcmp(slash, "/data.pkl") == 0)
		return g_strndup(found, (gsize)(slash - found));
	fail_at(error, ERROR_INPUT, place,
		"its data.pkl does not lie in one folder, as torch has it, but is %.80s", found);
	return NULL;
}

static const ZipEntry *find_entry(const TorchArchive *archive, const char *name)
{
	g_autofree char *full = g_strconcat(archive->folder, "/", name, NULL);
	return zip_find(archive->zip, full);
}

/* A short text record without the white space around it; *text is NULL where there is none. */
static gboolean read_record(
	const TorchArchive *archive, const char *name, char **text, GError **error)
{
	const ZipEntry *entry = find_entry(archive, name);
	gsize length;

	*text = NULL;
	if (entry == NULL)
		return TRUE;
	*text = zip_read(archive->zip, entry, RECORD_MOST, &length, error);
	if (*text != NULL)
		g_strstrip(*text);
	return *text != NULL;
}

static gboolean check_version(Checkpoint *checkpoint, const TorchArchive *archive, GError **error)
{
	g_autofree char *text = NULL;
	guint64 version;

	if (!read_record(archive, "version", &text, error))
		return FALSE;
	if (text == NULL)
		return TRUE;
	if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT, &version, NULL))
		return fail_at(error, ERROR_INPUT, (Place){.file = archive->storages.path},
			"the version of its format is no number");
	if (version > VERSION_MOST)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = archive->storages.path,
				.remedy = "save it with an older torch, or as safetensors"},
			"it has version %" PRIu64 " of the format; versions up to %d are read",
			version, VERSION_MOST);
	checkpoint_tell(checkpoint, "version", text);
	return TRUE;
}

static gboolean read_byte_order(Checkpoint *checkpoint, TorchArchive *archive, GError **error)
{
	g_autofree char *text = NULL;

	if (!read_record(archive, "byteorder", &text, error))
		return FALSE;
	if (text == NULL)
		return TRUE;
	archive->storages.swapped = strcmp(text, "big") == 0;
	if (!archive->storages.swapped && strcmp(text, "little") != 0)
		return fail_at(error, ERROR_INPUT, (Place){.file = archive->storages.path},
			"its byte order is neither little nor big");
	checkpoint_tell(checkpoint, "byte order",
		archive->storages.swapped ? "big-endian" : "little-endian");
	return TRUE;
}

/* The storage's bytes, the same for each tensor that has a part of them. */
static Bytes *open_storage(TorchArchive *archive, const char *key)
{
	Bytes *bytes = g_hash_table_lookup(archive->opened, key);
	g_autofree char *name = g_strconcat("data/", key, NULL);
	const ZipEntry *entry = bytes == NULL ? find_entry(archive, name) : NULL;

	if (entry == NULL)
		return bytes;
	bytes = zip_bytes(archive->zip, entry);
	g_hash_table_insert(archive->opened, g_strdup(key), bytes);
	return bytes;
}

static Bytes *find_storage(TorchStorages *storages, const char *key, guint64 least, GError **error)
{
	Place place = {.file = storages->path, .remedy = "download or save it again"};
	gboolean plain = strlen(key) <= KEY_MOST && strchr(key, '/') == NULL;
	Bytes *bytes = plain ? open_storage(storages->data, key) : NULL;

	if (bytes == NULL) {
		fail_at(error, ERROR_INPUT, place,
			"its pickle names storage %.80s, which is not in the archive", key);
		return NULL;
	}
	if (bytes_length(bytes) < least) {
		fail_at(error, ERROR_INPUT, place,
			"storage %s has %" PRIu64 " bytes, and its pickle wants %" PRIu64, key,
			bytes_length(bytes), least);
		return NULL;
	}
	return bytes;
}

/* TorchScript has the code of its classes beside the pickle. */
static gboolean is_script(const TorchArchive *archive)
{
	return find_entry(archive, "constants.pkl") != NULL;
}

static gboolean check_inflated(const TorchArchive *archive, const ZipEntry *entry, GError **error)
{
	if (!entry->deflated || entry->size <= INFLATED_MOST)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = archive->storages.path,
			.remedy = "save it again with torch, which does not compress"},
		"its data.pkl is compressed, and has %" PRIu64
		" bytes unpacked, where at most %u are read",
		entry->size, INFLATED_MOST);
}

static gboolean read_pickle(Checkpoint *checkpoint, TorchArchive *archive, GError **error)
{
	const ZipEntry *entry = find_entry(archive, "data.pkl");
	gsize length;

	if (!check_inflated(archive, entry, error))
		return FALSE;
	g_autofree void *text = zip_read(archive->zip, entry, PICKLE_BYTES_MOST, &length, error);

	if (text == NULL)
		return FALSE;
	g_autoptr(Pickle) pickle = pickle_read(archive->storages.path,
		entry->deflated ? 0 : entry->offset, text, length, NULL, error);
	return pickle != NULL && torch_collect(checkpoint, &archive->storages, pickle, error);
}

static gboolean torch_archive_read(
	Checkpoint *checkpoint, guint file, const Zip *zip, GError **error)
{
	const CheckpointFile *source = checkpoint->files->pdata[file];
	g_auto(TorchArchive) archive = {
		.storages = {.path = source->path, .file = file, .find = find_storage},
		.zip = zip,
		.opened = g_hash_table_new_full(
			text_table_hash, g_str_equal, g_free, (GDestroyNotify)bytes_unref),
	};

	archive.storages.data = &archive;
	archive.folder = find_folder(zip, source->path, error);
	if (archive.folder == NULL)
		return FALSE;
	if (is_script(&archive))
		checkpoint->format = "torchscript";
	return check_version(checkpoint, &archive, error) &&
	       read_byte_order(checkpoint, &archive, error) &&
	       read_pickle(checkpoint, &archive, error);
}

const ArchiveKind torch_archive_kind = {
	.name = "torch-zip",
	.holds = torch_archive_holds,
	.read = torch_archive_read,
};
