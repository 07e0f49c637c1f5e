/* replay.c - a fuzz target without a fuzzer: runs it on the files that are named. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

static void replay(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *bytes = NULL;
	gsize length;

	/* Where it ends the program, this is the last line. */
	fprintf(stderr, "%s\n", path);
	if (!g_file_get_contents(path, &bytes, &length, &error))
		g_error("%s", error->message);
	/* A copy of exactly these bytes, so that a read beyond them is seen. */
	g_autofree guint8 *input = g_malloc(MAX(length, 1));
	memcpy(input, bytes, length);
	LLVMFuzzerTestOneInput(input, length);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return argc > 1 ? 0 : 1;
}
