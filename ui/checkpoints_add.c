/* checkpoints_add.c - opens a base, a task or a run from what is typed: NAME=PATH, or a path alone.
 */
#include "checkpoints_view.h"

#include "checkpoint/directory.h"
#include "core/error.h"

#include <string.h>

/* The name of a path without one: its last part, of a file named for its folder that folder's. */
static char *name_of_path(const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	char *dot = strrchr(base, '.');

	if (dot && dot > base)
		*dot = '\0';
	if (strcmp(base, "model") == 0 && strchr(path, '/')) {
		g_autofree char *folder = g_path_get_dirname(path);
		return g_path_get_basename(folder);
	}
	return g_steal_pointer(&base);
}

static gboolean accept_add(gpointer data, Ui *ui, const char *text, GError **error)
{
	Session *session = ui_session(ui);
	const char *equals = strchr(text, '=');
	g_autofree char *path = path_typed(equals ? equals + 1 : text);
	g_autofree char *name =
		equals ? g_strndup(text, (gsize)(equals - text)) : name_of_path(path);
	g_autoptr(LoadRequest) request = load_request_new();

	(void)data;
	if (!*path || !*name)
		return fail(error, ERROR_USAGE, "expected NAME=PATH");
	if (session_collection(session))
		load_request_add(request, name, path, directory_is_run(path));
	else
		request->base = g_strdup(path);
	return session_load(session, request, error);
}

void checkpoints_ask_add(Ui *ui)
{
	gboolean first = !session_collection(ui_session(ui));

	ui_prompt(ui, first ? "Base checkpoint" : "Open NAME=PATH", "", TRUE, NULL, accept_add);
}
