/* torch_members.c - finds members by name; an archive may hold others, which are not looked at. */
#include "checkpoint/torch_members.h"

#include "core/error.h"

#include <string.h>

#define MEMBERS_MOST 1000u

static const char *const names[TORCH_MEMBERS] = {
	[TORCH_STORAGES] = "storages",
	[TORCH_TENSORS] = "tensors",
	[TORCH_PICKLE] = "pickle",
	[TORCH_SYS_INFO] = "sys_info",
};

static TorchMember member_of(const char *name)
{
	TorchMember member = 0;
	while (member < TORCH_MEMBERS && strcmp(name, names[member]) != 0)
		member++;
	return member;
}

gboolean torch_members_detect(const guint8 *head, gsize length)
{
	if (length < TAR_BLOCK || !tar_is_header(head))
		return FALSE;
	for (gsize at = 0; at + TAR_BLOCK <= length; at += TAR_BLOCK) {
		g_autofree char *name = g_strndup((const char *)head + at, TAR_NAME);
		if (member_of(name) < TORCH_MEMBERS && tar_is_header(head + at))
			return TRUE;
	}
	return FALSE;
}

static gboolean take_member(
	const File *file, const TarMember *found, TarMember *members, GError **error)
{
	TorchMember member = member_of(found->name);

	if (member == TORCH_MEMBERS)
		return TRUE;
	if (found->type != '0')
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"the member %s of the tar archive is a link or a device, not a file",
			found->name);
	if (members[member].offset != 0)
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"the tar archive has two members %s", found->name);
	members[member] = *found;
	return TRUE;
}

static gboolean take_members(const File *file, TarMember *members, GError **error)
{
	GError *reason = NULL;
	TarMember found;
	guint64 at = 0;

	for (guint i = 0; tar_next(file, &at, &found, &reason); i++) {
		if (i == MEMBERS_MOST)
			return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
				"the tar archive has more than %u members", MEMBERS_MOST);
		if (!take_member(file, &found, members, error))
			return FALSE;
	}
	if (reason != NULL)
		g_propagate_error(error, reason);
	return reason == NULL;
}

gboolean torch_members_find(const File *file, TarMember *members, GError **error)
{
	memset(members, 0, TORCH_MEMBERS * sizeof *members);
	if (!take_members(file, members, error))
		return FALSE;
	for (TorchMember i = 0; i < TORCH_SYS_INFO; i++)
		if (members[i].offset == 0)
			return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
				"the tar archive has no member %s, which torch wrote before 0.2",
				names[i]);
	return TRUE;
}
