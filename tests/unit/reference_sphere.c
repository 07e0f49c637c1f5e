/* reference_sphere.c - directions and subspaces, element by element, from the formulas: slerp
 * (Shoemake 1985), the mean on a sphere (Karcher 1977), Model Stock (Jang et al. 2024), LiNeS (Wang
 * et al. 2024). */
#include "reference.h"

#include <math.h>
#include <string.h>

/* A part of the model whose elements belong together: a tensor, a filter, a row or a column. */
typedef struct {
	gsize at, n, stride;
} Part;

static double dot(const double *a, const double *b, Part part)
{
	double sum = 0;
	for (gsize i = 0; i < part.n; i++)
		sum += a[part.at + i * part.stride] * b[part.at + i * part.stride];
	return sum;
}

static double length(const double *a, Part part)
{
	return sqrt(dot(a, a, part));
}

static GArray *parts_of(const Reference *model, ReferenceAlong along)
{
	GArray *parts = g_array_new(FALSE, FALSE, sizeof(Part));
	for (guint t = 0; t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		gsize n = tensor->n, columns = tensor->n / tensor->rows;
		gsize run = along == ALONG_ROW      ? tensor->columns
			    : along == ALONG_FILTER ? columns
						    : n;
		gboolean across = along == ALONG_COLUMN && tensor->rows > 1;
		for (gsize i = 0; across && i < columns; i++) {
			Part part = {tensor->at + i, tensor->rows, columns};
			g_array_append_val(parts, part);
		}
		for (gsize i = 0; !across && i < n; i += run) {
			Part part = {tensor->at + i, run, 1};
			g_array_append_val(parts, part);
		}
	}
	return parts;
}

/* The inputs, or the whole weights that they make. */
static double **vectors_of(const Reference *model, gboolean weights)
{
	double **v = g_new0(double *, REFERENCE_INPUTS + 1);
	for (guint i = 0; i < REFERENCE_INPUTS; i++) {
		v[i] = g_memdup2(model->x[i], model->n * sizeof(double));
		for (gsize k = 0; weights && k < model->n; k++)
			v[i][k] += model->base[k];
	}
	return v;
}

static void vectors_free(double **v)
{
	for (guint i = 0; i < REFERENCE_INPUTS; i++)
		g_free(v[i]);
	g_free(v);
}

static void take_base(const Reference *model, gboolean weights, double *out)
{
	for (gsize k = 0; weights && k < model->n; k++)
		out[k] -= model->base[k];
}

double *reference_slerp(const Reference *model, double t, gboolean weights, ReferenceAlong along)
{
	double **v = vectors_of(model, weights), *out = g_new0(double, model->n);
	g_autoptr(GArray) parts = parts_of(model, along);
	for (guint i = 0; i < parts->len; i++) {
		Part part = g_array_index(parts, Part, i);
		double lengths = length(v[0], part) * length(v[1], part);
		double omega =
			lengths > 0 ? acos(CLAMP(dot(v[0], v[1], part) / lengths, -1, 1)) : 0;
		double first = 1 - t, second = t;
		if (sin(omega) > 1e-8 && part.n > 1) {
			first = sin((1 - t) * omega) / sin(omega);
			second = sin(t * omega) / sin(omega);
		}
		for (gsize k = 0; k < part.n; k++) {
			gsize at = part.at + k * part.stride;
			out[at] = first * v[0][at] + second * v[1][at];
		}
	}
	take_base(model, weights, out);
	vectors_free(v);
	return out;
}

/* A single number has a sign and no direction: the weighted mean. */
static void add_number(double *const *v, gsize at, const double *w, double *out)
{
	for (guint i = 0; i < REFERENCE_INPUTS; i++)
		out[at] += w[i] * v[i][at];
}

double *reference_multislerp(const Reference *model, const double *w, gboolean weights)
{
	double **v = vectors_of(model, weights), *out = g_new0(double, model->n);
	g_autofree double *mean = g_new0(double, model->n);
	g_autofree double *tangent = g_new0(double, model->n);
	g_autoptr(GArray) parts = parts_of(model, ALONG_TENSOR);
	double sum = w[0] + w[1] + w[2];
	for (guint p = 0; p < parts->len; p++) {
		Part part = g_array_index(parts, Part, p);
		double size = 0, angle;
		const double shares[] = {w[0] / sum, w[1] / sum, w[2] / sum};
		if (part.n == 1) {
			add_number(v, part.at, shares, out);
			continue;
		}
		for (guint i = 0; i < REFERENCE_INPUTS; i++)
			for (gsize k = part.at; k < part.at + part.n; k++)
				mean[k] += w[i] / sum * v[i][k] / length(v[i], part);
		angle = length(mean, part);
		for (gsize k = part.at; k < part.at + part.n; k++)
			mean[k] /= angle;
		for (guint i = 0; i < REFERENCE_INPUTS; i++) {
			double norm = length(v[i], part), along = dot(v[i], mean, part) / norm;
			for (gsize k = part.at; k < part.at + part.n; k++)
				tangent[k] += w[i] / sum * (v[i][k] / norm - along * mean[k]);
			size += w[i] / sum * norm;
		}
		angle = length(tangent, part);
		for (gsize k = part.at; k < part.at + part.n; k++)
			out[k] = size * (mean[k] * cos(angle) +
						(angle > 0 ? tangent[k] * sin(angle) / angle : 0));
	}
	take_base(model, weights, out);
	vectors_free(v);
	return out;
}

/* One step towards the mean of the units; how long it was. */
static double step_to_mean(double *const *v, Part part, double *u, double *tangent)
{
	memset(tangent + part.at, 0, part.n * sizeof *tangent);
	for (guint i = 0; i < REFERENCE_INPUTS; i++) {
		double norm = length(v[i], part);
		double cosine = CLAMP(dot(u, v[i], part) / norm, -1, 1), theta = acos(cosine);
		double by = theta > 1e-12 ? theta / sin(theta) / REFERENCE_INPUTS
					  : 1.0 / REFERENCE_INPUTS;
		for (gsize k = part.at; k < part.at + part.n; k++)
			tangent[k] += by * (v[i][k] / norm - cosine * u[k]);
	}
	double size = length(tangent, part);
	for (gsize k = part.at; size > 0 && k < part.at + part.n; k++)
		u[k] = cos(size) * u[k] + sin(size) * tangent[k] / size;
	return size;
}

double *reference_karcher(const Reference *model, gboolean weights)
{
	double **v = vectors_of(model, weights), *out = g_new0(double, model->n);
	g_autofree double *tangent = g_new0(double, model->n);
	g_autoptr(GArray) parts = parts_of(model, ALONG_TENSOR);
	for (guint p = 0; p < parts->len; p++) {
		Part part = g_array_index(parts, Part, p);
		double size = 0;
		if (part.n == 1) {
			add_number(v, part.at, (const double[]){1 / 3.0, 1 / 3.0, 1 / 3.0}, out);
			continue;
		}
		for (guint i = 0; i < REFERENCE_INPUTS; i++) {
			size += length(v[i], part) / REFERENCE_INPUTS;
			for (gsize k = part.at; k < part.at + part.n; k++)
				out[k] += v[i][k] / length(v[i], part);
		}
		double norm = length(out, part);
		for (gsize k = part.at; k < part.at + part.n; k++)
			out[k] /= norm;
		for (guint i = 0; i < 200 && step_to_mean(v, part, out, tangent) > 1e-14; i++)
			;
		for (gsize k = part.at; k < part.at + part.n; k++)
			out[k] *= size;
	}
	take_base(model, weights, out);
	vectors_free(v);
	return out;
}

double *reference_stock(const Reference *model, ReferenceAlong along)
{
	double *out = g_new0(double, model->n), n = REFERENCE_INPUTS;
	g_autoptr(GArray) parts = parts_of(model, along);
	for (guint p = 0; p < parts->len; p++) {
		Part part = g_array_index(parts, Part, p);
		double cosine = 0, pairs = 0;
		for (guint i = 0; i < REFERENCE_INPUTS; i++)
			for (guint j = i + 1; j < REFERENCE_INPUTS; j++, pairs++) {
				double norms =
					length(model->x[i], part) * length(model->x[j], part);
				cosine +=
					norms > 0 ? dot(model->x[i], model->x[j], part) / norms : 0;
			}
		cosine = CLAMP(cosine / pairs, 0, 1);
		double ratio = n * cosine / (1 + (n - 1) * cosine);
		for (gsize k = part.at; k < part.at + part.n; k++)
			out[k] = ratio * (model->x[0][k] + model->x[1][k] + model->x[2][k]) / n;
	}
	return out;
}

/* Input 0 less what lies along the others, or that; by orthogonalising them one after the other. */
static void split(const Reference *model, Part part, gboolean along, double *out)
{
	g_autofree double *b1 = g_memdup2(model->x[1], model->n * sizeof(double));
	g_autofree double *b2 = g_memdup2(model->x[2], model->n * sizeof(double));
	double square = dot(b1, b1, part);
	double by = square > 0 ? dot(b1, b2, part) / square : 0;
	for (gsize k = part.at; k < part.at + part.n; k++)
		b2[k] -= by * b1[k];
	double left = dot(b2, b2, part);
	double first = square > 0 ? dot(model->x[0], b1, part) / square : 0;
	double second = left > 1e-12 * dot(model->x[2], model->x[2], part)
				? dot(model->x[0], b2, part) / left
				: 0;
	for (gsize k = part.at; k < part.at + part.n; k++) {
		double inside = first * b1[k] + second * b2[k];
		out[k] = along ? inside : model->x[0][k] - inside;
	}
}

double *reference_subspace(const Reference *model, gboolean by_tensor, gboolean along)
{
	double *out = g_new0(double, model->n);
	g_autoptr(GArray) parts = parts_of(model, ALONG_TENSOR);
	if (!by_tensor)
		split(model, (Part){0, model->n, 1}, along, out);
	for (guint i = 0; by_tensor && i < parts->len; i++)
		split(model, g_array_index(parts, Part, i), along, out);
	return out;
}

static void clip_part(const Reference *model, Part part, double relative, double *out)
{
	double norm = length(model->x[0], part), most = relative * length(model->base, part);
	for (gsize k = part.at; k < part.at + part.n; k++)
		out[k] = model->x[0][k] * (norm > most ? most / norm : 1);
}

double *reference_clip(const Reference *model, double relative, gboolean by_tensor)
{
	double *out = g_new0(double, model->n);
	g_autoptr(GArray) parts = parts_of(model, ALONG_TENSOR);
	if (!by_tensor)
		clip_part(model, (Part){0, model->n, 1}, relative, out);
	for (guint i = 0; by_tensor && i < parts->len; i++)
		clip_part(model, g_array_index(parts, Part, i), relative, out);
	return out;
}

double *reference_average(const Reference *model, const double *w, gboolean normalize)
{
	double *out = g_new0(double, model->n), sum = w[0] + w[1] + w[2];
	for (gsize k = 0; k < model->n; k++) {
		for (guint i = 0; i < REFERENCE_INPUTS; i++)
			out[k] += w[i] * (model->base[k] + model->x[i][k]);
		out[k] = out[k] / (normalize ? sum : 1) - model->base[k];
	}
	return out;
}

double *reference_lines(const Reference *model, double alpha, double beta)
{
	double *out = g_new0(double, model->n);
	for (guint t = 0; t < model->tensors; t++)
		for (gsize k = 0; k < model->tensor[t].n; k++)
			out[model->tensor[t].at + k] = model->x[0][model->tensor[t].at + k] *
						       (alpha + beta * model->tensor[t].depth);
	return out;
}
