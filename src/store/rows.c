/* rows.c - results files: one member's row of the Gram tables and its statistics.
 *
 * A rows file is named by what it is made of (the contents of the member, the base and the
 * partners) and never changes.  A pair of members is valid where any rows file lists it with the
 * contents that both have now; so nothing is ever invalidated, only no longer named. */
#include "core/text.h"
#include "store/records.h"
#include "store/store_private.h"

#include <math.h>
#include <xxhash.h>

const SealKind rows_kind = {.name = "rows", .version = 1};

static const Field partner_fields[] = {{"name", FIELD_TEXT}, {"key", FIELD_TEXT}, {0}};
static const Field tensor_fields[] = {{"name", FIELD_TEXT}, {0}};

/* The arrays of one value for each tensor. */
typedef struct {
	const char *name;
	gboolean is_whole; /* guint64, else double */
	gsize offset;      /* of its pointer in Statistics */
} StatisticsArray;

static const StatisticsArray statistics_arrays[] = {
	{"minimum", FALSE, G_STRUCT_OFFSET(Statistics, minimum)},
	{"maximum", FALSE, G_STRUCT_OFFSET(Statistics, maximum)},
	{"largest_change", FALSE, G_STRUCT_OFFSET(Statistics, largest_change)},
	{"nonfinite", TRUE, G_STRUCT_OFFSET(Statistics, nonfinite)},
	{"hash", TRUE, G_STRUCT_OFFSET(Statistics, hash)},
};

static Hid array_type(const StatisticsArray *array)
{
	return array->is_whole ? H5T_STD_U64LE : H5T_IEEE_F64LE;
}

static void *array_values(const StatisticsArray *array, const Statistics *statistics)
{
	return *(void *const *)((const char *)statistics + array->offset);
}

static guint64 sampled(const Store *store)
{
	return store->plan->first[collection_tensors(store->collection)];
}

/* The members that a row is listed against: itself, and whose rows are written already.  Those that
 * come later list it in theirs, so that each pair is kept once. */
static GArray *partners_of(const Store *store, guint member)
{
	GArray *partners = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < store->members->len; i++) {
		const StoreMember *partner = store_member_at(store, i);
		if (i == member || (partner->known && partner->rows))
			g_array_append_val(partners, i);
	}
	return partners;
}

/* What a vector is made of: of the base its weights, of any other member its change, so that a task
 * with the base's very contents is told from it.  NULL where the contents are not known. */
static char *vector_key(const Store *store, guint member)
{
	const char *hash = store_member_at(store, member)->hash;
	return hash ? g_strconcat(member == 0 ? "base-" : "", hash, NULL) : NULL;
}

static char *rows_name(const Store *store, guint member, const GArray *partners)
{
	const StoreMember *row = store_member_at(store, member);
	g_autofree char *own = vector_key(store, member);
	g_autoptr(GString) made_of = g_string_new("rows 1");
	g_string_append_printf(made_of, " %s %s %d", own, store_member_at(store, 0)->hash,
		row->statistics->sample != NULL);
	for (guint i = 0; i < partners->len; i++) {
		g_autofree char *key = vector_key(store, g_array_index(partners, guint, i));
		g_string_append_printf(made_of, " %s", key);
	}
	XXH128_hash_t hash = XXH3_128bits(made_of->str, made_of->len);
	return text_hash(hash.high64, hash.low64);
}

static gboolean write_partners(const Store *store, const GArray *partners, Hid file, GError **error)
{
	g_autoptr(Records) records = records_new(partner_fields);
	for (guint i = 0; i < partners->len; i++) {
		guint partner = g_array_index(partners, guint, i);
		records_add_text(records, collection_member(store->collection, partner)->name);
		g_autofree char *key = vector_key(store, partner);
		records_add_text(records, key);
	}
	return records_write(records, file, "partners", error);
}

static gboolean write_tensors(const Store *store, Hid file, GError **error)
{
	g_autoptr(Records) records = records_new(tensor_fields);
	for (guint i = 0; i < collection_tensors(store->collection); i++)
		records_add_text(records, collection_tensor(store->collection, i)->name);
	return records_write(records, file, "tensors", error);
}

static gboolean write_products(
	const Store *store, guint member, const GArray *partners, Hid file, GError **error)
{
	guint64 shape[] = {collection_tensors(store->collection), partners->len};
	g_autofree double *products = g_new(double, shape[0] * shape[1]);
	for (guint i = 0; i < shape[0]; i++)
		for (guint j = 0; j < shape[1]; j++)
			products[i * shape[1] + j] = *gram_cell(
				store->gram, i, member, g_array_index(partners, guint, j));
	return hdf5_write_array(file, "products", H5T_IEEE_F64LE, 2, shape, products, error);
}

static gboolean write_statistics(const Store *store, guint member, Hid file, GError **error)
{
	const Statistics *statistics = store_member_at(store, member)->statistics;
	guint64 tensors = collection_tensors(store->collection), places = sampled(store);
	for (guint i = 0; i < G_N_ELEMENTS(statistics_arrays); i++) {
		const StatisticsArray *array = &statistics_arrays[i];
		if (!hdf5_write_array(file, array->name, array_type(array), 1, &tensors,
			    array_values(array, statistics), error))
			return FALSE;
	}
	return !statistics->sample || hdf5_write_array(file, "sample", H5T_IEEE_F32LE, 1, &places,
					      statistics->sample, error);
}

static gboolean write_contents(
	const Store *store, guint member, const GArray *partners, Hid file, GError **error)
{
	const char *name = collection_member(store->collection, member)->name;
	return hdf5_put_text(file, "name", name, error) &&
	       hdf5_put_text(file, "member", store_member_at(store, member)->hash, error) &&
	       hdf5_put_text(file, "base", store_member_at(store, 0)->hash, error) &&
	       write_tensors(store, file, error) && write_partners(store, partners, file, error) &&
	       write_products(store, member, partners, file, error) &&
	       write_statistics(store, member, file, error);
}

gboolean rows_write(Store *store, guint member, GError **error)
{
	g_autoptr(GArray) partners = partners_of(store, member);
	g_autofree char *name = rows_name(store, member, partners);
	g_autofree char *path = store_part(store, "rows", name, FALSE);
	g_auto(Hid) file = sealed_create(&rows_kind, error);
	store_pending_add(store, path);
	if (file < 0 || !write_contents(store, member, partners, file, error))
		return FALSE;
	g_autoptr(Output) output = sealed_write(hid_steal(&file), path, &rows_kind, error);
	if (!output || !output_rename(output, error))
		return FALSE;
	g_free(store_member_at(store, member)->rows);
	store_member_at(store, member)->rows = g_steal_pointer(&name);
	return TRUE;
}

static gboolean check_attribute(Hid file, const char *name, const char *expected, GError **error)
{
	g_autofree char *found = NULL;
	if (!hdf5_get_text(file, name, &found, error))
		return FALSE;
	return g_strcmp0(found, expected) == 0 ||
	       fail(error, ERROR_INPUT, "%s is made of other contents", name);
}

static Hid open_rows(const Store *store, guint member, GError **error)
{
	const StoreMember *row = store_member_at(store, member);
	if (!row->rows || !row->hash || !store_member_at(store, 0)->hash) {
		fail(error, ERROR_INPUT, "the row of %s has not been computed",
			collection_member(store->collection, member)->name);
		return H5I_INVALID_HID;
	}
	g_autofree char *path = store_part(store, "rows", row->rows, FALSE);
	g_auto(Hid) file = sealed_open(path, &rows_kind, error);
	if (file < 0 || !check_attribute(file, "member", row->hash, error) ||
		!check_attribute(file, "base", store_member_at(store, 0)->hash, error))
		return H5I_INVALID_HID;
	return hid_steal(&file);
}

/* The hashes of the tensors must give the contents that the row claims to be of. */
static gboolean check_contents(
	const Store *store, guint member, const Statistics *statistics, GError **error)
{
	g_autofree char *contents =
		member_content_hash(store->collection, member, statistics->hash);
	return g_str_equal(contents, store_member_at(store, member)->hash) ||
	       fail(error, ERROR_INPUT, "its tensors are not those of the store");
}

static Statistics *read_statistics(const Store *store, guint member, Hid file, GError **error)
{
	gboolean has_sample = collection_member(store->collection, member)->role != MEMBER_STEP;
	guint64 tensors = collection_tensors(store->collection), places = sampled(store);
	g_autoptr(Statistics) statistics = statistics_new((guint)tensors, has_sample ? places : 0);
	for (guint i = 0; i < G_N_ELEMENTS(statistics_arrays); i++) {
		const StatisticsArray *array = &statistics_arrays[i];
		if (!hdf5_read_array(file, array->name, array_type(array), 1, &tensors,
			    array_values(array, statistics), error))
			return NULL;
	}
	if (statistics->sample && !hdf5_read_array(file, "sample", H5T_IEEE_F32LE, 1, &places,
					  statistics->sample, error))
		return NULL;
	if (!check_contents(store, member, statistics, error))
		return NULL;
	return g_steal_pointer(&statistics);
}

/* The key of a vector → its column in a rows file. */
static GHashTable *columns_of(const Records *partners)
{
	GHashTable *columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < records_count(partners); i++)
		g_hash_table_insert(
			columns, g_strdup(records_text(partners, i, 1)), GUINT_TO_POINTER(i + 1));
	return columns;
}

/* Puts the columns that still hold into the Gram tables, and marks those pairs valid. */
static void take_products(const Store *store, guint member, const Records *partners,
	const double *products, gboolean *valid)
{
	g_autoptr(GHashTable) columns = columns_of(partners);
	guint members = store->members->len, width = records_count(partners);
	for (guint j = 0; j < members; j++) {
		g_autofree char *key = vector_key(store, j);
		guint column = key ? GPOINTER_TO_UINT(g_hash_table_lookup(columns, key)) : 0;
		if (column == 0)
			continue;
		for (guint i = 0; i < collection_tensors(store->collection); i++)
			*gram_cell(store->gram, i, member, j) =
				products[(gsize)i * width + column - 1];
		valid[member * members + j] = valid[j * members + member] = TRUE;
	}
}

/* [tensors][partners]; free with g_free. */
static double *read_products(const Store *store, const Records *partners, Hid file, GError **error)
{
	guint64 shape[] = {collection_tensors(store->collection), records_count(partners)};
	if (shape[0] * shape[1] > SEALED_FILE_MOST / sizeof(double)) {
		fail(error, ERROR_INPUT, "the tables are larger than the file");
		return NULL;
	}
	g_autofree double *products = g_new(double, MAX(shape[0] * shape[1], 1));
	if (!hdf5_read_array(file, "products", H5T_IEEE_F64LE, 2, shape, products, error))
		return NULL;
	return g_steal_pointer(&products);
}

/* Reads a row and, where `valid` is given, takes it into the tables. */
static gboolean read_row(const Store *store, guint member, gboolean *valid, GError **error)
{
	g_auto(Hid) file = open_rows(store, member, error);
	if (file < 0)
		return FALSE;
	g_autoptr(Statistics) statistics = read_statistics(store, member, file, error);
	g_autoptr(Records) partners =
		statistics ? records_read(partner_fields, file, "partners", error) : NULL;
	g_autofree double *products = partners ? read_products(store, partners, file, error) : NULL;
	if (products && valid) {
		take_products(store, member, partners, products, valid);
		store_member_at(store, member)->statistics = g_steal_pointer(&statistics);
	}
	return products != NULL;
}

gboolean rows_check(const Store *store, guint member, GError **error)
{
	return read_row(store, member, NULL, error);
}

/* A linked file that changed has other weights than those that its row was made of. */
static gboolean is_stale(const Store *store, guint member)
{
	return !store_member_at(store, member)->copied &&
	       store_member_state(store, member) == SOURCE_CHANGED;
}

/* Known is who has statistics and a valid pair with every known member before it. */
static gboolean is_known(const Store *store, guint member, const gboolean *valid)
{
	guint members = store->members->len;
	if (!store_member_at(store, member)->statistics || is_stale(store, member) ||
		!valid[member * members + member] ||
		(member > 0 && !store_member_at(store, 0)->known))
		return FALSE;
	for (guint j = 0; j < member; j++)
		if (store_member_at(store, j)->known && !valid[member * members + j])
			return FALSE;
	return TRUE;
}

static void forget_row(const Store *store, guint member)
{
	g_clear_pointer(&store_member_at(store, member)->statistics, statistics_free);
	for (guint i = 0; i < collection_tensors(store->collection); i++)
		for (guint j = 0; j < store->members->len; j++)
			*gram_cell(store->gram, i, member, j) = NAN;
}

void rows_read(Store *store)
{
	guint members = store->members->len;
	g_autofree gboolean *valid = g_new0(gboolean, (gsize)members * members);
	for (guint i = 0; i < members; i++)
		if (store_member_at(store, i)->rows)
			read_row(store, i, valid, &store_member_at(store, i)->unread);
	for (guint i = 0; i < members; i++) {
		store_member_at(store, i)->known = is_known(store, i, valid);
		if (!store_member_at(store, i)->known)
			forget_row(store, i);
	}
}
