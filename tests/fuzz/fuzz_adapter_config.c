/* fuzz_adapter_config.c - any text as the configuration of an adapter: refused with a sentence, or
 * a rank and a scaling for modules of any name, within the limits of its patterns. */
#include "checkpoint/adapter_config.h"

#include "fuzz.h"

static void look_up(const AdapterConfig *config, const char *module)
{
	g_autoptr(GError) error = NULL;
	guint64 rank = 0;
	double scaling = 0;

	if (adapter_config_scaling(config, module, &rank, &scaling, &error))
		fuzz_check(rank > 0);
	else
		fuzz_check(error != NULL && *error->message != '\0');
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	static const char *const modules[] = {"q", "model.layers.0.self_attn.q_proj",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "", "\xff."};
	g_autoptr(GError) error = NULL;
	g_autoptr(AdapterConfig) config =
		adapter_config_parse("config", (const char *)bytes, size, &error);

	fuzz_check((config == NULL) == (error != NULL));
	if (config == NULL)
		return 0;
	fuzz_check(config->rank > 0);
	for (guint i = 0; i < G_N_ELEMENTS(modules); i++)
		look_up(config, modules[i]);
	return 0;
}
