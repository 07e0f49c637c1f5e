/* actions.h - the one table of actions: it feeds keys, footer, palette, help, man page and tests.
 *
 *     _(ID, screen, "name", "keys", "help")
 *
 * Keys are separated by blanks: a character, or a name in angle brackets (<Enter>, <Esc>, <Tab>,
 * <S-Tab>, <Up>, <Down>, <Left>, <Right>, <Home>, <End>, <PgUp>, <PgDn>, <Backspace>, <Space>, <C-x>).
 * A key is looked up in the overlay first, then the screen, then everywhere. */
#ifndef TAUSCOPE_ACTIONS_H
#define TAUSCOPE_ACTIONS_H

#include <glib.h>

typedef enum {
	SCREEN_CHECKPOINTS,
	SCREEN_SIMILARITY,
	SCREEN_LAYERS,
	SCREEN_TRAJECTORY,
	SCREEN_COMPOSE,
	SCREEN_JOBS,
	SCREEN_COUNT,
	SCREEN_EVERYWHERE = SCREEN_COUNT
} ScreenId;

#define ACTIONS(_) \
	_(GO_1, EVERYWHERE, "checkpoints", "1", "go to Checkpoints") \
	_(GO_2, EVERYWHERE, "similarity", "2", "go to Similarity") \
	_(GO_3, EVERYWHERE, "layers", "3", "go to Layers") \
	_(GO_4, EVERYWHERE, "trajectory", "4", "go to Trajectory") \
	_(GO_5, EVERYWHERE, "compose", "5", "go to Compose") \
	_(GO_6, EVERYWHERE, "jobs", "6", "go to Jobs") \
	_(PREVIOUS_SCREEN, EVERYWHERE, "previous-screen", "[", "previous screen") \
	_(NEXT_SCREEN, EVERYWHERE, "next-screen", "]", "next screen") \
	_(NEXT_PANE, EVERYWHERE, "next-pane", "<Tab>", "next pane") \
	_(PREVIOUS_PANE, EVERYWHERE, "previous-pane", "<S-Tab>", "previous pane") \
	_(DOWN, EVERYWHERE, "down", "j <Down>", "move down") \
	_(UP, EVERYWHERE, "up", "k <Up>", "move up") \
	_(LEFT, EVERYWHERE, "left", "h <Left>", "move left") \
	_(RIGHT, EVERYWHERE, "right", "l <Right>", "move right") \
	_(FIRST, EVERYWHERE, "first", "g <Home>", "go to the first") \
	_(LAST, EVERYWHERE, "last", "G <End>", "go to the last") \
	_(PAGE_DOWN, EVERYWHERE, "page-down", "<C-d> <PgDn>", "half a page down") \
	_(PAGE_UP, EVERYWHERE, "page-up", "<C-u> <PgUp>", "half a page up") \
	_(OPEN, EVERYWHERE, "open", "<Enter>", "go nearer to the weights") \
	_(BACK, EVERYWHERE, "back", "<Esc> <Backspace>", "back: close, clear, up") \
	_(FILTER, EVERYWHERE, "filter", "/", "narrow the list as you type") \
	_(NEXT_MATCH, EVERYWHERE, "next-match", "n", "next match") \
	_(PREVIOUS_MATCH, EVERYWHERE, "previous-match", "N", "previous match") \
	_(MARK, EVERYWHERE, "mark", "<Space>", "mark, toggle") \
	_(INVERT, EVERYWHERE, "invert-marks", "*", "invert the marks") \
	_(SORT, EVERYWHERE, "sort", "s", "sort by the next column") \
	_(REVERSE, EVERYWHERE, "reverse", "S", "reverse the order") \
	_(COPY, EVERYWHERE, "copy", "y", "copy this cell") \
	_(COPY_TABLE, EVERYWHERE, "copy-table", "Y", "copy this table as CSV") \
	_(EXPORT, EVERYWHERE, "export", "e", "write the model or this table") \
	_(WRITE_SCREEN, EVERYWHERE, "write-screen", "E", "write this screen as text") \
	_(UNDO, EVERYWHERE, "undo", "u", "undo the last change") \
	_(REDO, EVERYWHERE, "redo", "<C-r>", "redo") \
	_(RELOAD, EVERYWHERE, "reload", "R", "look at the files again") \
	_(PALETTE, EVERYWHERE, "palette", ":", "every action, by name") \
	_(HELP, EVERYWHERE, "help", "?", "help for this screen") \
	_(EXPLAIN, EVERYWHERE, "explain", "i", "what the numbers here mean") \
	_(THEME, EVERYWHERE, "theme", "C", "next colours") \
	_(REPAINT, EVERYWHERE, "repaint", "<C-l>", "draw the screen anew") \
	_(SUSPEND, EVERYWHERE, "suspend", "<C-z>", "suspend") \
	_(INTERRUPT, EVERYWHERE, "interrupt", "<C-c>", "cancel the job; again: quit") \
	_(QUIT, EVERYWHERE, "quit", "q", "quit") \
	_(CHECKPOINT_ADD, CHECKPOINTS, "add", "o", "open a checkpoint or run") \
	_(CHECKPOINT_DROP, CHECKPOINTS, "drop", "D", "close this checkpoint") \
	_(CHECKPOINT_TREE, CHECKPOINTS, "tree", "t", "unfold tensors by layer") \
	_(SIMILARITY_MEASURE, SIMILARITY, "measure", "m", "cosine, angle, inner product") \
	_(SIMILARITY_ORDER, SIMILARITY, "order", "o", "order: cluster, name, norm") \
	_(SIMILARITY_NARROWER, SIMILARITY, "next-scope", ">", "next layer") \
	_(SIMILARITY_WIDER, SIMILARITY, "previous-scope", "<", "previous layer") \
	_(SIMILARITY_ALL, SIMILARITY, "all-layers", "0", "all layers") \
	_(SIMILARITY_NUMBERS, SIMILARITY, "numbers", "v", "numbers on or off") \
	_(SIMILARITY_COMPOSE, SIMILARITY, "send", "c", "send marked tasks to Compose") \
	_(LAYERS_MEASURE, LAYERS, "measure", "m", "relative, norm, share, cosine") \
	_(LAYERS_LOG, LAYERS, "log", "L", "log scale") \
	_(LAYERS_GROUP, LAYERS, "group", "t", "by layer, kind, tensor") \
	_(LAYERS_NEXT, LAYERS, "next-task", ">", "next task") \
	_(LAYERS_PREVIOUS, LAYERS, "previous-task", "<", "previous task") \
	_(LAYERS_RESET, LAYERS, "reset", "0", "marked tasks, all layers") \
	_(TRAJECTORY_MEASURE, TRAJECTORY, "measure", "m", "cosine, norm, turn, speed") \
	_(TRAJECTORY_REFERENCE, TRAJECTORY, "reference", "f", "direction to compare with") \
	_(TRAJECTORY_RUN, TRAJECTORY, "next-run", ">", "next run") \
	_(TRAJECTORY_RUN_BACK, TRAJECTORY, "previous-run", "<", "previous run") \
	_(TRAJECTORY_FAR_LEFT, TRAJECTORY, "far-left", "H", "ten steps back") \
	_(TRAJECTORY_FAR_RIGHT, TRAJECTORY, "far-right", "L", "ten steps on") \
	_(TRAJECTORY_ZOOM_IN, TRAJECTORY, "zoom-in", "+", "zoom in at the cursor") \
	_(TRAJECTORY_ZOOM_OUT, TRAJECTORY, "zoom-out", "-", "zoom out") \
	_(TRAJECTORY_FIT, TRAJECTORY, "fit", "0", "the whole run") \
	_(TRAJECTORY_MARKERS, TRAJECTORY, "markers", "v", "markers on or off") \
	_(COMPOSE_FAR_DOWN, COMPOSE, "far-down", "H", "number down by five steps") \
	_(COMPOSE_FAR_UP, COMPOSE, "far-up", "L", "number up by five steps") \
	_(COMPOSE_TYPE, COMPOSE, "type", "=", "type a number or an expression") \
	_(COMPOSE_TEXT, COMPOSE, "text", "c", "change the whole edit as text") \
	_(COMPOSE_ZERO, COMPOSE, "zero", "0", "number to zero") \
	_(COMPOSE_NEGATE, COMPOSE, "negate", "~", "negate the number") \
	_(COMPOSE_ADD, COMPOSE, "add-term", "a", "add a term") \
	_(COMPOSE_DROP, COMPOSE, "drop", "d", "drop it; a parameter: its default") \
	_(COMPOSE_DUPLICATE, COMPOSE, "double", "D", "the same once more below") \
	_(COMPOSE_MOVE_DOWN, COMPOSE, "move-down", "J", "move the term down") \
	_(COMPOSE_MOVE_UP, COMPOSE, "move-up", "K", "move the term up") \
	_(COMPOSE_METHOD, COMPOSE, "method", "t", "put a method around it") \
	_(COMPOSE_UNWRAP, COMPOSE, "take-off", "T", "take the method off again") \
	_(COMPOSE_SCOPE, COMPOSE, "layers", "m", "the layers that it applies to") \
	_(COMPOSE_REFERENCE, COMPOSE, "keep-reference", "b", "keep as reference") \
	_(COMPOSE_SWAP, COMPOSE, "swap-reference", "x", "swap with the reference") \
	_(COMPOSE_MEASURE, COMPOSE, "measure", "r", "measure it exactly, over the weights") \
	_(COMPOSE_GROUPS, COMPOSE, "groups", "v", "preview by layer or by kind") \
	_(COMPOSE_CURVE, COMPOSE, "curve", "p", "curve over the slider: on or off") \
	_(COMPOSE_SAVE, COMPOSE, "save-recipe", "w", "write the recipe") \
	_(COMPOSE_READ, COMPOSE, "open-recipe", "o", "open a recipe") \
	_(COMPOSE_KEEP, COMPOSE, "keep-edit", "W", "keep the edit in the store, named") \
	_(COMPOSE_OPEN_EDIT, COMPOSE, "open-edit", "O", "open an edit that is kept") \
	_(COMPOSE_DROP_EDIT, COMPOSE, "drop-edit", "X", "drop an edit that is kept") \
	_(JOBS_CANCEL, JOBS, "cancel", "x", "cancel this job") \
	_(JOBS_CANCEL_ALL, JOBS, "cancel-all", "X", "cancel all jobs") \
	_(JOBS_CLEAR, JOBS, "clear", "D", "clear finished jobs")

typedef enum {
	ACTION_NONE,
#define ACTION_ENUM(id, screen, name, keys, help) ACTION_##id,
	ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
		ACTION_COUNT
} ActionId;

typedef struct {
	ActionId id;
	ScreenId screen;
	const char *name, *keys, *help;
} Action;

/* The row of an action. */
const Action *action_get(ActionId id);
/* The action of a key on a screen: the screen's own first, then everywhere; ACTION_NONE. */
ActionId action_find(ScreenId screen, const char *key);
/* The first key of an action, as shown: "Enter", "j", "C-d". */
const char *action_key(ActionId id);
/* The action of a name on a screen, or everywhere; ACTION_NONE. */
ActionId action_named(ScreenId screen, const char *name);
/* "Checkpoints" …; "everywhere" for SCREEN_EVERYWHERE. */
const char *screen_name(ScreenId screen);
/* The table as text, as `tauscope --keys` prints it.  Free with g_free. */
char *actions_text(void);

/* The keys of the table with a user's changes on top. */
typedef struct Keymap Keymap;
Keymap *keymap_new(void);
void keymap_free(Keymap *keymap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keymap, keymap_free)
/* Reads lines of the form `bind SCREEN KEY ACTION`: a screen's name or `everywhere`, and an action's
 * name or `none`.  Empty lines and lines that begin with # are skipped.  An error names the line;
 * the lines before it hold. */
gboolean keymap_read(Keymap *keymap, const char *path, GError **error);
ActionId keymap_find(const Keymap *keymap, ScreenId screen, const char *key);
/* A key that does this action, as shown; "" where the user took them all. */
const char *keymap_key(const Keymap *keymap, ActionId id);

/* Calls `each` with every key of a blank-separated list as actions.h writes them, until FALSE. */
void keys_foreach(const char *keys, gboolean (*each)(gpointer data, const char *key), gpointer data);

#endif
