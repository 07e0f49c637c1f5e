/* test_inflate.c - reads of a deflated stream in any order and by several threads, and streams that
 * are damaged, or end early or late. */
#include "archives.h"
#include "test.h"

#include "checkpoint/inflate.h"

#define LENGTH 600000u
#define BEFORE 7u /* bytes in front of the stream, and as many behind it */

/* Numbers that a deflater finds some order in, so that blocks of all kinds come up. */
static guint8 *make_text(void)
{
	guint8 *text = g_malloc(LENGTH);
	guint32 state = 1;
	for (guint i = 0; i < LENGTH; i++) {
		state = state * 1664525u + 1013904223u;
		text[i] = (guint8)(i / 1000 % 3 == 0 ? state >> 24 : i / 7 % 50);
	}
	return text;
}

typedef struct {
	char *folder;
	guint8 *text;
	File *file;
	guint64 stored;
} Fixture;

/* A file with the stream, of which `cut` bytes are missing at its end. */
static void set_up(Fixture *fixture, guint cut)
{
	fixture->text = make_text();
	fixture->folder = test_folder();
	g_autoptr(GByteArray) stream = test_deflate(fixture->text, LENGTH);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree char *path = g_build_filename(fixture->folder, "stream", NULL);
	g_autoptr(GError) error = NULL;

	fixture->stored = stream->len - cut;
	put_text(bytes, "before!");
	g_byte_array_append(bytes, stream->data, stream->len - cut);
	put_text(bytes, "behind!");
	test_write(path, bytes->data, bytes->len);
	fixture->file = file_open(path, &error);
	test_no_error(error);
}

static void tear_down(Fixture *fixture)
{
	file_close(fixture->file);
	g_free(fixture->text);
	test_folder_remove(fixture->folder);
}

static void check_read(Inflate *stream, const guint8 *text, guint64 at, guint64 length)
{
	g_autofree guint8 *out = g_malloc(length + 1);
	g_autoptr(GError) error = NULL;
	inflate_read_at(stream, at, length, out, &error);
	test_no_error(error);
	g_assert_cmpint(memcmp(out, text + at, length), ==, 0);
}

static void test_whole(void)
{
	Fixture fixture;
	set_up(&fixture, 0);
	Inflate *stream = inflate_new(fixture.file, BEFORE, fixture.stored, LENGTH);
	check_read(stream, fixture.text, 0, LENGTH);
	check_read(stream, fixture.text, 0, LENGTH);
	check_read(stream, fixture.text, LENGTH, 0);
	inflate_free(stream);
	tear_down(&fixture);
}

/* More readers than there are places, each on its own way through the stream. */
static void test_interleaved(void)
{
	Fixture fixture;
	set_up(&fixture, 0);
	Inflate *stream = inflate_new(fixture.file, BEFORE, fixture.stored, LENGTH);
	for (guint block = 0; block < 10; block++)
		for (guint reader = 0; reader < 6; reader++)
			check_read(stream, fixture.text, reader * 100000 + block * 10000, 10000);
	for (guint64 at = LENGTH; at >= 60000; at -= 60000)
		check_read(stream, fixture.text, at - 60000, 60000);
	inflate_free(stream);
	tear_down(&fixture);
}

typedef struct {
	Inflate *stream;
	const guint8 *text;
	guint first;
} Reader;

static gpointer read_every_third(gpointer data)
{
	const Reader *reader = data;
	for (guint block = reader->first; block < 60; block += 3)
		check_read(reader->stream, reader->text, block * 10000, 10000);
	return NULL;
}

static void test_threads(void)
{
	Fixture fixture;
	set_up(&fixture, 0);
	Inflate *stream = inflate_new(fixture.file, BEFORE, fixture.stored, LENGTH);
	Reader readers[3];
	GThread *threads[3];
	for (guint i = 0; i < 3; i++) {
		readers[i] = (Reader){stream, fixture.text, i};
		threads[i] = g_thread_new("reader", read_every_third, &readers[i]);
	}
	for (guint i = 0; i < 3; i++)
		g_thread_join(threads[i]);
	inflate_free(stream);
	tear_down(&fixture);
}

/* Reads all that is promised, which must fail twice over, and say why. */
static void check_refused(
	File *file, guint64 offset, guint64 stored, guint64 length, const char *says)
{
	Inflate *stream = inflate_new(file, offset, stored, length);
	g_autofree guint8 *out = g_malloc(length + 1);
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(inflate_read_at(stream, 0, length, out, &error));
		test_error(error, ERROR_INPUT, says);
		g_assert_cmpstr(error_file(error), ==, file->path);
	}
	inflate_free(stream);
}

static void test_damage(void)
{
	Fixture fixture;
	set_up(&fixture, 0);
	File *file = fixture.file;
	guint64 stored = fixture.stored;
	check_refused(file, BEFORE, stored, LENGTH + 1, "unpack to 600000 bytes, where 600001");
	check_refused(file, BEFORE, stored, LENGTH - 1, "unpack to more than the 599999");
	check_refused(file, BEFORE, stored + 2, LENGTH, "end 2 bytes before they should");
	check_refused(file, BEFORE, stored - 1, LENGTH, "are cut short");
	check_refused(file, BEFORE, 0, LENGTH, "are cut short");
	check_refused(file, BEFORE, 0, 0, "are cut short");
	check_refused(file, 0, stored, LENGTH, "are damaged: ");
	tear_down(&fixture);
}

/* What comes before the damage can be read; a file that ends too soon is told from a stream that
 * does. */
static void test_short_file(void)
{
	Fixture fixture;
	guint8 out[16];
	g_autoptr(GError) error = NULL;

	set_up(&fixture, 1000);
	Inflate *stream = inflate_new(fixture.file, BEFORE, fixture.stored + 1000, LENGTH);
	check_read(stream, fixture.text, 1000, 16);
	g_assert_false(inflate_read_at(stream, LENGTH - 16, 16, out, &error));
	g_assert_cmpint(error->code, ==, ERROR_INPUT);
	check_read(stream, fixture.text, 2000, 16);
	inflate_free(stream);
	tear_down(&fixture);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/inflate/whole", test_whole);
	g_test_add_func("/inflate/interleaved", test_interleaved);
	g_test_add_func("/inflate/threads", test_threads);
	g_test_add_func("/inflate/damage", test_damage);
	g_test_add_func("/inflate/short-file", test_short_file);
	return g_test_run();
}
