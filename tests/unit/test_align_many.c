/* test_align_many.c - aligning many names in time, and names of all kinds in order. */
#include "entries.h"

#include "checkpoint/align.h"

/* A pattern of two numbers, filled in. */
static const char *numbered(GStringChunk *texts, const char *pattern, guint number)
{
	g_auto(GStrv) parts = g_strsplit(pattern, "%u", 3);
	g_autofree char *text =
		g_strdup_printf("%s%u%s%u%s", parts[0], number / 7, parts[1], number % 7, parts[2]);
	return g_string_chunk_insert(texts, text);
}

/* Tens of thousands of tensors, each with a partner that only a rule gives; well under a second. */
static void test_many(void)
{
	static const struct {
		const char *base, *member;
		guint count;
	} rows[] = {
		{"model.layers.%u.mlp.w%u", "_orig_mod.module.model.layers.%u.mlp.w%u", 60000},
		{"layers.%u.ln%u.weight", "layers.%u.ln%u.gamma", 60000},
		{"dense_%u/unit_%u/kernel:0", "layers/dense_%u/unit_%u/vars/0", 20000},
		{"a.%u.w%u", "b/%u/v%u", 60000},
	};

	for (guint row = 0; row < G_N_ELEMENTS(rows); row++) {
		const guint count = rows[row].count;
		g_autofree Entry *base = g_new0(Entry, count + 1);
		g_autofree Entry *member = g_new0(Entry, count + 1);
		g_autoptr(GStringChunk) texts = g_string_chunk_new(1 << 16);
		for (guint i = 0; i < count; i++) {
			base[i] = (Entry){numbered(texts, rows[row].base, i), 4, 4, NULL};
			member[i] = (Entry){numbered(texts, rows[row].member, i), 4, 4, NULL};
		}
		g_autoptr(Checkpoint) one = make("npz", base), other = make("npz", member);
		g_auto(Alignment) alignment = {0};
		gint64 start = g_get_monotonic_time();
		g_assert_true(align(one, other, NULL, &alignment, NULL));
		gint64 taken = g_get_monotonic_time() - start;
		g_test_message("%s: %.3f s", rows[row].member, (double)taken / 1e6);
		g_assert_cmpint(taken, <, 5 * G_USEC_PER_SEC);
		g_assert_cmpuint(alignment.extra->len, ==, row == 3 ? count : 0);
	}
}

static Checkpoint *make_random(GRand *random)
{
	static const char *const words[] = {
		"a", "module", "vars", "layers", "dense", "dense_1", "0", "kernel", "gamma:0", ""};
	g_autofree Entry *entries = g_new0(Entry, 13);
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	guint count = 0;

	for (guint i = 0; i < 12; i++) {
		g_autoptr(GString) name = g_string_new("n");
		for (guint j = 0; j < 2; j++)
			g_string_append_printf(name, "%c%s", "./"[g_rand_int_range(random, 0, 2)],
				words[g_rand_int_range(random, 0, G_N_ELEMENTS(words))]);
		const char *text = g_intern_string(name->str + g_rand_int_range(random, 0, 3));
		if (*text && g_hash_table_add(taken, (gpointer)text))
			entries[count++] =
				(Entry){text, (guint64)g_rand_int_range(random, 1, 3), 0, NULL};
	}
	return make("npz", entries);
}

/* Whatever the names: a tensor has one partner at most, and who has none is extra. */
static void test_random(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	guint pairs = 0;

	for (guint round = 0; round < 3000; round++) {
		g_autoptr(Checkpoint) base = make_random(random), member = make_random(random);
		g_auto(Alignment) alignment = {0};
		gboolean used[12] = {FALSE};
		guint partners = 0;
		g_assert_true(align(base, member, NULL, &alignment, NULL));
		for (guint i = 0; i < checkpoint_count(base); i++) {
			gint place = alignment.place[i];
			if (place < 0)
				continue;
			g_assert_false(used[place]);
			used[place] = TRUE;
			partners++;
		}
		g_assert_cmpuint(partners + alignment.extra->len, ==, checkpoint_count(member));
		for (guint i = 0; i < checkpoint_count(base); i++)
			g_assert_true(
				alignment.place[i] >= 0 ||
				checkpoint_find(member, checkpoint_tensor(base, i)->name) < 0);
		pairs += partners;
	}
	g_assert_cmpuint(pairs, >, 500);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/align-many/time", test_many);
	g_test_add_func("/align-many/random", test_random);
	return g_test_run();
}
