/* data.c - the generated checkpoints that a bench needs, made when they are asked for. */
#include "data.h"

#include "core/error.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void data_free(Data *data)
{
	g_free(data->folder);
	g_ptr_array_unref(data->paths);
	g_free(data);
}

void data_begin(DataKeeper *keeper, const char *folder, const char *generate, guint64 room)
{
	*keeper = (DataKeeper){folder, generate, room, g_queue_new()};
}

void data_clear(DataKeeper *keeper)
{
	g_queue_free_full(keeper->sets, (GDestroyNotify)data_free);
}

static Data *describe(const DataKeeper *keeper, const DataWanted *wanted)
{
	Data *data = g_new0(Data, 1);
	guint64 megabytes = MAX(wanted->megabytes, 1);
	g_autofree char *name = g_strdup_printf("%s-%ux%" G_GUINT64_FORMAT "-%u%s%s", wanted->type,
		wanted->tasks + 1, megabytes, wanted->layers ? wanted->layers : 4,
		wanted->head ? "-head" : "", wanted->run ? "-run" : "");
	data->folder = g_build_filename(keeper->folder, name, NULL);
	data->bytes = (wanted->tasks + 1) * megabytes * 1000000;
	data->paths = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(data->paths, g_build_filename(data->folder, "base.safetensors", NULL));
	for (guint i = 1; i <= wanted->tasks && !wanted->run; i++)
		g_ptr_array_add(
			data->paths, g_strdup_printf("%s/task-%u.safetensors", data->folder, i));
	if (wanted->run)
		g_ptr_array_add(data->paths, g_build_filename(data->folder, "run", NULL));
	return data;
}

/* Written to the disk before anything is timed: writing goes on beside what reads otherwise. */
static void settle(const char *folder)
{
	int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file >= 0) {
		syncfs(file);
		close(file);
	}
}

static gboolean make(
	const DataKeeper *keeper, const DataWanted *wanted, const Data *data, GError **error)
{
	g_autofree char *truth = g_build_filename(data->folder, "truth.json", NULL);
	if (g_file_test(truth, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autofree char *megabytes =
		g_strdup_printf("%" G_GUINT64_FORMAT, MAX(wanted->megabytes, 1));
	g_autofree char *tasks = g_strdup_printf("%u", wanted->tasks);
	g_autofree char *layers =
		g_strdup_printf("--layers=%u", wanted->layers ? wanted->layers : 4);
	const char *argv[] = {keeper->generate, layers, data->folder, wanted->type, megabytes,
		tasks,
		wanted->head  ? "--head"
		: wanted->run ? "--run"
			      : NULL,
		wanted->head && wanted->run ? "--run" : NULL, NULL};
	g_auto(Series) series = {0};
	g_mkdir_with_parents(data->folder, 0700);
	if (!measure_once(&(Command){.argv = argv}, &series, error))
		return FALSE;
	settle(data->folder);
	return TRUE;
}

/* Removes sets until another one fits; it is used even where it does not. */
static void make_room(DataKeeper *keeper, guint64 bytes)
{
	for (GList *link = keeper->sets->head; link; link = link->next)
		bytes += ((Data *)link->data)->bytes;
	while (keeper->room && bytes > keeper->room && keeper->sets->length > 0) {
		Data *last = g_queue_pop_tail(keeper->sets);
		bytes -= last->bytes;
		measure_remove(last->folder);
		data_free(last);
	}
}

static GList *find(DataKeeper *keeper, const char *folder)
{
	for (GList *link = keeper->sets->head; link; link = link->next)
		if (g_str_equal(((Data *)link->data)->folder, folder))
			return link;
	return NULL;
}

const Data *data_get(DataKeeper *keeper, const DataWanted *wanted, GError **error)
{
	Data *data = describe(keeper, wanted);
	GList *known = find(keeper, data->folder);
	if (known) {
		data_free(data);
		g_queue_unlink(keeper->sets, known);
		g_queue_push_head_link(keeper->sets, known);
		return known->data;
	}
	make_room(keeper, data->bytes);
	g_queue_push_head(keeper->sets, data);
	return make(keeper, wanted, data, error) ? data : NULL;
}
