/* lock.c - one writer at a time: a lock beside the store, and a look at what was read before. */
#include "core/temporary.h"
#include "core/thread.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_ATTEMPTS 100
#define OWNER_MOST 32

static char *lock_path(const Store *store)
{
	return g_strconcat(store->path, ".lock", NULL);
}

/* The file that is locked may have been removed by its former owner in the meantime. */
static gboolean is_still_there(int lock, const char *path)
{
	struct stat held, named;
	return fstat(lock, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
	       held.st_dev == named.st_dev;
}

static gboolean refuse_lock(const Store *store, int lock, GError **error)
{
	char owner[OWNER_MOST] = {0};
	ssize_t length = pread(lock, owner, sizeof owner - 1, 0);
	owner[length > 0 ? strspn(owner, "0123456789") : 0] = '\0';
	Place place = {.file = store->path, .remedy = "wait until it is done, or end it"};
	return fail_at(error, ERROR_IO, place, "the store is open for writing in %s %s",
		*owner ? "process" : "another", *owner ? owner : "process");
}

static gboolean refuse_lock_file(const Store *store, GError **error)
{
	g_autofree char *path = lock_path(store);
	Place place = {.file = path, .remedy = "choose a store in a folder that can be written"};
	return fail_at(error, ERROR_IO, place, "cannot write: %s", g_strerror(errno));
}

/* A writer that was killed left the file empty or with its number and a line feed; what has
 * anything else in it is not ours. */
static gboolean is_ours(int lock)
{
	char text[OWNER_MOST];
	struct stat status;
	if (fstat(lock, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size >= OWNER_MOST)
		return FALSE;
	ssize_t length = pread(lock, text, sizeof text - 1, 0);
	if (length < 0)
		return FALSE;
	text[length] = '\0';
	gsize digits = strspn(text, "0123456789");
	return length == 0 || (digits > 0 && strcmp(text + digits, "\n") == 0);
}

static gboolean refuse_stranger(const char *path, GError **error)
{
	Place place = {.file = path, .remedy = "move it away, or name the store otherwise"};
	return fail_at(error, ERROR_IO, place,
		"this file has the name of the store's lock, but was not made as one");
}

static gboolean take_lock(Store *store, GError **error)
{
	g_autofree char *path = lock_path(store);
	for (guint attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
		int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (lock < 0)
			return refuse_lock_file(store, error);
		if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
			if (errno == EWOULDBLOCK)
				refuse_lock(store, lock, error);
			else
				refuse_lock_file(store, error);
			close(lock);
			return FALSE;
		}
		if (!is_ours(lock)) {
			close(lock);
			return refuse_stranger(path, error);
		}
		if (is_still_there(lock, path)) {
			store->lock = lock;
			store->lock_slot = temporary_register_last(path);
			return TRUE;
		}
		close(lock);
	}
	return fail_at(error, ERROR_IO, (Place){.file = path}, "the lock does not stay in place");
}

/* A signal between the making of the file and its register would leave it behind. */
static gboolean take_lock_undisturbed(Store *store, GError **error)
{
	sigset_t before;
	thread_hold_signals(&before);
	gboolean taken = take_lock(store, error);
	thread_let_signals(&before);
	return taken;
}

static Fingerprint look(const Store *store)
{
	struct stat now;
	if (stat(store->path, &now) != 0)
		return (Fingerprint){0};
	return (Fingerprint){
		.size = (guint64)now.st_size,
		.inode = now.st_ino,
		.mtime_ns =
			now.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + now.st_mtim.tv_nsec,
		.ctime_ns =
			now.st_ctim.tv_sec * G_GINT64_CONSTANT(1000000000) + now.st_ctim.tv_nsec,
	};
}

void store_look(Store *store)
{
	store->as_read = look(store);
}

gboolean store_is_as_read(const Store *store)
{
	Fingerprint now = look(store);
	return fingerprint_same_stat(&now, &store->as_read);
}

gboolean store_lock(Store *store, GError **error)
{
	if (store->lock >= 0)
		return TRUE;
	if (!take_lock_undisturbed(store, error))
		return FALSE;
	if (!store_is_as_read(store)) {
		store_unlock(store);
		return fail_at(error, ERROR_IO,
			(Place){.file = store->path, .remedy = "open it again"},
			"another process wrote the store since it was opened here");
	}
	g_autofree char *owner = g_strdup_printf("%d\n", (int)getpid());
	if (ftruncate(store->lock, 0) == 0 && write(store->lock, owner, strlen(owner)) > 0)
		return TRUE;
	refuse_lock_file(store, error);
	store_unlock(store);
	return FALSE;
}

/* A signal must remove nothing any more once another may have the lock, and must not come between
 * what forgets it and what removes it. */
void store_unlock(Store *store)
{
	sigset_t before;
	if (store->lock < 0)
		return;
	g_autofree char *path = lock_path(store);
	store_pending_hold(store);
	thread_hold_signals(&before);
	temporary_forget(store->lock_slot);
	unlink(path);
	thread_let_signals(&before);
	close(store->lock);
	store->lock = store->lock_slot = -1;
}
