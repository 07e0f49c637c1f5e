/* pointwise.h - what the methods that go element by element compute, written straight from their
 * formulas, on all tensors of `oddments.h` at once. */
#ifndef TAUSCOPE_TEST_POINTWISE_H
#define TAUSCOPE_TEST_POINTWISE_H

#include "oddments.h"

/* One element of all inputs. */
typedef struct {
	guint inputs;
	double x[TASKS];
} Element;

static inline Element element_of(const Odd *odd, guint inputs, guint tensor, guint64 i)
{
	Element element = {.inputs = inputs};
	for (guint j = 0; j < inputs; j++)
		element.x[j] = odd->change[j][tensor][i];
	return element;
}

static inline double sum_of(Element element)
{
	double sum = 0;
	for (guint j = 0; j < element.inputs; j++)
		sum += element.x[j];
	return sum;
}

static inline int compare_numbers(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The number at a place of the ascending order, from 0. */
static inline double at_place(const double *values, guint64 n, double place)
{
	g_autofree double *sorted = g_memdup2(values, n * sizeof *values);
	qsort(sorted, n, sizeof *sorted, compare_numbers);
	return sorted[(guint64)CLAMP(place, 0, (double)n - 1)];
}

static inline void truth_magmax(const Odd *odd, guint inputs, const double *p, double **out)
{
	(void)p;
	for (guint t = 0; t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++) {
			Element e = element_of(odd, inputs, t, i);
			guint best = 0;
			for (guint j = 1; j < inputs; j++)
				if (fabs(e.x[j]) >= fabs(e.x[best]))
					best = j;
			out[t][i] = e.x[best];
		}
}

/* p: λ, k */
static inline void truth_consensus(const Odd *odd, guint inputs, const double *p, double **out)
{
	for (guint t = 0; t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++) {
			Element e = element_of(odd, inputs, t, i);
			double m = sum_of(e), count = 0;
			for (guint j = 0; j < inputs; j++)
				count += fabs(e.x[j]) > p[0] * fabs(m - e.x[j]) ? 1 : 0;
			out[t][i] = count >= p[1] ? m : 0;
		}
}

/* p: the task, or 0 */
static inline void truth_emr(const Odd *odd, guint inputs, const double *p, double **out)
{
	double whole = 0, left = 0;
	guint task = p[0] > 0 ? (guint)p[0] - 1 : 0;
	for (guint t = 0; t < ODDMENTS; t++) {
		double mean_whole = 0, mean_left = 0;
		for (guint64 i = 0; i < odd->n[t]; i++) {
			Element e = element_of(odd, inputs, t, i);
			double gamma = sum_of(e) > 0 ? 1 : -1, largest = 0;
			for (guint j = 0; j < inputs; j++)
				if (e.x[j] * gamma > 0)
					largest = fmax(largest, fabs(e.x[j]));
			out[t][i] = gamma * largest;
			if (p[0] > 0 && !(e.x[task] * gamma > 0))
				out[t][i] = 0;
			mean_whole += fabs(e.x[task]) / (double)odd->n[t];
			mean_left += fabs(out[t][i]) / (double)odd->n[t];
		}
		whole += mean_whole;
		left += mean_left;
	}
	for (guint t = 0; p[0] > 0 && t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++)
			out[t][i] *= whole / left;
}

/* p: t, least |x| in float (mergekit's) or 0 */
static inline void truth_nearswap(const Odd *odd, guint inputs, const double *p, double **out)
{
	(void)inputs;
	for (guint t = 0; t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++) {
			double x = odd->change[0][t][i], size = fabs(x);
			if (p[1] > 0)
				size = fmax((float)size, (float)p[1]);
			out[t][i] = x == 0 ? 0 : fmin(p[0] / size, 1) * x;
		}
}

static inline double truth_divergence(const double *base, const double *change, guint64 n)
{
	double before = 0, after = 0, sum = 0;
	for (guint64 i = 0; i < n; i++) {
		before += exp(base[i]);
		after += exp(base[i] + change[i]);
	}
	for (guint64 i = 0; i < n; i++) {
		double p = exp(base[i] + change[i]) / after + 1e-8;
		double q = exp(base[i]) / before + 1e-8;
		sum += p * log(p / q);
	}
	return sum;
}

static inline void truth_arcee(const Odd *odd, guint inputs, const double *p, double **out)
{
	(void)inputs;
	(void)p;
	for (guint t = 0; t < ODDMENTS; t++) {
		guint64 n = odd->n[t], row = odd->row[t];
		double last = (double)n - 1;
		g_autofree double *importance = g_new(double, n);
		for (guint64 i = 0; i < n; i++) {
			guint64 from = i / row * row;
			importance[i] =
				fabs(odd->change[0][t][i]) * truth_divergence(odd->base[t] + from,
								     odd->change[0][t] + from, row);
		}
		double q1 = at_place(importance, n, floor(0.25 * last));
		double q2 = at_place(importance, n, floor(0.5 * last));
		double q3 = at_place(importance, n, floor(0.75 * last));
		for (guint64 i = 0; i < n; i++)
			out[t][i] =
				importance[i] >= q2 + 1.5 * (q3 - q1) ? odd->change[0][t][i] : 0;
	}
}

static inline double truth_variance(Element element)
{
	double mean = sum_of(element) / element.inputs, sum = 0;
	for (guint j = 0; j < element.inputs; j++)
		sum += (element.x[j] - mean) * (element.x[j] - mean);
	return sum / element.inputs;
}

/* How many are before element i in descending order, equal ones by index. */
static inline guint64 rank_of(const double *values, guint64 n, guint64 i)
{
	guint64 rank = 0;
	for (guint64 k = 0; k < n; k++)
		rank += values[k] > values[i] || (values[k] == values[i] && k < i) ? 1 : 0;
	return rank;
}

/* p: topk, whether it is mergekit's */
static inline guint64 truth_selected(const double *p, const double *variance, guint64 n)
{
	guint64 other = 0;
	for (guint64 i = 0; i < n; i++)
		other += variance[i] > 0 ? 1 : 0;
	if (p[0] >= 1)
		return n;
	if (p[1] > 0)
		return (guint64)floor((double)other * p[0]);
	return p[0] > 0 ? (guint64)fmax(1, floor(p[0] * (double)n + 0.5)) : 0;
}

static inline double truth_fused(Element e, const double *square, double total, gboolean mergekit)
{
	double gamma = sum_of(e) >= 0 ? 1 : -1, value = 0, divisor = 0;
	for (guint j = 0; j < e.inputs; j++) {
		double weight = mergekit && total < 1e-6 ? 1.0 / e.inputs : square[j] / total;
		if (e.x[j] * gamma > 0) {
			value += weight * e.x[j];
			divisor += weight;
		}
	}
	return divisor > 0 ? value / (mergekit ? fmax(divisor, 1e-6) : divisor) : 0;
}

static inline void truth_sce(const Odd *odd, guint inputs, const double *p, double **out)
{
	for (guint t = 0; t < ODDMENTS; t++) {
		guint64 n = odd->n[t];
		double square[TASKS] = {0}, total = 0;
		g_autofree double *variance = g_new(double, n);
		for (guint64 i = 0; i < n; i++)
			variance[i] = truth_variance(element_of(odd, inputs, t, i));
		guint64 selected = truth_selected(p, variance, n);
		for (guint64 i = 0; i < n; i++) {
			out[t][i] = selected == n || rank_of(variance, n, i) < selected ? 1 : 0;
			for (guint j = 0; j < inputs; j++)
				square[j] += out[t][i] * pow(odd->change[j][t][i], 2) / (double)n;
		}
		for (guint j = 0; j < inputs; j++)
			total += square[j];
		for (guint64 i = 0; i < n; i++)
			if (out[t][i] > 0)
				out[t][i] = truth_fused(
					element_of(odd, inputs, t, i), square, total, p[1] > 0);
	}
}

/* p: ε, r, α */
static inline void truth_ram(const Odd *odd, guint inputs, const double *p, double **out)
{
	for (guint t = 0; t < ODDMENTS; t++) {
		double alone[TASKS] = {0}, shared[TASKS] = {0};
		for (guint pass = 0; pass < 2; pass++)
			for (guint64 i = 0; i < odd->n[t]; i++) {
				Element e = element_of(odd, inputs, t, i);
				double sum = 0, scaled = 0, count = 0;
				for (guint j = 0; j < inputs; j++)
					count += fabs(e.x[j]) > p[0] ? 1 : 0;
				for (guint j = 0; j < inputs; j++) {
					if (!(fabs(e.x[j]) > p[0]))
						continue;
					if (pass == 0)
						*(count > 1 ? &shared[j] : &alone[j]) += 1;
					double part = shared[j] / fmax(alone[j], p[0]);
					sum += e.x[j];
					scaled += e.x[j] * (1 + p[1] * fmin(part, p[2]));
				}
				out[t][i] = count > 1 ? sum / count : scaled;
			}
	}
}

/* The whole model as one vector. */
typedef struct {
	guint64 n;
	double *value;
} Long;

static inline Long long_new(const Odd *odd)
{
	Long vector = {0};
	for (guint t = 0; t < ODDMENTS; t++)
		vector.n += odd->n[t];
	vector.value = g_new0(double, vector.n);
	return vector;
}

static inline double between_of(double value, double low, double high)
{
	return high > low ? (fmin(fmax(value, low), high) - low) / (high - low) : 0;
}

/* Σ over the inputs of what competes: adds an input's part to value and divisor.  p: ratio */
static inline void add_competitor(
	const Odd *odd, guint inputs, guint input, double ratio, Long value, Long divisor)
{
	g_autofree double *x = g_new(double, value.n);
	g_autofree double *size = g_new(double, value.n);
	g_autofree double *score = g_new(double, value.n);
	double n = (double)value.n;
	guint64 at = 0;
	for (guint t = 0; t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++, at++) {
			x[at] = odd->change[input][t][i];
			size[at] = fabs(x[at]);
			score[at] = tanh(x[at] * sum_of(element_of(odd, inputs, t, i)));
		}
	double low = at_place(size, value.n, floor(1e-4 * n));
	double high = at_place(size, value.n, floor((1 - 1e-4) * n) - 1);
	for (guint64 i = 0; i < value.n; i++)
		score[i] *= exp(inputs * pow(between_of(size[i], low, high), 2));
	double least = at_place(score, value.n, floor((1 - ratio) * n));
	double most = at_place(score, value.n, n - 1);
	for (guint64 i = 0; i < value.n; i++) {
		double weight = between_of(score[i], least, most);
		value.value[i] += weight * x[i];
		divisor.value[i] += weight;
	}
}

static inline void truth_pcb(const Odd *odd, guint inputs, const double *p, double **out)
{
	Long value = long_new(odd), divisor = long_new(odd);
	guint64 at = 0;
	for (guint j = 0; j < inputs; j++)
		add_competitor(odd, inputs, j, p[0], value, divisor);
	for (guint t = 0; t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++, at++)
			out[t][i] = value.value[at] / fmax(divisor.value[at], 1e-12);
	g_free(value.value);
	g_free(divisor.value);
}

#endif
