/* error.c - errors are values with a sentence for the user.
 *
 * The parts of an error travel inside the GError itself, so copies and propagation keep them. */
#include "core/error.h"

#include "core/text.h"

#include <errno.h>

typedef struct {
	char *file, *tensor, *remedy;
} TauscopeErrorPrivate;

static void tauscope_error_private_init(TauscopeErrorPrivate *parts)
{
	*parts = (TauscopeErrorPrivate){0};
}

static void tauscope_error_private_copy(const TauscopeErrorPrivate *from, TauscopeErrorPrivate *to)
{
	to->file = g_strdup(from->file);
	to->tensor = g_strdup(from->tensor);
	to->remedy = g_strdup(from->remedy);
}

static void tauscope_error_private_clear(TauscopeErrorPrivate *parts)
{
	g_free(parts->file);
	g_free(parts->tensor);
	g_free(parts->remedy);
}

G_DEFINE_EXTENDED_ERROR(TauscopeError, tauscope_error)

static char *compose(Place place, const char *sentence)
{
	g_autoptr(GString) message = g_string_new(NULL);
	if (place.file)
		g_string_append_printf(message, "%s: ", place.file);
	if (place.tensor)
		g_string_append_printf(message, "tensor %s: ", place.tensor);
	g_string_append(message, sentence);
	if (place.remedy)
		g_string_append_printf(message, "; %s", place.remedy);
	return text_safe(message->str);
}

static gboolean set_error(GError **error, ErrorCode code, Place place, const char *sentence)
{
	if (!error)
		return FALSE;
	g_autofree char *message = compose(place, sentence);
	g_set_error_literal(error, TAUSCOPE_ERROR, (int)code, message);
	TauscopeErrorPrivate *parts = tauscope_error_get_private(*error);
	parts->file = g_strdup(place.file);
	parts->tensor = g_strdup(place.tensor);
	parts->remedy = g_strdup(place.remedy);
	return FALSE;
}

gboolean fail(GError **error, ErrorCode code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return set_error(error, code, (Place){0}, sentence);
}

gboolean fail_at(GError **error, ErrorCode code, Place place, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return set_error(error, code, place, sentence);
}

static const char *system_remedy(int reason)
{
	switch (reason) {
	case ENOENT:
	case ENOTDIR:
		return "check the path";
	case EACCES:
	case EPERM:
		return "check its permissions and those of its folder";
	case EROFS:
		return "choose a folder on a disk that can be written";
	case ENOSPC:
		return "free some space or choose another disk";
	case EDQUOT:
		return "your quota is used up: free some space or choose another disk";
	case EFBIG:
		return "the file system or `ulimit -f` allows no larger file: choose another disk";
	case EMFILE:
	case ENFILE:
		return "too many files are open: raise `ulimit -n`";
	case ENAMETOOLONG:
		return "choose a shorter name";
	case EIO:
	case ESTALE:
		return "check the disk or the network it is on";
	default:
		return NULL;
	}
}

gboolean fail_system(GError **error, const char *path, const char *doing, int reason)
{
	Place place = {.file = path, .remedy = system_remedy(reason)};
	return fail_at(error, ERROR_IO, place, "%s: %s", doing, g_strerror(reason));
}

static const TauscopeErrorPrivate *parts_of(const GError *error)
{
	if (!error || error->domain != TAUSCOPE_ERROR)
		return NULL;
	return tauscope_error_get_private(error);
}

const char *error_file(const GError *error)
{
	const TauscopeErrorPrivate *parts = parts_of(error);
	return parts ? parts->file : NULL;
}

const char *error_tensor(const GError *error)
{
	const TauscopeErrorPrivate *parts = parts_of(error);
	return parts ? parts->tensor : NULL;
}

const char *error_remedy(const GError *error)
{
	const TauscopeErrorPrivate *parts = parts_of(error);
	return parts ? parts->remedy : NULL;
}

int error_exit_status(const GError *error)
{
	if (!error)
		return 0;
	return error->domain == TAUSCOPE_ERROR ? error->code : ERROR_IO;
}
