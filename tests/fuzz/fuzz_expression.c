/* fuzz_expression.c - any text as an edit of a small collection: refused at a column, or a tree
 * that prints to what parses to the same tree, has finite coefficients where it is linear, and is
 * the same with other defaults once it is printed. */
#include "checkpoint/safetensors.h"
#include "core/error.h"
#include "edit/expression_complete.h"
#include "edit/linear.h"
#include "edit/method.h"

#include "fuzz.h"

#include <math.h>
#include <string.h>

#define TENSOR(name, at) "\"" name "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" at "]}"

static const char header[] =
	"{" TENSOR("embed.weight", "0,8") "," TENSOR("blocks.0.attn.q.weight", "8,16") "," TENSOR(
		"blocks.1.mlp.up.weight", "16,24") "," TENSOR("head.weight", "24,32") "}";

static Checkpoint *small_checkpoint(void)
{
	Checkpoint *checkpoint = checkpoint_new("small", "safetensors");
	checkpoint_add_file(checkpoint, "small", NULL);
	fuzz_check(safetensors_parse(
			   checkpoint, 0, header, strlen(header), 8 + strlen(header), 32, NULL) &&
		   checkpoint_seal(checkpoint, NULL));
	return checkpoint;
}

static Collection *small_collection(void)
{
	static const char *const names[] = {"a", "b", "c", "mnist", "mnist-inv"};
	Collection *collection = collection_new(small_checkpoint());
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		fuzz_check(collection_add(collection, names[i], MEMBER_TASK, NULL, -1,
			small_checkpoint(), NULL, NULL));
	fuzz_check(collection_add(collection, "mnist@400", MEMBER_STEP, "mnist", 400,
		small_checkpoint(), NULL, NULL));
	return collection;
}

static void check_coefficients(const Collection *collection, const Node *edit)
{
	double c[8];
	for (guint tensor = 0; linear_is(edit) && tensor < collection_tensors(collection);
		tensor++) {
		linear_coefficients(collection, edit, tensor, c);
		for (guint i = 0; i < collection_members(collection); i++)
			fuzz_check(isfinite(c[i]));
	}
}

/* With these defaults, or NULL. */
static void check_text(
	const Collection *collection, const char *text, const ExpressionDefaults *defaults)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse_with(collection, text, defaults, &error);
	fuzz_check((edit == NULL) == (error != NULL));
	if (error)
		fuzz_check(error->code == ERROR_USAGE && g_utf8_validate(error->message, -1, NULL));
	if (!edit)
		return;
	g_autofree char *printed = expression_print(collection, edit);
	g_autoptr(Node) again = expression_parse(collection, printed, NULL);
	fuzz_check(again && node_equal(edit, again));
	g_autofree char *printed_again = expression_print(collection, again);
	fuzz_check(g_str_equal(printed, printed_again));
	check_coefficients(collection, edit);
}

/* What is offered leaves what stands before it as it is. */
static void check_completion(const Collection *collection, const char *text, gsize cursor)
{
	gsize start;
	g_auto(GStrv) found = expression_complete(collection, text, cursor, &start);
	fuzz_check(found && start <= cursor);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	static Collection *collection;
	static const ExpressionDefaults mergekit = {DIALECT_MERGEKIT, 3};
	if (!collection)
		collection = small_collection();
	g_autofree char *text = g_strndup((const char *)bytes, size);
	gsize length = strlen(text);
	check_text(collection, text, NULL);
	check_text(collection, text, &mergekit);
	check_completion(collection, text, length);
	check_completion(collection, text, length / 2);
	return 0;
}
