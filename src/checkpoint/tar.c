/* tar.c - the headers of a tar archive, one after another, with every number checked.
 *
 * Long names and other facts that come as members of their own are members like others: nothing
 * here is looked for under a long name. */
#include "checkpoint/tar.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

/* Where in a header its fields lie. */
enum { NAME = 0, SIZE = 124, SUM = 148, TYPE = 156, MAGIC = 257 };
#define SIZE_BYTES 12u
#define SUM_BYTES 8u

/* Octal digits that a space or a zero byte ends; leading spaces are allowed. */
static gboolean octal(const guint8 *field, gsize length, guint64 *number)
{
	gsize at = 0, begin;
	*number = 0;
	while (at < length && field[at] == ' ')
		at++;
	for (begin = at; at < length && field[at] >= '0' && field[at] <= '7'; at++)
		*number = *number << 3 | (guint64)(field[at] - '0');
	return at > begin && (at == length || field[at] == ' ' || field[at] == '\0');
}

/* The sum of all bytes, its own field taken as spaces. */
static guint64 sum_of(const guint8 *block)
{
	guint64 sum = 0;
	for (guint i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM && i < SUM + SUM_BYTES ? ' ' : block[i];
	return sum;
}

gboolean tar_is_header(const guint8 *block)
{
	guint64 sum;
	return memcmp(block + MAGIC, "ustar", 5) == 0 && octal(block + SUM, SUM_BYTES, &sum) &&
	       sum == sum_of(block);
}

static gboolean is_blank(const guint8 *block)
{
	static const guint8 blank[TAR_BLOCK];
	return memcmp(block, blank, TAR_BLOCK) == 0;
}

static gboolean take_header(const guint8 *block, TarMember *member)
{
	memcpy(member->name, block + NAME, TAR_NAME);
	member->name[TAR_NAME] = '\0';
	member->type = block[TYPE] != '\0' ? (char)block[TYPE] : '0';
	return tar_is_header(block) && octal(block + SIZE, SIZE_BYTES, &member->length);
}

gboolean tar_next(const File *file, guint64 *at, TarMember *member, GError **error)
{
	guint8 block[TAR_BLOCK];

	if (*at == file->size)
		return FALSE;
	if (!span_within(*at, TAR_BLOCK, file->size))
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"byte %" PRIu64 ": the tar archive ends within a header", *at);
	if (!file_read(file, *at, TAR_BLOCK, block, error) || is_blank(block))
		return FALSE;
	if (!take_header(block, member))
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"byte %" PRIu64 ": the header of a member of the tar archive is damaged",
			*at);
	member->offset = *at + TAR_BLOCK;
	if (!span_within(member->offset, member->length, file->size))
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"byte %" PRIu64 ": the member %s of %" PRIu64
			" bytes goes beyond the end of the tar archive",
			*at, member->name, member->length);
	guint64 blocks = (member->length + TAR_BLOCK - 1) / TAR_BLOCK;
	*at = MIN(member->offset + blocks * TAR_BLOCK, file->size);
	return TRUE;
}
