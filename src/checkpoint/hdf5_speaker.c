/* hdf5_speaker.c - see hdf5_speaker.h. */
#include "checkpoint/hdf5_speaker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void hdf5_speak_out(Hdf5Speaker *speaker)
{
	gsize sent = 0;
	while (sent < speaker->used) {
		ssize_t n = write(speaker->fd, speaker->buffer + sent, speaker->used - sent);
		if (n < 0 && errno != EINTR)
			_exit(1);
		sent += n > 0 ? (gsize)n : 0;
	}
	speaker->used = 0;
}

static void put(Hdf5Speaker *speaker, const void *bytes, gsize length)
{
	const guint8 *from = bytes;
	while (length > 0) {
		if (speaker->used == sizeof speaker->buffer)
			hdf5_speak_out(speaker);
		gsize n = MIN(length, sizeof speaker->buffer - speaker->used);
		memcpy(speaker->buffer + speaker->used, from, n);
		speaker->used += n;
		from += n;
		length -= n;
	}
}

void hdf5_speak(
	Hdf5Speaker *speaker, Hdf5RecordKind kind, Hdf5Part first, Hdf5Part second, Hdf5Part third)
{
	static const guint8 padding[8];
	gsize length = first.length + second.length + third.length;
	Hdf5Record record = {.kind = kind, .length = (guint32)length};

	put(speaker, &record, sizeof record);
	put(speaker, first.bytes, first.length);
	put(speaker, second.bytes, second.length);
	put(speaker, third.bytes, third.length);
	put(speaker, padding, -length % 8);
}

Hdf5Part hdf5_text(const char *text)
{
	return (Hdf5Part){text, strlen(text) + 1};
}
