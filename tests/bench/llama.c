/* llama.c - the tensors of a language model of the shape of a Llama, of any size. */
#include "llama.h"

/* Elements of a layer's matrices, over width²: q and o, k and v of a quarter of the heads, and
 * three of the feed-forward part. */
#define LAYER_SQUARES 11.5

guint64 llama_elements(const LlamaTensor *tensor)
{
	return tensor->rows * MAX(tensor->columns, 1);
}

guint64 llama_total(const GArray *tensors)
{
	guint64 total = 0;
	for (guint i = 0; i < tensors->len; i++)
		total += llama_elements(&g_array_index(tensors, LlamaTensor, i));
	return total;
}

static void add(GArray *tensors, char *name, guint64 rows, guint64 columns)
{
	LlamaTensor tensor = {name, rows, columns};
	g_array_append_val(tensors, tensor);
}

static void add_layer(GArray *tensors, guint layer, guint64 width)
{
	const struct {
		const char *part;
		guint64 rows, columns;
	} parts[] = {
		{"input_layernorm", width, 0},
		{"self_attn.q_proj", width, width},
		{"self_attn.k_proj", width / 4, width},
		{"self_attn.v_proj", width / 4, width},
		{"self_attn.o_proj", width, width},
		{"post_attention_layernorm", width, 0},
		{"mlp.gate_proj", 3 * width, width},
		{"mlp.up_proj", 3 * width, width},
		{"mlp.down_proj", width, 3 * width},
	};
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		add(tensors, g_strdup_printf("model.layers.%u.%s.weight", layer, parts[i].part),
			parts[i].rows, parts[i].columns);
}

/* Widths are multiples of 8, wide ones of 64. */
static guint64 widest(guint64 elements, guint layers)
{
	guint64 width = 8, step = 8;
	while (LAYER_SQUARES * layers * (double)((width + step) * (width + step)) <=
		0.8 * (double)elements) {
		width += step;
		step = width < 512 ? 8 : 64;
	}
	return width;
}

static void tensor_clear(gpointer tensor)
{
	g_free(((LlamaTensor *)tensor)->name);
}

GArray *llama_new(guint64 elements, guint layers, gboolean head)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(LlamaTensor));
	g_array_set_clear_func(tensors, tensor_clear);
	guint64 width = widest(elements, layers);
	for (guint layer = 0; layer < layers; layer++)
		add_layer(tensors, layer, width);
	add(tensors, g_strdup("model.norm.weight"), width, 0);
	guint64 filled = llama_total(tensors), row = width * (head ? 2 : 1);
	guint64 vocabulary = elements > filled + row ? (elements - filled) / row : 1;
	add(tensors, g_strdup("model.embed_tokens.weight"), vocabulary, width);
	if (head)
		add(tensors, g_strdup("lm_head.weight"), vocabulary, width);
	return tensors;
}
