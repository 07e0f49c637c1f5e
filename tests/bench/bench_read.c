/* bench_read.c - reads files whole and does nothing with them: bench_read THREADS FILE...
 *
 * Positioned reads into a buffer a thread that stays in its cache: the least that anything that
 * must see every byte can take. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE ((gsize)4 << 20)
#define BUFFER ((gsize)256 << 10)

typedef struct {
	GArray *pieces; /* of Piece */
	gint next;
	gint failure; /* an errno, or 0 */
} Reading;

typedef struct {
	int file;
	off_t at;
} Piece;

static int read_piece(const Piece *piece, char *buffer)
{
	for (gsize done = 0; done < PIECE;) {
		ssize_t read = pread(piece->file, buffer, BUFFER, piece->at + (off_t)done);
		if (read < 0)
			return errno;
		if (read == 0)
			return 0;
		done += (gsize)read;
	}
	return 0;
}

static gpointer read_pieces(gpointer data)
{
	Reading *reading = data;
	g_autofree char *buffer = g_malloc(BUFFER);
	for (;;) {
		guint next = (guint)g_atomic_int_add(&reading->next, 1);
		if (next >= reading->pieces->len)
			return NULL;
		int failure = read_piece(&g_array_index(reading->pieces, Piece, next), buffer);
		if (failure)
			g_atomic_int_set(&reading->failure, failure);
	}
}

static gboolean add_file(Reading *reading, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	off_t length = file < 0 ? -1 : lseek(file, 0, SEEK_END);
	for (off_t at = 0; at < length; at += (off_t)PIECE) {
		Piece piece = {file, at};
		g_array_append_val(reading->pieces, piece);
	}
	return length >= 0;
}

int main(int argc, char **argv)
{
	guint threads = argc > 2 ? (guint)g_ascii_strtoull(argv[1], NULL, 10) : 0;
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
	g_autoptr(GPtrArray) running = g_ptr_array_new();
	Reading reading = {pieces, 0, 0};
	if (threads == 0) {
		fputs("usage: bench_read THREADS FILE...\n", stderr);
		return EXIT_FAILURE;
	}
	for (int i = 2; i < argc; i++)
		if (!add_file(&reading, argv[i]))
			reading.failure = errno;
	for (guint i = 1; i < threads; i++)
		g_ptr_array_add(running, g_thread_new("read", read_pieces, &reading));
	read_pieces(&reading);
	for (guint i = 0; i < running->len; i++)
		g_thread_join(g_ptr_array_index(running, i));
	if (reading.failure == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "cannot read: %s\n", g_strerror(reading.failure));
	return EXIT_FAILURE;
}
