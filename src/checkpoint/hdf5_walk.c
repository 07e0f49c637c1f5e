/* hdf5_walk.c - visits every group of a file once, and by its hard links what is in it.
 *
 * Links to other files are refused, not followed: published attacks read the files of their host
 * that way.  Soft links lead to what has a hard link too. */
#include "checkpoint/hdf5_walk.h"

#include "checkpoint/checkpoint.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MOST 200

gboolean hdf5_walk_refuse(Hdf5Walk *walk, const char *reason, const char *remedy)
{
	hdf5_speak(&walk->speaker, HDF5_REFUSED, hdf5_text(walk->name), hdf5_text(reason),
		hdf5_text(remedy));
	walk->refused = TRUE;
	return FALSE;
}

void hdf5_walk_skip(Hdf5Walk *walk, const char *reason)
{
	hdf5_speak(&walk->speaker, HDF5_SKIPPED, hdf5_text(walk->name), hdf5_text(reason),
		(Hdf5Part){NULL, 0});
}

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *data)
{
	if (depth == 0 && entry->desc != NULL)
		snprintf(data, REASON_MOST, "%.*s", (int)strcspn(entry->desc, "\n"), entry->desc);
	return 0;
}

gboolean hdf5_walk_fail(Hdf5Walk *walk, const char *doing)
{
	char why[REASON_MOST] = "no reason is given", reason[2 * REASON_MOST];

	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, why);
	snprintf(reason, sizeof reason, "libhdf5 cannot %.100s: %s", doing, why);
	return hdf5_walk_refuse(walk, reason,
		"the file is damaged or was cut short; get it again where it came from");
}

static int compare_objects(const void *a, const void *b)
{
	guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;
	return (x > y) - (x < y);
}

/* Whether an object was met before; it is from now on.  Counts of links are not believed: some
 * files lie to make their walk endless. */
static gboolean seen_before(Hdf5Walk *walk, guint64 object)
{
	guint64 *key = malloc(sizeof *key);
	if (key == NULL)
		_Exit(1);
	*key = object;
	guint64 **node = tsearch(key, &walk->seen, compare_objects);
	if (node == NULL)
		_Exit(1);
	gboolean seen = *node != key;
	if (seen)
		free(key);
	return seen;
}

static gboolean visit_dataset(Hdf5Walk *walk, guint64 object)
{
	if (seen_before(walk, object)) {
		hdf5_speak(&walk->speaker, HDF5_ALIAS, (Hdf5Part){&object, sizeof object},
			hdf5_text(walk->name), (Hdf5Part){NULL, 0});
		return TRUE;
	}
	hid_t dataset = H5Dopen2(walk->file, walk->name, H5P_DEFAULT);
	if (dataset < 0)
		return hdf5_walk_fail(walk, "open the dataset");
	gboolean ok = hdf5_describe(walk, dataset, object);
	H5Dclose(dataset);
	return ok;
}

static void visit_later(Hdf5Walk *walk, guint64 object)
{
	if (seen_before(walk, object))
		return;
	Hdf5Group *group = calloc(1, sizeof *group);
	if (group == NULL || (group->path = strdup(walk->name)) == NULL)
		_Exit(1);
	*walk->last_group = group;
	walk->last_group = &group->next;
}

static gboolean visit_object(Hdf5Walk *walk)
{
	H5O_info_t info;

	if (H5Oget_info_by_name2(walk->file, walk->name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
		return hdf5_walk_fail(walk, "read the object");
	if (info.type == H5O_TYPE_GROUP)
		visit_later(walk, info.addr);
	return info.type != H5O_TYPE_DATASET || visit_dataset(walk, info.addr);
}

static gboolean visit(Hdf5Walk *walk, H5L_type_t type)
{
	switch (type) {
	case H5L_TYPE_HARD:
		return visit_object(walk);
	case H5L_TYPE_SOFT:
		return TRUE;
	case H5L_TYPE_EXTERNAL:
		return hdf5_walk_refuse(walk,
			"this is a link to another file, and only the named file is read",
			"copy what it leads to into one file");
	default:
		return hdf5_walk_refuse(walk, "this is a link of a kind that is not known", "");
	}
}

static herr_t visit_link(
	G_GNUC_UNUSED hid_t group, const char *link, const H5L_info_t *info, void *data)
{
	Hdf5Walk *walk = data;
	const char *path = walk->groups->path;
	char name[TENSOR_NAME_MOST + 1];
	int length = snprintf(name, sizeof name, "%s%s%s", path, *path ? "/" : "", link);

	walk->alive();
	gboolean fits = length >= 0 && (size_t)length < sizeof name;
	walk->name = fits ? name : "";
	gboolean ok = fits ? visit(walk, info->type)
			   : hdf5_walk_refuse(walk, "a name is longer than 4096 bytes", "");
	walk->name = "";
	return ok ? 0 : -1;
}

/* Native order: as the file keeps its links, which costs the library least. */
static gboolean visit_group(Hdf5Walk *walk, const char *path)
{
	hsize_t at = 0;
	hid_t group = H5Gopen2(walk->file, *path ? path : "/", H5P_DEFAULT);

	if (group < 0)
		return hdf5_walk_fail(walk, "open a group");
	gboolean ok = H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, visit_link, walk) >= 0;
	if (!ok && !walk->refused)
		hdf5_walk_fail(walk, "list what is in it");
	H5Gclose(group);
	return ok;
}

/* From the root downwards, level by level: the first of an object's names is its shortest path. */
static gboolean visit_groups(Hdf5Walk *walk)
{
	H5O_info_t root;

	if (H5Oget_info2(walk->file, &root, H5O_INFO_BASIC) < 0)
		return hdf5_walk_fail(walk, "read the root");
	for (visit_later(walk, root.addr); walk->groups != NULL; walk->groups = walk->groups->next)
		if (!visit_group(walk, walk->groups->path))
			return FALSE;
	return TRUE;
}

void hdf5_walk(const Hdf5Image *image, int fd, void (*alive)(void))
{
	static const Hdf5Part none;
	Hdf5Walk walk = {.speaker.fd = fd, .alive = alive, .name = ""};

	walk.last_group = &walk.groups;
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	H5PLset_loading_state(0);
	walk.file = hdf5_driver_open(image, &walk.notes);
	if (walk.file < 0)
		hdf5_walk_fail(&walk, "open it");
	else if (visit_groups(&walk))
		hdf5_speak(&walk.speaker, HDF5_END, none, none, none);
	hdf5_speak_out(&walk.speaker);
}
