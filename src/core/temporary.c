/* temporary.c - temporary files that outlive their writer: removed on a fatal signal by the
 * register of this process, or at the next start by their name. */
#include "core/temporary.h"

#include "core/file.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 512

enum { SLOT_FREE, SLOT_FILLING, SLOT_USED, SLOT_REMOVING };

/* The one state of the process outside main: a signal handler is given nothing, and may neither
 * lock nor allocate. */
static struct {
	atomic_int state;
	gboolean last;
	char path[PATH_MAX];
} slots[SLOTS];

static gboolean change(int slot, int from, int to)
{
	return atomic_compare_exchange_strong(&slots[slot].state, &from, to);
}

char *temporary_name(const char *path, guint attempt)
{
	if (attempt == 0)
		return g_strdup_printf("%s.tmp.%d", path, (int)getpid());
	return g_strdup_printf("%s.%u.tmp.%d", path, attempt, (int)getpid());
}

static int enter(const char *path, gboolean last)
{
	if (strlen(path) >= PATH_MAX)
		return -1;
	for (int slot = 0; slot < SLOTS; slot++)
		if (change(slot, SLOT_FREE, SLOT_FILLING)) {
			g_strlcpy(slots[slot].path, path, PATH_MAX);
			slots[slot].last = last;
			atomic_store(&slots[slot].state, SLOT_USED);
			return slot;
		}
	return -1;
}

int temporary_register(const char *path)
{
	return enter(path, FALSE);
}

int temporary_register_last(const char *path)
{
	return enter(path, TRUE);
}

/* A slot that a handler is removing stays taken, so that its path is never overwritten under it. */
void temporary_forget(int slot)
{
	if (slot >= 0)
		change(slot, SLOT_USED, SLOT_FREE);
}

/* Folders after their files. */
static void remove_entered(gboolean last)
{
	for (int slot = 0; slot < SLOTS; slot++)
		if (slots[slot].last == last && change(slot, SLOT_USED, SLOT_REMOVING))
			unlink(slots[slot].path);
	for (int slot = 0; slot < SLOTS; slot++)
		if (slots[slot].last == last && atomic_load(&slots[slot].state) == SLOT_REMOVING)
			rmdir(slots[slot].path);
}

void file_remove_temporaries(void)
{
	remove_entered(FALSE);
	remove_entered(TRUE);
}

/* The process that a name ending in .tmp.PID belongs to, or 0. */
static pid_t owner_of(const char *name)
{
	const char *mark = g_strrstr(name, ".tmp.");
	guint64 pid;
	if (!mark || mark == name)
		return 0;
	if (!g_ascii_string_to_unsigned(mark + strlen(".tmp."), 10, 1, INT_MAX, &pid, NULL))
		return 0;
	return (pid_t)pid;
}

static gboolean is_dead(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

void file_remove_folder(const char *path)
{
	g_autoptr(GDir) names = g_dir_open(path, 0, NULL);
	const char *name;
	while (names && (name = g_dir_read_name(names))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		unlink(file);
	}
	rmdir(path);
}

static void remove_leftover(const char *path)
{
	struct stat status;
	if (lstat(path, &status))
		return;
	if (S_ISREG(status.st_mode))
		unlink(path);
	else if (S_ISDIR(status.st_mode))
		file_remove_folder(path);
}

/* Whether temporary_name can have made it for a path that ends in `stem`. */
static gboolean is_of(const char *name, const char *stem)
{
	gsize length = strlen(stem);
	if (!g_str_has_prefix(name, stem) || name[length] != '.')
		return FALSE;
	const char *rest = name + length + 1;
	gsize digits = strspn(rest, "0123456789");
	if (digits > 0 && rest[digits] == '.')
		rest += digits + 1;
	return g_str_has_prefix(rest, "tmp.") && !strchr(rest + strlen("tmp."), '.');
}

/* Of one stem, or where that is NULL of any. */
static void sweep(const char *folder, const char *stem)
{
	g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
	const char *name;
	while (names && (name = g_dir_read_name(names))) {
		pid_t pid = owner_of(name);
		if (pid == 0 || !is_dead(pid) || (stem && !is_of(name, stem)))
			continue;
		g_autofree char *path = g_build_filename(folder, name, NULL);
		remove_leftover(path);
	}
}

void file_sweep_temporaries(const char *folder)
{
	sweep(folder, NULL);
}

void file_sweep_leftovers(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *stem = g_path_get_basename(path);
	sweep(folder, stem);
}
