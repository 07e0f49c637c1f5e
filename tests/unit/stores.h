/* stores.h - what the tests of the store share: checkpoints in a scratch folder, loaded. */
#ifndef TAUSCOPE_TEST_STORES_H
#define TAUSCOPE_TEST_STORES_H

#include "store/load.h"
#include "test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A scratch folder with a store and its sources. */
typedef struct {
	char *folder, *store;
} Scratch;

static inline char *scratch_path(const Scratch *scratch, const char *name)
{
	return g_build_filename(scratch->folder, name, NULL);
}

static inline Scratch scratch_new(void)
{
	Scratch scratch = {.folder = test_folder()};
	scratch.store = scratch_path(&scratch, "work.h5");
	return scratch;
}

static inline void scratch_free(Scratch *scratch)
{
	g_free(scratch->store);
	test_folder_remove(scratch->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scratch, scratch_free)

/* Copies data/digits/FROM to NAME in the scratch folder; g_free. */
static inline char *scratch_digits(const Scratch *scratch, const char *from, const char *name)
{
	g_autofree char *relative = g_build_filename("data/digits", from, NULL);
	g_autofree char *source = test_source(relative);
	g_autofree char *bytes = NULL;
	gsize length = 0;
	char *path = scratch_path(scratch, name);
	g_autofree char *folder = g_path_get_dirname(path);
	g_mkdir_with_parents(folder, 0777);
	g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
	test_write(path, bytes, length);
	return path;
}

/* Changes one byte of a file, in place; size and inode stay. */
static inline void flip_byte(const char *path, gint64 at)
{
	int fd = open(path, O_RDWR);
	guint8 byte = 0;
	g_assert_cmpint(fd, >=, 0);
	off_t place = at >= 0 ? at : lseek(fd, at, SEEK_END);
	g_assert_cmpint(pread(fd, &byte, 1, place), ==, 1);
	byte ^= 1;
	g_assert_cmpint(pwrite(fd, &byte, 1, place), ==, 1);
	close(fd);
}

/* Sets the time of change far back, and so also the other times. */
static inline void touch(const char *path)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

/* Loads NAME=PATH pairs (ended by NULL) into a store; a name that begins with + is a run. */
static inline LoadRequest *request_of(const char *base, WeightsMode weights, ...)
{
	LoadRequest *request = load_request_new();
	va_list arguments;
	const char *name;
	request->base = g_strdup(base);
	request->weights = weights;
	va_start(arguments, weights);
	while ((name = va_arg(arguments, const char *))) {
		gboolean run = *name == '+';
		load_request_add(
			request, name + (run ? 1 : 0), va_arg(arguments, const char *), run);
	}
	va_end(arguments);
	return request;
}

static inline void load_into(Store *store, LoadRequest *request)
{
	g_autoptr(LoadRequest) owned = request;
	g_autoptr(GError) error = NULL;
	load_all(store, owned, NULL, &error);
	test_no_error(error);
}

static inline Store *reopen(const char *path)
{
	g_autoptr(GError) error = NULL;
	Store *store = store_open(path, &error);
	test_no_error(error);
	return store;
}

/* The digits base with mnist, greek and cyrillic, copied next to the store and loaded. */
static inline Store *digits_store(const Scratch *scratch, WeightsMode weights)
{
	g_autofree char *base =
		scratch_digits(scratch, "base/model.safetensors", "base.safetensors");
	g_autofree char *mnist =
		scratch_digits(scratch, "mnist/model.safetensors", "mnist.safetensors");
	g_autofree char *greek =
		scratch_digits(scratch, "greek/model.safetensors", "greek.safetensors");
	Store *store = store_new(scratch->store);
	load_into(store, request_of(base, weights, "mnist", mnist, "greek", greek, NULL));
	return store;
}

static inline const StoreMember *stored(const Store *store, const char *name)
{
	gint place = collection_find(store->collection, name);
	g_assert_cmpint(place, >=, 0);
	return store->members->pdata[place];
}

/* The same bits, member by name, whatever the order. */
static inline void assert_same_tables(const Store *a, const Store *b)
{
	guint members = collection_members(a->collection);
	g_assert_cmpuint(members, ==, collection_members(b->collection));
	for (guint i = 0; i < members; i++)
		for (guint j = 0; j <= i; j++) {
			const char *one = collection_member(a->collection, i)->name;
			const char *other = collection_member(a->collection, j)->name;
			guint p = (guint)collection_find(b->collection, one);
			guint q = (guint)collection_find(b->collection, other);
			for (guint t = 0; t < collection_tensors(a->collection); t++)
				g_assert_cmpint(
					memcmp(gram_cell(a->gram, t, i, j),
						gram_cell(b->gram, t, p, q), sizeof(double)),
					==, 0);
		}
}

/* How many files of NAME.d begin with a text. */
static inline guint count_parts(const Store *store, const char *start)
{
	g_autofree char *folder = store_folder(store);
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;
	guint count = 0;
	while (directory && (name = g_dir_read_name(directory)))
		count += g_str_has_prefix(name, start) ? 1 : 0;
	return count;
}

#endif
