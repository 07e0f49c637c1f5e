/* test_corpus_damaged.c - copies of every valid checkpoint, cut short and with bytes altered: each
 * is read or refused with a reason, and nothing else happens. */
#include "corpus.h"

#include <fcntl.h>
#include <glib/gstdio.h>

/* How many places of a file are altered, and at how many it is cut. */
#define PLACES 160u
#define CUTS 24u
/* A process of its own opens these, which takes its time. */
#define PLACES_HDF5 24u
#define CUTS_HDF5 6u
#define FILE_MOST (256u << 10)
#define READ_MOST (1u << 16)

static const guint8 alterations[] = {0x01, 0x80, 0xff};

/* A copy of a case in a scratch folder, one file of which is being damaged. */
typedef struct {
	char *path; /* what is opened: the file itself or a folder */
	char *file;
	guint8 *bytes;
	gsize length;
	guint places, cuts, refused;
} Copy;

/* Reads what there is, at most so much of each tensor. */
static void read_tensors(const Checkpoint *checkpoint)
{
	g_autofree guint8 *raw = g_malloc(READ_MOST * 8);

	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		g_autoptr(GError) error = NULL;
		guint64 n = MIN(tensor->elements, READ_MOST);
		gboolean read = checkpoint_read_raw(checkpoint, i, 0, n, raw, &error);
		g_assert_true(read == (error == NULL));
	}
}

static void open_damaged(Copy *copy)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(copy->path, &error);

	g_assert_true((checkpoint == NULL) == (error != NULL));
	if (checkpoint == NULL) {
		g_assert_true(g_str_has_prefix(error->message, copy->path));
		g_assert_true(error->code == ERROR_INPUT || error->code == ERROR_IO);
		copy->refused++;
		return;
	}
	read_tensors(checkpoint);
}

static void put(const Copy *copy, gsize at, const guint8 *bytes, gsize length)
{
	int fd = open(copy->file, O_WRONLY | O_CLOEXEC);
	g_assert_cmpint(pwrite(fd, bytes, length, (off_t)at), ==, (gssize)length);
	close(fd);
}

/* The k-th of `count` places of a file: half of them at its beginning, where the headers are, and a
 * quarter at its end, where an archive has its directory. */
static gsize place_of(guint k, guint count, gsize length)
{
	if (length <= count)
		return MIN(k, length - 1);
	if (k < count / 2)
		return k * MIN(length / 2, 4 * count) / (count / 2);
	if (k >= count - count / 4)
		return length - 1 - (count - 1 - k) * MIN(length / 2, 2 * count) / (count / 4);
	return (gsize)((guint64)k * length / count);
}

static void alter(Copy *copy)
{
	for (guint k = 0; k < MIN(copy->places, copy->length); k++) {
		gsize at = place_of(k, copy->places, copy->length);
		guint8 altered = copy->bytes[at] ^ alterations[k % G_N_ELEMENTS(alterations)];
		g_test_message("byte %" G_GSIZE_FORMAT " of %s", at, copy->file);
		put(copy, at, &altered, 1);
		open_damaged(copy);
		put(copy, at, &copy->bytes[at], 1);
	}
}

static void cut(Copy *copy)
{
	for (guint k = 0; k < MIN(copy->cuts, copy->length); k++) {
		gsize length = place_of(k, copy->cuts, copy->length);
		g_test_message("%" G_GSIZE_FORMAT " bytes of %s", length, copy->file);
		g_assert_cmpint(truncate(copy->file, (off_t)length), ==, 0);
		open_damaged(copy);
		put(copy, length, copy->bytes + length, copy->length - length);
	}
}

static gboolean is_hdf5(const guint8 *bytes, gsize length)
{
	static const char magic[] = "\x89HDF\r\n\x1a\n";
	return length >= 8 && (memcmp(bytes, magic, 8) == 0 ||
				      memmem(bytes, length, "model.weights.h5", 16) != NULL);
}

/* Damages one file of a copied case; how often that was refused. */
static guint damage(const char *path, const char *file)
{
	g_autofree char *text = NULL;
	Copy copy = {.path = (char *)path, .file = (char *)file};

	g_assert_true(g_file_get_contents(file, &text, &copy.length, NULL));
	copy.bytes = (guint8 *)text;
	if (copy.length == 0 || copy.length > FILE_MOST)
		return 0;
	gboolean hdf5 = is_hdf5(copy.bytes, copy.length);
	copy.places = hdf5 ? PLACES_HDF5 : PLACES;
	copy.cuts = hdf5 ? CUTS_HDF5 : CUTS;
	alter(&copy);
	cut(&copy);
	return copy.refused;
}

static void copy_file(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	test_write(to, bytes, length);
}

/* Copies a folder's files, and damages each of them in turn. */
static void damage_folder(const char *from, const char *to)
{
	g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	g_assert_cmpint(g_mkdir(to, 0700), ==, 0);
	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *source = g_build_filename(from, name, NULL);
		g_autofree char *copy = g_build_filename(to, name, NULL);
		if (g_file_test(source, G_FILE_TEST_IS_DIR))
			continue;
		copy_file(source, copy);
		g_ptr_array_add(files, g_steal_pointer(&copy));
	}
	for (guint i = 0; i < files->len; i++)
		damage(to, g_ptr_array_index(files, i));
}

static void test_damaged(gconstpointer data)
{
	const cJSON *expected = data;
	g_autofree char *source = corpus_path("valid", expected->string);
	g_autofree char *name = g_path_get_basename(source);
	char *folder = test_folder();
	g_autofree char *copy = g_build_filename(folder, name, NULL);

	if (g_file_test(source, G_FILE_TEST_IS_DIR))
		damage_folder(source, copy);
	else {
		copy_file(source, copy);
		guint refused = damage(copy, copy);
		g_assert_true(refused > 0 || strcmp(corpus_text(expected, "format"), "empty") == 0);
	}
	corpus_no_payload();
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	cJSON *cases = corpus_cases("valid");
	corpus_add("damaged", cases, test_damaged);
	int status = g_test_run();
	cJSON_Delete(cases);
	return status;
}
