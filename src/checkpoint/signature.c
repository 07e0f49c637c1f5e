/* signature.c - names what was given in place of weights.
 *
 * Most files that cannot be read are not broken: they are another format, a web page saved under
 * the model's name, or a pointer to the real file.  To say which is half the remedy. */
#include "checkpoint/signature.h"

#define UNREAD ", which this version does not read"
#define CONVERT "convert it to safetensors first"
#define UNPACK "unpack it first"
#define DOWNLOAD "download it again"
#define NOT_THE_PAGE "download the file itself, not the page that shows it"
#define BYTES(text) .length = sizeof(text) - 1, .bytes = text

static const Signature signatures[] = {
	{"the beginning of a PyTorch file, cut short", DOWNLOAD,
		BYTES("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46")},
	{"a Flax msgpack file" UNREAD, CONVERT, BYTES("\x81\xa6params")},
	{"an ONNX file" UNREAD, CONVERT, BYTES("\x08\xff\x12")},
	{"a pickle of protocol 2" UNREAD, CONVERT, BYTES("\x80\x02}q")},
	{"a pickle of protocol 2" UNREAD, CONVERT, BYTES("\x80\x02]q")},
	{"a pickle of protocol 2" UNREAD, CONVERT, BYTES("\x80\x02\x63")},
	{"a pickle of protocol 3" UNREAD, CONVERT, BYTES("\x80\x03}q")},
	{"a pickle of protocol 4" UNREAD, CONVERT, BYTES("\x80\x04\x95")},
	{"a pickle of protocol 5" UNREAD, CONVERT, BYTES("\x80\x05\x95")},
	{"a gzip file", UNPACK, BYTES("\x1f\x8b")},
	{"a bzip2 file", UNPACK, BYTES("BZh")},
	{"an xz file", UNPACK, BYTES("\xfd\x37zXZ")},
	{"a Zstandard file", UNPACK, BYTES("\x28\xb5\x2f\xfd")},
	{"a tar archive", UNPACK, .offset = 257, BYTES("ustar")},
	{"a Git LFS pointer, not the weights", "fetch them with `git lfs pull`",
		BYTES("version https://git-lfs")},
	{"an HTML page", NOT_THE_PAGE, BYTES("<!DOCTYPE html")},
	{"an HTML page", NOT_THE_PAGE, BYTES("<!doctype html")},
	{"an HTML page", NOT_THE_PAGE, BYTES("<html")},
	{"an old PyTorch archive (PYTORCH1), which this version does not read",
		"load it in PyTorch and save it again", BYTES("PYTORCH1")},
	{"an XML text", NOT_THE_PAGE, BYTES("<?xml")},
	{"a JSON text, not weights", "name the weights", BYTES("{")},
	{"nothing but zeros, as an interrupted download leaves", DOWNLOAD,
		BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
};

static const Signature empty_file = {"an empty file", DOWNLOAD, 0, 0, ""};

static gboolean fits(const Signature *signature, const guint8 *head, gsize length)
{
	if (length < signature->offset + signature->length)
		return FALSE;
	for (guint i = 0; i < signature->length; i++) {
		guint8 wanted = (guint8)signature->bytes[i];
		if (wanted != 0xff && wanted != head[signature->offset + i])
			return FALSE;
	}
	return TRUE;
}

const Signature *signature_find(const guint8 *head, gsize length)
{
	if (length == 0)
		return &empty_file;
	for (guint i = 0; i < G_N_ELEMENTS(signatures); i++)
		if (fits(&signatures[i], head, length))
			return &signatures[i];
	return NULL;
}
