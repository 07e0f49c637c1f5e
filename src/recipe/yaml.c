/* yaml.c - YAML as a small tree: libyaml's events, composed within bounds.
 *
 * Nodes are shared between an anchor and its aliases, so that the tree stays as small as the text;
 * what walks it is bounded by counting every alias as the nodes that it stands for. */
#include "recipe/yaml.h"

#include "core/error.h"

#include <math.h>
#include <string.h>
#include <yaml.h>

typedef struct {
	const char *file;
	yaml_parser_t parser;
	GHashTable *anchors; /* name → YamlNode, owned */
	GError **error;
} Composer;

static YamlNode *compose(Composer *composer, const yaml_event_t *event, guint depth);

static guint line_of(yaml_mark_t mark)
{
	return (guint)MIN(mark.line, G_MAXUINT - 1) + 1;
}

static guint column_of(yaml_mark_t mark)
{
	return (guint)MIN(mark.column, G_MAXUINT - 1) + 1;
}

static YamlNode *fail_mark(
	const Composer *composer, yaml_mark_t mark, const char *remedy, const char *problem)
{
	fail_at(composer->error, ERROR_INPUT, (Place){.file = composer->file, .remedy = remedy},
		"line %u, column %u: %s", line_of(mark), column_of(mark), problem);
	return NULL;
}

static YamlNode *node_new(YamlKind kind, yaml_mark_t mark)
{
	YamlNode *node = g_rc_box_new0(YamlNode);
	node->kind = kind;
	node->line = line_of(mark);
	node->column = column_of(mark);
	node->depth = node->nodes = 1;
	if (kind != YAML_TEXT)
		node->children = g_ptr_array_new_with_free_func((GDestroyNotify)yaml_node_free);
	if (kind == YAML_MAP)
		node->keys = g_ptr_array_new_with_free_func((GDestroyNotify)yaml_node_free);
	return node;
}

static void node_clear(gpointer data)
{
	YamlNode *node = data;
	g_free(node->text);
	g_clear_pointer(&node->keys, g_ptr_array_unref);
	g_clear_pointer(&node->children, g_ptr_array_unref);
}

void yaml_node_free(YamlNode *node)
{
	if (node)
		g_rc_box_release_full(node, node_clear);
}

static YamlNode *fail_parser(const Composer *composer)
{
	const yaml_parser_t *parser = &composer->parser;
	g_autofree char *problem = g_strdup_printf("this is no YAML: %s",
		parser->problem ? parser->problem : "the text cannot be read");
	return fail_mark(composer, parser->problem_mark, NULL, problem);
}

static gboolean next_event(Composer *composer, yaml_event_t *event)
{
	if (yaml_parser_parse(&composer->parser, event))
		return TRUE;
	fail_parser(composer);
	return FALSE;
}

/* The text of an event's tag or anchor, whatever its kind; NULL where it has none. */
static const char *event_tag(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.tag;
	default:
		return NULL;
	}
}

static const char *event_anchor(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

/* Puts a child's size on its parent's; takes the child.  FALSE where the whole grows too large. */
static gboolean add_child(
	const Composer *composer, YamlNode *parent, GPtrArray *children, YamlNode *child)
{
	yaml_mark_t mark = {.line = child->line - 1, .column = child->column - 1};
	g_ptr_array_add(children, child);
	parent->depth = MAX(parent->depth, child->depth + 1);
	parent->nodes += child->nodes;
	if (parent->nodes <= YAML_NODES_MOST && parent->depth <= YAML_DEPTH_MOST)
		return TRUE;
	fail_mark(composer, mark, "write a smaller file, with fewer aliases",
		parent->depth > YAML_DEPTH_MOST ? "the values are nested too deeply"
						: "there are too many values");
	return FALSE;
}

static YamlNode *compose_text(const yaml_event_t *event)
{
	YamlNode *node = node_new(YAML_TEXT, event->start_mark);
	node->text = g_strdup((const char *)event->data.scalar.value);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return node;
}

static YamlNode *compose_alias(const Composer *composer, const yaml_event_t *event)
{
	YamlNode *node = g_hash_table_lookup(composer->anchors, event->data.alias.anchor);
	if (!node)
		return fail_mark(composer, event->start_mark,
			"define the anchor before it, outside of itself",
			"an alias to nothing that stands before it");
	return g_rc_box_acquire(node);
}

/* The next value, or NULL: at the `end` of what it is in with *done set, else on failure. */
static YamlNode *compose_next(
	Composer *composer, yaml_event_type_t end, guint depth, gboolean *done)
{
	yaml_event_t event;
	if (!next_event(composer, &event))
		return NULL;
	*done = event.type == end;
	YamlNode *node = *done ? NULL : compose(composer, &event, depth);
	yaml_event_delete(&event);
	return node;
}

static YamlNode *compose_list(Composer *composer, const yaml_event_t *start, guint depth)
{
	g_autoptr(YamlNode) list = node_new(YAML_LIST, start->start_mark);
	gboolean done = FALSE;
	YamlNode *item;
	while ((item = compose_next(composer, YAML_SEQUENCE_END_EVENT, depth + 1, &done)))
		if (!add_child(composer, list, list->children, item))
			return NULL;
	return done ? g_steal_pointer(&list) : NULL;
}

static const YamlNode *find_key(const YamlNode *map, const char *key, guint *place)
{
	for (guint i = 0; i < map->keys->len; i++) {
		const YamlNode *at = map->keys->pdata[i];
		*place = i;
		if (g_str_equal(at->text, key))
			return at;
	}
	return NULL;
}

static gboolean check_key(const Composer *composer, const YamlNode *map, const YamlNode *key)
{
	yaml_mark_t mark = {.line = key->line - 1, .column = key->column - 1};
	guint place;
	if (key->kind != YAML_TEXT)
		fail_mark(composer, mark, NULL, "a key must be a word");
	else if (g_str_equal(key->text, "<<") && !key->quoted)
		fail_mark(composer, mark, "write out what it would merge", "a merge key (<<)");
	else {
		const YamlNode *before = find_key(map, key->text, &place);
		if (!before)
			return TRUE;
		g_autofree char *problem =
			g_strdup_printf("%s is given here and on line %u", key->text, before->line);
		fail_mark(composer, mark, "leave one of them", problem);
	}
	return FALSE;
}

/* One key with its value. */
static gboolean compose_pair(Composer *composer, YamlNode *map, YamlNode *taken, guint depth)
{
	g_autoptr(YamlNode) key = taken;
	gboolean done = FALSE;
	if (!check_key(composer, map, key))
		return FALSE;
	YamlNode *value = compose_next(composer, YAML_NO_EVENT, depth, &done);
	return value && add_child(composer, map, map->children, value) &&
	       add_child(composer, map, map->keys, g_steal_pointer(&key));
}

static YamlNode *compose_map(Composer *composer, const yaml_event_t *start, guint depth)
{
	g_autoptr(YamlNode) map = node_new(YAML_MAP, start->start_mark);
	gboolean done = FALSE;
	YamlNode *key;
	while ((key = compose_next(composer, YAML_MAPPING_END_EVENT, depth + 1, &done)))
		if (!compose_pair(composer, map, key, depth + 1))
			return NULL;
	return done ? g_steal_pointer(&map) : NULL;
}

static YamlNode *compose_kind(Composer *composer, const yaml_event_t *event, guint depth)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return compose_text(event);
	case YAML_ALIAS_EVENT:
		return compose_alias(composer, event);
	case YAML_SEQUENCE_START_EVENT:
		return compose_list(composer, event, depth);
	case YAML_MAPPING_START_EVENT:
		return compose_map(composer, event, depth);
	default:
		return fail_mark(composer, event->start_mark, NULL, "a value is missing here");
	}
}

static YamlNode *compose(Composer *composer, const yaml_event_t *event, guint depth)
{
	if (depth > YAML_DEPTH_MOST)
		return fail_mark(
			composer, event->start_mark, NULL, "the values are nested too deeply");
	if (event_tag(event))
		return fail_mark(
			composer, event->start_mark, "leave the tag out", "a tag is not expected");
	YamlNode *node = compose_kind(composer, event, depth);
	const char *anchor = event_anchor(event);
	if (node && anchor)
		g_hash_table_replace(composer->anchors, g_strdup(anchor), g_rc_box_acquire(node));
	return node;
}

/* Takes the next event, which must be of a kind. */
static gboolean expect_event(Composer *composer, yaml_event_type_t type, const char *problem)
{
	yaml_event_t event;
	if (!next_event(composer, &event))
		return FALSE;
	gboolean right = event.type == type;
	if (!right)
		fail_mark(composer, event.start_mark, NULL, problem);
	yaml_event_delete(&event);
	return right;
}

static YamlNode *compose_document(Composer *composer)
{
	static const char empty[] = "the file is empty", more[] = "a second document begins";
	gboolean done = FALSE;
	if (!expect_event(composer, YAML_STREAM_START_EVENT, empty) ||
		!expect_event(composer, YAML_DOCUMENT_START_EVENT, empty))
		return NULL;
	g_autoptr(YamlNode) root = compose_next(composer, YAML_NO_EVENT, 1, &done);
	if (!root || !expect_event(composer, YAML_DOCUMENT_END_EVENT, more) ||
		!expect_event(composer, YAML_STREAM_END_EVENT, more))
		return NULL;
	return g_steal_pointer(&root);
}

static gboolean check_text(const char *file, const char *text, gsize length, GError **error)
{
	Place place = {.file = file};
	const char *end;
	if (length > YAML_BYTES_MOST)
		return fail_at(error, ERROR_INPUT, place, "the file is larger than %u bytes",
			YAML_BYTES_MOST);
	if (g_utf8_validate_len(text, length, &end))
		return TRUE;
	return fail_at(error, ERROR_INPUT, place, "byte %" G_GSIZE_FORMAT " is not valid UTF-8",
		(gsize)(end - text));
}

YamlNode *yaml_parse(const char *file, const char *text, gsize length, GError **error)
{
	Composer composer = {.file = file, .error = error};
	if (!check_text(file, text, length, error))
		return NULL;
	if (!yaml_parser_initialize(&composer.parser)) {
		fail_at(error, ERROR_IO, (Place){.file = file}, "no memory to read it");
		return NULL;
	}
	composer.anchors = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)yaml_node_free);
	yaml_parser_set_encoding(&composer.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&composer.parser, (const unsigned char *)text, length);
	YamlNode *root = compose_document(&composer);
	g_hash_table_unref(composer.anchors);
	yaml_parser_delete(&composer.parser);
	return root;
}

guint yaml_count(const YamlNode *node)
{
	return node->children ? node->children->len : 0;
}

const YamlNode *yaml_child(const YamlNode *node, guint i)
{
	return node->children->pdata[i];
}

const YamlNode *yaml_get_at(const YamlNode *map, const char *key, const YamlNode **at)
{
	guint place;
	*at = find_key(map, key, &place);
	if (!*at || yaml_is_null(yaml_child(map, place)))
		return NULL;
	return yaml_child(map, place);
}

const YamlNode *yaml_get(const YamlNode *map, const char *key)
{
	const YamlNode *at;
	return yaml_get_at(map, key, &at);
}

static gboolean is_plain(const YamlNode *node)
{
	return node->kind == YAML_TEXT && !node->quoted;
}

static gboolean is_one_of(const YamlNode *node, const char *const *words)
{
	return is_plain(node) && g_strv_contains(words, node->text);
}

gboolean yaml_is_null(const YamlNode *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
	return is_one_of(node, words);
}

gboolean yaml_boolean(const YamlNode *node, gboolean *value)
{
	static const char *const right[] = {
		"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", NULL};
	static const char *const wrong[] = {
		"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", NULL};
	*value = is_one_of(node, right);
	return *value || is_one_of(node, wrong);
}

/* Skips decimal digits; how many there were. */
static gsize skip_digits(const char **text)
{
	gsize n = strspn(*text, "0123456789");
	*text += n;
	return n;
}

/* Digits with a point or an exponent, and no zero before other digits: 010 is octal there. */
static gboolean is_decimal(const char *text)
{
	text += *text == '-' || *text == '+';
	if (text[0] == '0' && g_ascii_isdigit(text[1]))
		return FALSE;
	gsize digits = skip_digits(&text);
	if (*text == '.') {
		text++;
		digits += skip_digits(&text);
	}
	if (digits == 0)
		return FALSE;
	if (*text != 'e' && *text != 'E')
		return *text == '\0';
	text++;
	text += *text == '-' || *text == '+';
	return skip_digits(&text) > 0 && *text == '\0';
}

gboolean yaml_number(const YamlNode *node, double *value)
{
	if (!is_plain(node) || !is_decimal(node->text))
		return FALSE;
	*value = g_ascii_strtod(node->text, NULL);
	return isfinite(*value);
}

gboolean yaml_is_text_to_python(const YamlNode *node)
{
	const char *exponent = strpbrk(node->text, "eE");
	double value;
	return yaml_number(node, &value) && exponent &&
	       (!strchr(node->text, '.') || !strchr("-+", exponent[1]));
}

gboolean yaml_count_of(const YamlNode *node, guint most, guint *value)
{
	double number;
	if (!yaml_number(node, &number) || number < 0 || number > most || number != floor(number))
		return FALSE;
	*value = (guint)number;
	return TRUE;
}
