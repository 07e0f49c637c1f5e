/* yaml.h - YAML from people, as a small tree that is checked before it is believed.
 *
 * One document of maps, lists and texts in UTF-8.  Refused, with line and column: a key that is
 * written twice, tags, merge keys, and more than the bounds below.  What an alias stands for counts
 * as if it were written out. */
#ifndef TAUSCOPE_YAML_H
#define TAUSCOPE_YAML_H

#include <glib.h>

#define YAML_BYTES_MOST (256u << 10)
#define YAML_DEPTH_MOST 32u
#define YAML_NODES_MOST 20000u

typedef enum { YAML_TEXT, YAML_LIST, YAML_MAP } YamlKind;

typedef struct YamlNode {
	YamlKind kind;
	guint line, column;  /* from 1 */
	char *text;          /* TEXT */
	gboolean quoted;     /* TEXT: then it is no number, yes, no or null */
	GPtrArray *keys;     /* MAP: of YamlNode, all texts */
	GPtrArray *children; /* LIST: the items; MAP: the values, in step with the keys */
	guint depth, nodes;  /* of the tree below it, itself too */
} YamlNode;

/* Parses text[0..length); `file` is its name in errors.  NULL with *error set (ERROR_INPUT). */
YamlNode *yaml_parse(const char *file, const char *text, gsize length, GError **error);
void yaml_node_free(YamlNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(YamlNode, yaml_node_free)

/* How many keys or items; 0 for a text. */
guint yaml_count(const YamlNode *node);
const YamlNode *yaml_child(const YamlNode *node, guint i);
/* The value of a key, or NULL where the map does not have it; null counts as not there. */
const YamlNode *yaml_get(const YamlNode *map, const char *key);
/* The same with the key's node in *at. */
const YamlNode *yaml_get_at(const YamlNode *map, const char *key, const YamlNode **at);

gboolean yaml_is_null(const YamlNode *node);
/* yes, no, true, false, on, off. */
gboolean yaml_boolean(const YamlNode *node, gboolean *value);
/* A finite decimal number; not octal, hexadecimal or sexagesimal. */
gboolean yaml_number(const YamlNode *node, double *value);
/* A number with an exponent that PyYAML takes for a text: 1e-5 instead of 1.0e-5. */
gboolean yaml_is_text_to_python(const YamlNode *node);
/* A whole number from 0 to `most`. */
gboolean yaml_count_of(const YamlNode *node, guint most, guint *value);

#endif
