/* hdf5_speaker.h - how the child speaks to its parent: records into a pipe.
 *
 * Runs in the child: no GLib functions, no locks. */
#ifndef TAUSCOPE_HDF5_SPEAKER_H
#define TAUSCOPE_HDF5_SPEAKER_H

#include "checkpoint/hdf5_message.h"

typedef struct {
	int fd;
	gsize used;
	guint8 buffer[65536];
} Hdf5Speaker;

/* One record of up to three parts, whose lengths add up to less than 4 GiB.  Ends the process where
 * nobody listens. */
typedef struct {
	const void *bytes;
	gsize length;
} Hdf5Part;
void hdf5_speak(
	Hdf5Speaker *speaker, Hdf5RecordKind kind, Hdf5Part first, Hdf5Part second, Hdf5Part third);
/* A text with its final zero. */
Hdf5Part hdf5_text(const char *text);
/* Sends what has been said so far. */
void hdf5_speak_out(Hdf5Speaker *speaker);

#endif
