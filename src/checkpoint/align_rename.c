/* align_rename.c - a member's own REGEX=TEXT rules, before any other. */
#include "checkpoint/align_private.h"

#include "core/error.h"
#include "core/text.h"

#include <string.h>

/* Split at the last sign, since a REGEX may well have one and a name hardly. */
static GRegex *rule_parse(const char *rule, const char **text, GError **error)
{
	const char *equals = strrchr(rule, '=');
	if (!equals || equals == rule || strlen(rule) > RENAME_MOST || strchr(rule, '\n') ||
		!g_utf8_validate(rule, -1, NULL)) {
		fail(error, ERROR_USAGE,
			"a rename is REGEX=TEXT on one line of at most %d bytes, not \"%.80s\"",
			RENAME_MOST, rule);
		return NULL;
	}
	g_autofree char *pattern = g_strndup(rule, (gsize)(equals - rule));
	g_autoptr(GError) reason = NULL;
	GRegex *regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, &reason);
	*text = equals + 1;
	if (regex && g_regex_check_replacement(*text, NULL, &reason))
		return regex;
	g_clear_pointer(&regex, g_regex_unref);
	fail(error, ERROR_USAGE, "the rename %s is not valid: %s", rule, reason->message);
	return NULL;
}

static gboolean check_name(const char *rule, const char *name, const char *text, GError **error)
{
	if (*text && strlen(text) <= TENSOR_NAME_MOST)
		return TRUE;
	return fail_at(error, ERROR_USAGE, (Place){.tensor = name},
		"the rename %s makes its name %s", rule, *text ? "too long" : "empty");
}

/* Whether the rule changed any name; FALSE with *error set where it cannot be applied. */
static gboolean apply(Aligner *aligner, const char *rule, GError **error)
{
	const char *text = NULL;
	g_autoptr(GRegex) regex = rule_parse(rule, &text, error);
	gboolean changed = FALSE;
	for (guint i = 0; regex && i < aligner->member.names->len; i++) {
		AlignName *name = align_name(&aligner->member, i);
		if (!g_utf8_validate(name->text, -1, NULL))
			continue;
		g_autoptr(GError) reason = NULL;
		g_autofree char *renamed =
			g_regex_replace(regex, name->text, -1, 0, text, 0, &reason);
		if (!renamed)
			return fail_at(error, ERROR_USAGE, (Place){.tensor = name->text},
				"the rename %s cannot be applied: %s", rule, reason->message);
		if (!check_name(rule, name->text, renamed, error))
			return FALSE;
		changed |= align_change(name, aligner->texts, renamed, 0);
	}
	g_autofree char *said = g_strdup_printf("after the rename %s", rule);
	if (changed)
		align_say(aligner, said);
	else if (regex)
		align_note(aligner, "the rename %s changes none of its names", rule);
	return regex != NULL;
}

/* Several names of one tensor may become one. */
static gboolean check_unique(const Aligner *aligner, GError **error)
{
	g_autoptr(GHashTable) index = g_hash_table_new(text_table_hash, g_str_equal);
	for (guint i = 0; i < aligner->member.names->len; i++) {
		AlignName *name = align_name(&aligner->member, i);
		const AlignName *other = g_hash_table_lookup(index, name->text);
		if (other && other->tensor != name->tensor)
			return fail_at(error, ERROR_USAGE,
				(Place){.file = aligner->member.checkpoint->path},
				"the renames give %s and %s one name, %s",
				checkpoint_tensor(aligner->member.checkpoint, other->tensor)->name,
				checkpoint_tensor(aligner->member.checkpoint, name->tensor)->name,
				name->text);
		g_hash_table_insert(index, (gpointer)name->text, name);
	}
	return TRUE;
}

gboolean align_rename(Aligner *aligner, const GPtrArray *renames, GError **error)
{
	if (!renames || renames->len == 0)
		return TRUE;
	if (renames->len > RENAMES_MOST)
		return fail(error, ERROR_USAGE, "%u renames; at most %d are applied", renames->len,
			RENAMES_MOST);
	for (guint i = 0; i < renames->len; i++)
		if (!apply(aligner, renames->pdata[i], error))
			return FALSE;
	return check_unique(aligner, error);
}
