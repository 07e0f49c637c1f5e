/* checkpoint_table.c - see checkpoint_table.h. */
#include "store/checkpoint_table.h"

#include "store/records.h"
#include "store/store_private.h"

#include <string.h>

enum {
	TENSOR_NAME,
	TENSOR_TYPE,
	TENSOR_SHAPE,
	TENSOR_FILE,
	TENSOR_OFFSET,
	TENSOR_BYTES,
	TENSOR_SHARD,
	TENSOR_SHARD_OFFSET,
};
static const Field tensor_fields[] = {
	{"name", FIELD_TEXT},
	{"type", FIELD_TEXT},
	{"shape", FIELD_TEXT},
	{"file", FIELD_UINT},
	{"offset", FIELD_UINT},
	{"bytes", FIELD_UINT},
	{"shard", FIELD_UINT},
	{"shard_offset", FIELD_UINT},
	{0},
};

/* What is more to say of tensors that are not raw weights; a store without the table has none. */
enum { MADE_TENSOR, MADE_SOURCE, MADE_TYPE, MADE_BYTES, MADE_DIFFERENCE };
static const Field made_fields[] = {
	{"tensor", FIELD_UINT},
	{"source", FIELD_TEXT},
	{"stored_type", FIELD_TEXT},
	{"stored_bytes", FIELD_UINT},
	{"difference", FIELD_UINT},
	{0},
};

enum { TIED_NAME, TIED_TO };
static const Field tied_fields[] = {{"name", FIELD_TEXT}, {"tied_to", FIELD_TEXT}, {0}};

enum { SHARD_PATH };
static const Field shard_fields[] = {{"path", FIELD_TEXT}, {0}};

enum { SOURCE_PATH, SOURCE_SIZE, SOURCE_MTIME, SOURCE_CTIME, SOURCE_INODE, SOURCE_SAMPLE };
static const Field source_fields[] = {
	{"path", FIELD_TEXT},
	{"size", FIELD_UINT},
	{"mtime_ns", FIELD_INT},
	{"ctime_ns", FIELD_INT},
	{"inode", FIELD_UINT},
	{"sample", FIELD_TEXT},
	{0},
};

enum { SKIPPED_NAME, SKIPPED_REASON };
static const Field skipped_fields[] = {{"name", FIELD_TEXT}, {"reason", FIELD_TEXT}, {0}};

/* A shape as JSON writes it: "[48,96]". */
static char *shape_print(const Tensor *tensor)
{
	GString *text = g_string_new("[");
	for (guint i = 0; i < tensor->rank; i++)
		g_string_append_printf(
			text, "%s%" G_GUINT64_FORMAT, i ? "," : "", tensor->shape[i]);
	g_string_append_c(text, ']');
	return g_string_free(text, FALSE);
}

static gboolean write_tensors(const Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_new(tensor_fields);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		g_autofree char *shape = shape_print(tensor);
		records_add_text(records, tensor->name);
		records_add_text(records, dtype_info(tensor->dtype)->name);
		records_add_text(records, shape);
		records_add_uint(records, tensor->file);
		records_add_uint(records, tensor->offset);
		records_add_uint(records, tensor->bytes);
		records_add_uint(records, tensor->shard);
		records_add_uint(records, tensor->shard_offset);
	}
	return records_write(records, group, "tensors", error);
}

static gboolean is_plain(const Tensor *tensor)
{
	return !tensor->source && !tensor->stored_type && !tensor->difference;
}

static gboolean write_made(const Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_new(made_fields);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		if (is_plain(tensor))
			continue;
		records_add_uint(records, i);
		records_add_text(records, tensor->source ? source_name(tensor->source) : "");
		records_add_text(records, tensor->stored_type ? tensor->stored_type : "");
		records_add_uint(records, tensor->stored_bytes);
		records_add_uint(records, tensor->difference ? 1 : 0);
	}
	return records_count(records) == 0 || records_write(records, group, "made", error);
}

static gboolean write_tied(const Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_new(tied_fields);
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		records_add_text(records, name);
		records_add_text(records, g_hash_table_lookup(checkpoint->aliases, name));
	}
	return records_count(records) == 0 || records_write(records, group, "tied", error);
}

static gboolean write_shards(const Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_new(shard_fields);
	for (guint i = 0; i < checkpoint->shards->len; i++)
		records_add_text(records, checkpoint->shards->pdata[i]);
	return records_write(records, group, "shards", error);
}

static gboolean write_sources(const GPtrArray *sources, Hid group, GError **error)
{
	g_autoptr(Records) records = records_new(source_fields);
	for (guint i = 0; i < sources->len; i++) {
		const StoreSource *source = sources->pdata[i];
		records_add_text(records, source->path);
		records_add_uint(records, source->fingerprint.size);
		records_add_int(records, source->fingerprint.mtime_ns);
		records_add_int(records, source->fingerprint.ctime_ns);
		records_add_uint(records, source->fingerprint.inode);
		records_add_text(records, source->fingerprint.sample);
	}
	return records_write(records, group, "sources", error);
}

static gboolean write_skipped(const Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_new(skipped_fields);
	for (guint i = 0; i < checkpoint->skipped->len; i++) {
		const Skipped *skipped = checkpoint->skipped->pdata[i];
		records_add_text(records, skipped->name);
		records_add_text(records, skipped->reason);
	}
	return records_write(records, group, "skipped", error);
}

gboolean checkpoint_table_write(
	const Checkpoint *checkpoint, const GPtrArray *sources, Hid group, GError **error)
{
	return write_shards(checkpoint, group, error) && write_tensors(checkpoint, group, error) &&
	       write_sources(sources, group, error) && write_skipped(checkpoint, group, error) &&
	       write_made(checkpoint, group, error) && write_tied(checkpoint, group, error) &&
	       texts_write(checkpoint->about, group, "about", error) &&
	       texts_write(checkpoint->metadata, group, "metadata", error);
}

GPtrArray *checkpoint_table_sources(Hid group, GError **error)
{
	g_autoptr(Records) records = records_read(source_fields, group, "sources", error);
	if (!records)
		return NULL;
	GPtrArray *sources = store_sources_new();
	for (guint i = 0; i < records_count(records); i++) {
		Fingerprint fingerprint = {
			.size = records_uint(records, i, SOURCE_SIZE),
			.mtime_ns = records_int(records, i, SOURCE_MTIME),
			.ctime_ns = records_int(records, i, SOURCE_CTIME),
			.inode = records_uint(records, i, SOURCE_INODE),
		};
		g_strlcpy(fingerprint.sample, records_text(records, i, SOURCE_SAMPLE),
			sizeof fingerprint.sample);
		g_ptr_array_add(sources,
			store_source_recorded(records_text(records, i, SOURCE_PATH), &fingerprint));
	}
	return sources;
}

static gboolean bad_shape(const char *text, GError **error)
{
	return fail(error, ERROR_INPUT, "\"%s\" is not a shape", text);
}

static gboolean shape_parse(const char *text, Tensor *tensor, GError **error)
{
	guint64 shape[TENSOR_RANK_MOST];
	const char *at = text;
	if (*at++ != '[')
		return bad_shape(text, error);
	while (*at != ']') {
		char *end = NULL;
		if (tensor->rank == TENSOR_RANK_MOST || !g_ascii_isdigit(*at))
			return bad_shape(text, error);
		shape[tensor->rank++] = g_ascii_strtoull(at, &end, 10);
		at = *end == ',' && end[1] != ']' ? end + 1 : end;
		if (at == end && *at != ']')
			return bad_shape(text, error);
	}
	tensor->shape = g_memdup2(tensor->rank ? shape : NULL, tensor->rank * sizeof *shape);
	tensor->elements = 1;
	for (guint i = 0; i < tensor->rank; i++)
		if (!g_uint64_checked_mul(&tensor->elements, tensor->elements, shape[i]))
			return fail(error, ERROR_INPUT, "the shape %s is too large", text);
	return at[1] == '\0' || bad_shape(text, error);
}

static gboolean span_fits(
	const Tensor *tensor, guint64 file, guint files, const guint64 *limit, GError **error)
{
	guint64 bytes = 0;
	if (!dtype_bytes(tensor->dtype, tensor->elements, &bytes) || bytes != tensor->bytes)
		return fail(error, ERROR_INPUT, "its type and shape do not give its bytes");
	if (tensor->source && dtype_info(tensor->dtype)->bits < 8)
		return fail(error, ERROR_INPUT, "no source makes elements below a byte");
	if (file >= files ||
		(!tensor->source && !span_within(tensor->offset, tensor->bytes, limit[file])))
		return fail(error, ERROR_INPUT, "its bytes lie outside of its file");
	return TRUE;
}

static gboolean fill_tensor(const Records *records, guint row, Tensor *tensor, GError **error)
{
	const char *name = records_text(records, row, TENSOR_NAME);
	if (!*name || strlen(name) > TENSOR_NAME_MOST || !g_utf8_validate(name, -1, NULL))
		return fail(error, ERROR_INPUT, "the name of a tensor is not valid");
	if (!dtype_from_name(records_text(records, row, TENSOR_TYPE), &tensor->dtype))
		return fail(error, ERROR_INPUT, "its type is unknown");
	tensor->name = g_strdup(name);
	tensor->file = (guint)records_uint(records, row, TENSOR_FILE);
	tensor->offset = records_uint(records, row, TENSOR_OFFSET);
	tensor->bytes = records_uint(records, row, TENSOR_BYTES);
	tensor->shard = (guint)records_uint(records, row, TENSOR_SHARD);
	tensor->shard_offset = records_uint(records, row, TENSOR_SHARD_OFFSET);
	return shape_parse(records_text(records, row, TENSOR_SHAPE), tensor, error);
}

static gboolean read_shards(Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_read(shard_fields, group, "shards", error);
	for (guint i = 0; records && i < records_count(records); i++)
		checkpoint_add_shard(checkpoint, records_text(records, i, SHARD_PATH));
	return records != NULL;
}

/* The table of what is made, as rows in order of their tensors; NULL in *made where there is none.
 */
static gboolean read_made(Hid group, Records **made, GError **error)
{
	*made = NULL;
	if (H5Lexists(group, "made", H5P_DEFAULT) <= 0)
		return TRUE;
	*made = records_read(made_fields, group, "made", error);
	return *made != NULL;
}

/* Takes what row `row` says of a tensor. */
static void take_made(const Records *made, guint row, Deferred *deferred, Tensor *tensor)
{
	const char *type = records_text(made, row, MADE_TYPE);
	tensor->stored_type = *type ? g_intern_string(type) : NULL;
	tensor->stored_bytes = records_uint(made, row, MADE_BYTES);
	tensor->difference = records_uint(made, row, MADE_DIFFERENCE) != 0;
	const char *source = records_text(made, row, MADE_SOURCE);
	if (*source)
		tensor->source = deferred_source(deferred, tensor, source);
}

/* The tables that tensors are read from. */
typedef struct {
	const Records *plain, *made; /* made may be NULL */
	guint next;                  /* the first row of made that was not taken */
	const guint64 *limit;
	guint files;
	Deferred *deferred;
} Tables;

static gboolean read_tensor(Tables *tables, guint row, Tensor *tensor, GError **error)
{
	const Records *made = tables->made;
	if (!fill_tensor(tables->plain, row, tensor, error))
		return FALSE;
	if (made && tables->next < records_count(made) &&
		records_uint(made, tables->next, MADE_TENSOR) == row)
		take_made(made, tables->next++, tables->deferred, tensor);
	return span_fits(tensor, records_uint(tables->plain, row, TENSOR_FILE), tables->files,
		tables->limit, error);
}

static gboolean add_tensors(Checkpoint *checkpoint, Tables *tables, GError **error)
{
	for (guint i = 0; i < records_count(tables->plain); i++) {
		Tensor tensor = {0};
		if (!read_tensor(tables, i, &tensor, error)) {
			tensor_clear(&tensor);
			g_prefix_error(error, "tensor %u: ", i);
			return FALSE;
		}
		checkpoint_add_tensor(checkpoint, tensor);
		if (tensor.shard >= checkpoint->shards->len)
			return fail(error, ERROR_INPUT, "tensor %u: there is no such shard", i);
	}
	return TRUE;
}

/* A row of `made` that is of no tensor, or out of order, would leave a tensor to be read as if its
 * bytes lay raw. */
static gboolean read_tensors(
	Checkpoint *checkpoint, const guint64 *limit, Deferred *deferred, Hid group, GError **error)
{
	g_autoptr(Records) plain = records_read(tensor_fields, group, "tensors", error);
	g_autoptr(Records) made = NULL;
	if (!plain || !read_made(group, &made, error))
		return FALSE;
	Tables tables = {.plain = plain,
		.made = made,
		.limit = limit,
		.files = checkpoint->files->len,
		.deferred = deferred};
	if (!add_tensors(checkpoint, &tables, error))
		return FALSE;
	return !made || tables.next == records_count(made) ||
	       fail(error, ERROR_INPUT, "what is said of made tensors is of no tensor");
}

static gboolean read_tied(Checkpoint *checkpoint, Hid group, GError **error)
{
	if (H5Lexists(group, "tied", H5P_DEFAULT) <= 0)
		return TRUE;
	g_autoptr(Records) records = records_read(tied_fields, group, "tied", error);
	for (guint i = 0; records && i < records_count(records); i++)
		checkpoint_add_alias(checkpoint, records_text(records, i, TIED_NAME),
			records_text(records, i, TIED_TO));
	return records != NULL;
}

static gboolean read_about(Checkpoint *checkpoint, Hid group, GError **error)
{
	return H5Lexists(group, "about", H5P_DEFAULT) <= 0 ||
	       texts_read(checkpoint->about, group, "about", error);
}

static gboolean read_skipped(Checkpoint *checkpoint, Hid group, GError **error)
{
	g_autoptr(Records) records = records_read(skipped_fields, group, "skipped", error);
	for (guint i = 0; records && i < records_count(records); i++)
		checkpoint_skip(checkpoint, records_text(records, i, SKIPPED_NAME),
			records_text(records, i, SKIPPED_REASON));
	return records != NULL;
}

gboolean checkpoint_table_read(
	Checkpoint *checkpoint, const guint64 *limit, Deferred *deferred, Hid group, GError **error)
{
	return read_shards(checkpoint, group, error) &&
	       read_tensors(checkpoint, limit, deferred, group, error) &&
	       read_tied(checkpoint, group, error) && read_about(checkpoint, group, error) &&
	       read_skipped(checkpoint, group, error) &&
	       texts_read(checkpoint->metadata, group, "metadata", error) &&
	       checkpoint_seal(checkpoint, error);
}
