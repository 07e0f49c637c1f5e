/* test_names.c - layers and kinds of the names that well-known models use. */
#include "test.h"

#include "checkpoint/names.h"

static const struct {
	const char *name, *layer, *kind;
} cases[] = {
	/* the demo's ViT */
	{"blocks.2.attn.k_proj.bias", "blocks.2", "attn.k"},
	{"blocks.0.attn.o_proj.weight", "blocks.0", "attn.o"},
	{"blocks.0.ln_1.weight", "blocks.0", "norm"},
	{"blocks.1.mlp.fc_in.weight", "blocks.1", "mlp.up"},
	{"blocks.1.mlp.fc_out.bias", "blocks.1", "mlp.down"},
	{"patch_embed.weight", "embed", "embed"},
	{"pos_embed", "embed", "embed"},
	{"ln_f.weight", "ln_f", "norm"},
	{"head.weight", "head", "head"},
	/* GPT-2 */
	{"wte.weight", "embed", "embed"},
	{"transformer.wpe.weight", "embed", "embed"},
	{"transformer.h.11.attn.c_attn.weight", "transformer.h.11", "attn.qkv"},
	{"h.3.attn.c_proj.weight", "h.3", "attn.o"},
	{"h.3.mlp.c_fc.weight", "h.3", "mlp.up"},
	{"h.3.mlp.c_proj.bias", "h.3", "mlp.down"},
	{"h.3.ln_2.bias", "h.3", "norm"},
	/* Llama, as Hugging Face and as Meta write it, and Mixtral */
	{"model.embed_tokens.weight", "embed", "embed"},
	{"model.layers.12.self_attn.q_proj.weight", "model.layers.12", "attn.q"},
	{"model.layers.12.self_attn.o_proj.weight", "model.layers.12", "attn.o"},
	{"model.layers.12.mlp.gate_proj.weight", "model.layers.12", "mlp.gate"},
	{"model.layers.12.mlp.up_proj.weight", "model.layers.12", "mlp.up"},
	{"model.layers.12.mlp.down_proj.weight", "model.layers.12", "mlp.down"},
	{"model.layers.12.input_layernorm.weight", "model.layers.12", "norm"},
	{"model.norm.weight", "model.norm", "norm"},
	{"lm_head.weight", "lm_head", "head"},
	{"tok_embeddings.weight", "embed", "embed"},
	{"layers.0.attention.wq.weight", "layers.0", "attn.q"},
	{"layers.0.attention.wo.weight", "layers.0", "attn.o"},
	{"layers.0.feed_forward.w1.weight", "layers.0", "mlp.gate"},
	{"layers.0.feed_forward.w2.weight", "layers.0", "mlp.down"},
	{"layers.0.feed_forward.w3.weight", "layers.0", "mlp.up"},
	{"output.weight", "output", "head"},
	{"model.layers.1.block_sparse_moe.experts.7.w2.weight", "model.layers.1", "mlp.down"},
	/* BERT */
	{"bert.embeddings.word_embeddings.weight", "embed", "embed"},
	{"embeddings.LayerNorm.gamma", "embed", "norm"},
	{"bert.encoder.layer.4.attention.self.query.weight", "bert.encoder.layer.4", "attn.q"},
	{"bert.encoder.layer.4.attention.self.key.bias", "bert.encoder.layer.4", "attn.k"},
	{"bert.encoder.layer.4.attention.self.value.bias", "bert.encoder.layer.4", "attn.v"},
	{"bert.encoder.layer.4.attention.output.dense.weight", "bert.encoder.layer.4", "attn.o"},
	{"bert.encoder.layer.4.attention.output.LayerNorm.weight", "bert.encoder.layer.4", "norm"},
	{"bert.encoder.layer.4.intermediate.dense.weight", "bert.encoder.layer.4", "mlp.up"},
	{"bert.encoder.layer.4.output.dense.weight", "bert.encoder.layer.4", "mlp.down"},
	{"bert.pooler.dense.weight", "bert.pooler.dense", "head"},
	{"classifier.bias", "classifier", "head"},
	/* ViT: timm and CLIP */
	{"cls_token", "embed", "embed"},
	{"patch_embed.proj.weight", "embed", "embed"},
	{"blocks.7.attn.qkv.bias", "blocks.7", "attn.qkv"},
	{"blocks.7.attn.proj.weight", "blocks.7", "attn.o"},
	{"blocks.7.mlp.fc1.weight", "blocks.7", "mlp.up"},
	{"blocks.7.mlp.fc2.weight", "blocks.7", "mlp.down"},
	{"blocks.7.norm1.weight", "blocks.7", "norm"},
	{"norm.bias", "norm", "norm"},
	{"visual.conv1.weight", "embed", "embed"},
	{"visual.class_embedding", "embed", "embed"},
	{"visual.positional_embedding", "embed", "embed"},
	{"visual.ln_pre.weight", "visual.ln_pre", "norm"},
	{"visual.transformer.resblocks.9.attn.in_proj_weight", "visual.transformer.resblocks.9",
		"attn.qkv"},
	{"visual.transformer.resblocks.9.attn.in_proj_bias", "visual.transformer.resblocks.9",
		"attn.qkv"},
	{"visual.transformer.resblocks.9.attn.out_proj.weight", "visual.transformer.resblocks.9",
		"attn.o"},
	{"visual.transformer.resblocks.9.mlp.c_fc.weight", "visual.transformer.resblocks.9",
		"mlp.up"},
	{"visual.transformer.resblocks.9.mlp.c_proj.weight", "visual.transformer.resblocks.9",
		"mlp.down"},
	{"vision_model.encoder.layers.3.self_attn.k_proj.bias", "vision_model.encoder.layers.3",
		"attn.k"},
	{"vision_model.embeddings.patch_embedding.weight", "embed", "embed"},
	/* T5 */
	{"shared.weight", "embed", "embed"},
	{"encoder.block.0.layer.0.SelfAttention.q.weight", "encoder.block.0", "attn.q"},
	{"decoder.block.0.layer.1.EncDecAttention.o.weight", "decoder.block.0", "attn.o"},
	{"encoder.block.0.layer.1.DenseReluDense.wi_0.weight", "encoder.block.0", "mlp.gate"},
	{"encoder.block.0.layer.1.DenseReluDense.wi.weight", "encoder.block.0", "mlp.up"},
	{"encoder.block.0.layer.1.DenseReluDense.wo.weight", "encoder.block.0", "mlp.down"},
	{"encoder.block.0.layer.1.layer_norm.weight", "encoder.block.0", "norm"},
	{"encoder.final_layer_norm.weight", "encoder.final_layer_norm", "norm"},
	/* Keras 2 and 3 */
	{"dense_3/dense_3_1/kernel:0", "dense_3/dense_3_1", "dense"},
	{"dense_3/dense_3_1/bias:0", "dense_3/dense_3_1", "dense"},
	{"block1_conv1/kernel:0", "block1_conv1", "block1_conv1"},
	{"conv2d_12/conv2d_12/kernel:0", "conv2d_12/conv2d_12", "conv"},
	{"batch_normalization_2/moving_variance:0", "batch_normalization_2", "norm"},
	{"embedding_1/embedding_1/embeddings:0", "embed", "embed"},
	{"encoder/layer_0/attention/self/query/kernel:0", "encoder/layer_0/attention/self/query",
		"attn.q"},
	{"layers/dense_1/vars/0", "layers/dense_1", "dense"},
	{"layers/conv2d/vars/1", "layers/conv2d", "conv"},
	{"vars/0", "vars/0", "vars"},
	{"blocks/4/attn/qkv/kernel", "blocks/4", "attn.qkv"},
	{"/", "/", ""},
	{"a/b:c", "a/b:c", "b:c"},
	/* diffusion, convolutions, and what no table knows */
	{"mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight", "mid_block.attentions.0",
		"attn.q"},
	{"mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0.weight",
		"mid_block.attentions.0", "attn.o"},
	{"layer1.0.conv2.weight", "layer1.0", "conv"},
	{"layer1.0.bn1.running_mean", "layer1.0", "norm"},
	{"backbone.layers.5.mixer.in_proj.weight", "backbone.layers.5", "in_proj"},
	{"logit_scale", "logit_scale", "logit_scale"},
	{"0.weight", "0", "0"},
	{"features.3.weight", "features.3", "features"},
	{"blocks.3x.weight", "blocks.3x", "3x"},
	{"", "", ""},
	{".", ".", ""},
	{"weight", "weight", "weight"},
	{"scale.weight.bias", "scale.weight", "weight"},
};

static void test_cases(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *layer = names_layer(cases[i].name);
		g_test_message("%s", cases[i].name);
		g_assert_cmpstr(layer, ==, cases[i].layer);
		g_assert_cmpstr(names_kind(cases[i].name), ==, cases[i].kind);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/names/cases", test_cases);
	return g_test_run();
}
