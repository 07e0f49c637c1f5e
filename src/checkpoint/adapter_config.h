/* adapter_config.h - adapter_config.json: what PEFT was told of an adapter, as far as it changes
 * what the factors mean. */
#ifndef TAUSCOPE_ADAPTER_CONFIG_H
#define TAUSCOPE_ADAPTER_CONFIG_H

#include "checkpoint/adapter_pattern.h"
#include "core/file.h"

#define ADAPTER_CONFIG "adapter_config.json"

typedef struct {
	guint64 rank;
	double alpha;
	gboolean root_of_rank;   /* use_rslora: alpha is divided by the root of the rank */
	gboolean fan_in_fan_out; /* weights of the base are [in][out] */
	gboolean dora;           /* use_dora: weights are scaled to learned magnitudes */
	gboolean bias;           /* lora_bias: B has a bias */
	char *base;              /* what it calls its base, to be shown alone; or NULL */
	AdapterPatterns *ranks, *alphas;
} AdapterConfig;

/* Checks as strictly as any JSON.  ERROR_INPUT for what is not LoRA, what is not valid, and for
 * settings that change the weights in a way that is not known here; keys that do not matter are
 * passed over. */
AdapterConfig *adapter_config_parse(
	const char *path, const char *text, gsize length, GError **error);
AdapterConfig *adapter_config_read(const File *file, GError **error);
void adapter_config_free(AdapterConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AdapterConfig, adapter_config_free)

/* The rank of a module's factors, and what their product is multiplied by. */
gboolean adapter_config_scaling(const AdapterConfig *config, const char *module, guint64 *rank,
	double *scaling, GError **error);

#endif
