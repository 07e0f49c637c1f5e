/* adapter_config.c - see adapter_config.h. */
#include "checkpoint/adapter_config.h"

#include "core/error.h"
#include "core/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define CONFIG_MOST (1u << 20)
#define RANK_MOST (1u << 20)
#define MERGE "merge it into its base with PEFT and load the result"

/* Settings that make of the factors something else than a product to be added. */
static const struct {
	const char *key, *what;
} refused[] = {
	{"layer_replication", "the base's layers are repeated"},
	{"megatron_config", "layers are split by Megatron"},
	{"target_parameters", "factors of bare parameters, such as stacked experts"},
	{"trainable_token_indices", "single rows of the embedding are replaced"},
	{"alora_invocation_tokens", "it acts from a given token on alone"},
	{"use_qalora", "inputs are pooled before the factors"},
	{"use_bdlora", "factors are block-diagonal"},
	{"arrow_config", "adapters are chosen for each token"},
};

/* Ways to begin the factors that leave the base's weights as they are; some others move them. */
static const char *const beginnings[] = {"gaussian", "eva", "orthogonal"};

/* The file being read. */
typedef struct {
	const char *path;
	const cJSON *root;
} Reader;

static gboolean refuse(const Reader *reader, const char *remedy, GError **error, const char *format,
	...) G_GNUC_PRINTF(4, 5);

static gboolean refuse(
	const Reader *reader, const char *remedy, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(
		error, ERROR_INPUT, (Place){.file = reader->path, .remedy = remedy}, "%s", text);
}

/* NULL where the key is not there, or null. */
static const cJSON *member(const Reader *reader, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(reader->root, key);
	return cJSON_IsNull(item) ? NULL : item;
}

/* Null, false, and empty lists and objects say nothing. */
static gboolean is_set(const cJSON *item)
{
	if (cJSON_IsArray(item) || cJSON_IsObject(item))
		return item->child != NULL;
	return item != NULL && !cJSON_IsFalse(item);
}

static gboolean read_flag(const Reader *reader, const char *key, gboolean *flag, GError **error)
{
	const cJSON *item = member(reader, key);

	if (item != NULL && !cJSON_IsBool(item))
		return refuse(reader, NULL, error, "%s is neither true nor false", key);
	*flag = cJSON_IsTrue(item);
	return TRUE;
}

static gboolean is_rank(const cJSON *item, guint64 *rank)
{
	return json_get_uint(item, rank) && *rank > 0 && *rank <= RANK_MOST;
}

static gboolean is_alpha(const cJSON *item)
{
	return cJSON_IsNumber(item) && isfinite(item->valuedouble);
}

static gboolean read_numbers(AdapterConfig *config, const Reader *reader, GError **error)
{
	const cJSON *alpha = member(reader, "lora_alpha");

	if (!is_rank(member(reader, "r"), &config->rank))
		return refuse(reader, NULL, error,
			"r, the rank of its factors, is not a whole number from 1 to %u",
			RANK_MOST);
	if (!is_alpha(alpha))
		return refuse(reader, NULL, error, "lora_alpha is not a number");
	config->alpha = alpha->valuedouble;
	return TRUE;
}

static gboolean read_type(const Reader *reader, GError **error)
{
	const char *type = cJSON_GetStringValue(member(reader, "peft_type"));

	if (type == NULL)
		return refuse(reader, NULL, error, "it has no peft_type, so it is no adapter's");
	if (strcmp(type, "LORA") != 0)
		return refuse(reader, MERGE, error, "its peft_type is %.40s, and only LORA is read",
			type);
	return TRUE;
}

static gboolean check_refused(const Reader *reader, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
		if (is_set(member(reader, refused[i].key)))
			return refuse(reader, MERGE, error, "%s is set (%s), which is not read",
				refused[i].key, refused[i].what);
	return TRUE;
}

/* PiSSA and its like take a part out of the base and put it into the factors. */
static gboolean check_beginning(const Reader *reader, GError **error)
{
	const cJSON *item = member(reader, "init_lora_weights");
	const char *name = cJSON_GetStringValue(item);

	if (item == NULL || cJSON_IsBool(item))
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++)
		if (g_strcmp0(name, beginnings[i]) == 0)
			return TRUE;
	return refuse(reader, "save it as plain LoRA (path_initial_model_for_weight_conversion)",
		error,
		"init_lora_weights is %.40s, so its factors may be measured from other weights "
		"than the base's",
		name != NULL ? name : "neither a name, true nor false");
}

static gboolean check_bias(const Reader *reader, GError **error)
{
	static const char *const known[] = {"none", "all", "lora_only"};
	const cJSON *item = member(reader, "bias");
	const char *bias = item != NULL ? cJSON_GetStringValue(item) : known[0];

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_strcmp0(bias, known[i]) == 0)
			return TRUE;
	return refuse(reader, NULL, error, "bias is not none, all or lora_only");
}

static gboolean check_modules(const Reader *reader, GError **error)
{
	const cJSON *list = member(reader, "modules_to_save"), *item;

	if (list != NULL && !cJSON_IsArray(list))
		return refuse(reader, NULL, error, "modules_to_save is not a list");
	cJSON_ArrayForEach (item, list)
		if (!cJSON_IsString(item))
			return refuse(reader, NULL, error, "modules_to_save is not all names");
	return TRUE;
}

static gboolean add_pattern(const Reader *reader, const char *field, const cJSON *item,
	gboolean of_ranks, AdapterPatterns *patterns, GError **error)
{
	guint64 rank = 0;

	if (of_ranks ? !is_rank(item, &rank) : !is_alpha(item))
		return refuse(reader, NULL, error, "%s: the value of %.100s is no %s", field,
			item->string, of_ranks ? "rank" : "number");
	return adapter_patterns_add(
		patterns, item->string, of_ranks ? (double)rank : item->valuedouble, error);
}

static AdapterPatterns *read_patterns(
	const Reader *reader, const char *field, gboolean of_ranks, GError **error)
{
	g_autoptr(AdapterPatterns) patterns = adapter_patterns_new(reader->path, field);
	const cJSON *object = member(reader, field), *item;

	if (object != NULL && !cJSON_IsObject(object)) {
		refuse(reader, NULL, error, "%s is not an object", field);
		return NULL;
	}
	cJSON_ArrayForEach (item, object)
		if (!add_pattern(reader, field, item, of_ranks, patterns, error))
			return NULL;
	return g_steal_pointer(&patterns);
}

static gboolean read_members(AdapterConfig *config, const Reader *reader, GError **error)
{
	if (!read_type(reader, error) || !read_numbers(config, reader, error))
		return FALSE;
	if (!read_flag(reader, "use_rslora", &config->root_of_rank, error) ||
		!read_flag(reader, "fan_in_fan_out", &config->fan_in_fan_out, error) ||
		!read_flag(reader, "use_dora", &config->dora, error) ||
		!read_flag(reader, "lora_bias", &config->bias, error))
		return FALSE;
	if (!check_refused(reader, error) || !check_beginning(reader, error) ||
		!check_bias(reader, error) || !check_modules(reader, error))
		return FALSE;
	config->base = g_strdup(cJSON_GetStringValue(member(reader, "base_model_name_or_path")));
	config->ranks = read_patterns(reader, "rank_pattern", TRUE, error);
	if (config->ranks == NULL)
		return FALSE;
	config->alphas = read_patterns(reader, "alpha_pattern", FALSE, error);
	return config->alphas != NULL;
}

AdapterConfig *adapter_config_parse(
	const char *path, const char *text, gsize length, GError **error)
{
	g_autoptr(AdapterConfig) config = g_new0(AdapterConfig, 1);
	g_autoptr(GError) cause = NULL;
	g_autoptr(cJSON) root = json_parse(text, length, &cause);
	Reader reader = {path, root};

	if (root == NULL) {
		fail_at(error, ERROR_INPUT, (Place){.file = path}, "%s", cause->message);
		return NULL;
	}
	if (!cJSON_IsObject(root)) {
		refuse(&reader, NULL, error, "it is not a JSON object");
		return NULL;
	}
	return read_members(config, &reader, error) ? g_steal_pointer(&config) : NULL;
}

AdapterConfig *adapter_config_read(const File *file, GError **error)
{
	if (file->size > CONFIG_MOST) {
		fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"%" PRIu64 " bytes are too many for the configuration of an adapter",
			file->size);
		return NULL;
	}
	g_autofree char *text = g_malloc(file->size + 1);
	if (!file_read(file, 0, file->size, text, error))
		return NULL;
	return adapter_config_parse(file->path, text, file->size, error);
}

void adapter_config_free(AdapterConfig *config)
{
	if (config == NULL)
		return;
	adapter_patterns_free(config->alphas);
	adapter_patterns_free(config->ranks);
	g_free(config->base);
	g_free(config);
}

gboolean adapter_config_scaling(const AdapterConfig *config, const char *module, guint64 *rank,
	double *scaling, GError **error)
{
	double size = (double)config->rank, alpha = config->alpha;

	if (!adapter_patterns_find(config->ranks, module, &size, error) ||
		!adapter_patterns_find(config->alphas, module, &alpha, error))
		return FALSE;
	*rank = (guint64)size;
	*scaling = alpha / (config->root_of_rank ? sqrt(size) : size);
	return TRUE;
}
