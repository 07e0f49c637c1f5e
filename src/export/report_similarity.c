/* report_similarity.c - how task vectors relate, as JSON and as a table. */
#include "export/report.h"

#include "export/report_json.h"

#define COSINE_DECIMALS 3

static void add_matrix(cJSON *object, const SimilarityMatrix *matrix)
{
	cJSON_AddItemToObject(object, "cosine", report_square(matrix->cosine, matrix->count));
	cJSON_AddItemToObject(object, "norm", json_numbers(matrix->norm, matrix->count));
}

static cJSON *group_json(const SimilarityMatrix *matrix)
{
	cJSON *group = cJSON_CreateObject();
	cJSON_AddStringToObject(group, "name", matrix->scope);
	json_add_uint(group, "elements", matrix->elements);
	add_matrix(group, matrix);
	return group;
}

cJSON *report_similarity_json(const Similarity *similarity)
{
	guint n = similarity->count;
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "scope", similarity->whole->scope);
	json_add_uint(json, "elements", similarity->whole->elements);
	report_add_tensors(json, similarity->tensors, similarity->left_out);
	cJSON_AddItemToObject(json, "names", report_texts(similarity->name, n));
	add_matrix(json, similarity->whole);
	cJSON_AddItemToObject(json, "order", report_indices(similarity->order, n));
	cJSON_AddItemToObject(json, "cluster", report_indices(similarity->cluster, n));
	if (!similarity->groups->len)
		return json;
	cJSON *groups = cJSON_AddArrayToObject(json, "groups");
	for (guint i = 0; i < similarity->groups->len; i++)
		cJSON_AddItemToArray(groups, group_json(similarity->groups->pdata[i]));
	return json;
}

/* The rows of one matrix; rows and columns are in the order of clustering. */
static void add_rows(Table *table, const Similarity *similarity, const SimilarityMatrix *matrix)
{
	for (guint i = 0; i < matrix->count; i++) {
		guint row = similarity->order[i];
		if (similarity->groups->len)
			table_add_text(table, matrix->scope);
		table_add_text(table, similarity->name[row]);
		table_add_number(table, matrix->norm[row]);
		for (guint j = 0; j < matrix->count; j++)
			table_add_number(
				table, matrix->cosine[row * matrix->count + similarity->order[j]]);
	}
}

Table *report_similarity_table(const Similarity *similarity)
{
	g_autofree char *title =
		g_strdup_printf("cosine between task vectors, %s, %" G_GUINT64_FORMAT " elements",
			similarity->whole->scope, similarity->whole->elements);
	Table *table = table_new(title);
	report_add_left_out(table, similarity->tensors, similarity->left_out);
	if (similarity->groups->len)
		table_add_text_column(table, "group");
	table_add_text_column(table, "task");
	table_add_number_column(table, "norm");
	for (guint i = 0; i < similarity->count; i++)
		table_add_fixed_column(
			table, similarity->name[similarity->order[i]], COSINE_DECIMALS);
	add_rows(table, similarity, similarity->whole);
	for (guint i = 0; i < similarity->groups->len; i++)
		add_rows(table, similarity, similarity->groups->pdata[i]);
	return table;
}
