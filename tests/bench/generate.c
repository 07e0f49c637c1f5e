/* generate.c - writes a base and tasks of the shape of a small language model, for benches.
 *
 * generate FOLDER TYPE MEGABYTES TASKS: FOLDER/base.safetensors and FOLDER/task-N.safetensors, each
 * of about MEGABYTES; a task is the base and noise of a hundredth of its size. */
#include "core/dtype.h"
#include "core/rng.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536u
#define LAYERS 4u

typedef struct {
	char *name;
	guint64 rows, columns; /* columns 0: a vector of `rows` */
} Shape;

static guint64 elements_of(const Shape *shape)
{
	return shape->rows * MAX(shape->columns, 1);
}

static void add(GArray *shapes, guint64 rows, guint64 columns, const char *format, guint layer)
{
	g_autoptr(GString) name = g_string_new("model.");
	if (strchr(format, '%') != NULL)
		g_string_append_printf(name, "layers.%u.%s", layer, strchr(format, '%') + 1);
	else
		g_string_append(name, format);
	Shape shape = {g_strdup(name->str), rows, columns};
	g_array_append_val(shapes, shape);
}

static void add_layer(GArray *shapes, guint64 width, guint layer)
{
	add(shapes, width, 0, "%input_layernorm.weight", layer);
	add(shapes, width, width, "%self_attn.q_proj.weight", layer);
	add(shapes, width / 4, width, "%self_attn.k_proj.weight", layer);
	add(shapes, width / 4, width, "%self_attn.v_proj.weight", layer);
	add(shapes, width, width, "%self_attn.o_proj.weight", layer);
	add(shapes, width, 0, "%post_attention_layernorm.weight", layer);
	add(shapes, 3 * width, width, "%mlp.gate_proj.weight", layer);
	add(shapes, 3 * width, width, "%mlp.up_proj.weight", layer);
	add(shapes, width, 3 * width, "%mlp.down_proj.weight", layer);
}

/* A model of some width; the vocabulary fills it up to the wanted number of elements. */
static GArray *model_shapes(guint64 elements)
{
	GArray *shapes = g_array_new(FALSE, FALSE, sizeof(Shape));
	guint64 width = 64, filled = 0;
	while (LAYERS * 12 * (width + 64) * (width + 64) < elements)
		width += 64;
	for (guint layer = 0; layer < LAYERS; layer++)
		add_layer(shapes, width, layer);
	for (guint i = 0; i < shapes->len; i++)
		filled += elements_of(&g_array_index(shapes, Shape, i));
	guint64 vocabulary = elements > filled ? (elements - filled) / width : 0;
	add(shapes, vocabulary, width, "embed_tokens.weight", 0);
	return shapes;
}

static void write_all(FILE *file, const void *bytes, gsize length)
{
	if (fwrite(bytes, 1, length, file) == length)
		return;
	perror("generate");
	exit(EXIT_FAILURE);
}

static void write_header(FILE *file, const GArray *shapes, Dtype dtype)
{
	g_autoptr(GString) header = g_string_new("{");
	guint64 at = 0;
	for (guint i = 0; i < shapes->len; i++) {
		const Shape *shape = &g_array_index(shapes, Shape, i);
		guint64 end = at + elements_of(shape) * dtype_info(dtype)->bits / 8;
		g_autofree char *columns = g_strdup_printf(",%" G_GUINT64_FORMAT, shape->columns);
		g_string_append_printf(header,
			"%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%" G_GUINT64_FORMAT
			"%s],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
			i > 0 ? "," : "", shape->name, dtype_info(dtype)->name, shape->rows,
			shape->columns > 0 ? columns : "", at, end);
		at = end;
	}
	g_string_append_c(header, '}');
	while (header->len % 8 != 0)
		g_string_append_c(header, ' ');
	guint64 length = GUINT64_TO_LE(header->len);
	write_all(file, &length, sizeof length);
	write_all(file, header->str, header->len);
}

static void write_tensor(FILE *file, const Shape *shape, Dtype dtype, guint task)
{
	static double values[BLOCK];
	static guint8 raw[BLOCK * 8];
	guint64 base = rng_key(1, shape->name), noise = rng_key(1 + task, shape->name);
	for (guint64 done = 0, n; done < elements_of(shape); done += n) {
		n = MIN(BLOCK, elements_of(shape) - done);
		for (guint64 i = 0; i < n; i++) {
			values[i] = rng_uniform(base, done + i) - 0.5;
			if (task > 0)
				values[i] += 0.01 * (rng_uniform(noise, done + i) - 0.5);
		}
		dtype_encode(dtype, values, n, raw);
		write_all(file, raw, n * dtype_info(dtype)->bits / 8);
	}
}

static void write_model(const char *path, const GArray *shapes, Dtype dtype, guint task)
{
	FILE *file = fopen(path, "wb");
	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	write_header(file, shapes, dtype);
	for (guint i = 0; i < shapes->len; i++)
		write_tensor(file, &g_array_index(shapes, Shape, i), dtype, task);
	if (fclose(file) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	Dtype dtype;
	if (argc != 5 || !dtype_from_name(argv[2], &dtype) ||
		dtype_info(dtype)->class != CLASS_FLOAT) {
		fputs("usage: generate FOLDER TYPE MEGABYTES TASKS\n", stderr);
		return EXIT_FAILURE;
	}
	guint64 bytes = 1000000 * g_ascii_strtoull(argv[3], NULL, 10);
	guint64 tasks = g_ascii_strtoull(argv[4], NULL, 10);
	g_autoptr(GArray) shapes = model_shapes(bytes * 8 / dtype_info(dtype)->bits);
	for (guint task = 0; task <= tasks; task++) {
		g_autofree char *name = task == 0 ? g_strdup("base.safetensors")
						  : g_strdup_printf("task-%u.safetensors", task);
		g_autofree char *path = g_build_filename(argv[1], name, NULL);
		write_model(path, shapes, dtype, task);
	}
	for (guint i = 0; i < shapes->len; i++)
		g_free(g_array_index(shapes, Shape, i).name);
	return EXIT_SUCCESS;
}
