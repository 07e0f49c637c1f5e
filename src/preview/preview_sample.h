/* preview_sample.h - the sampled elements as numbers, whole and in parts.
 *
 * Parts are samples of their own: what they say differently is the error of the whole (Mahalanobis'
 * interpenetrating samples; Wolter, Introduction to Variance Estimation, chapter 2).  A tensor that
 * is sampled in part is shared out over them at random; one of which every element is sampled is in
 * each of them. */
#ifndef TAUSCOPE_PREVIEW_SAMPLE_H
#define TAUSCOPE_PREVIEW_SAMPLE_H

#include "method/prepare.h"
#include "preview/preview.h"

#define SAMPLE_PARTS 16u

/* Kept between previews; what is borrowed must outlive it, and a change of it calls for a new one.
 * Of one thread. */
PreviewSample *preview_sample_new(
	const Collection *collection, const SamplePlan *plan, Statistics *const *statistics);
void preview_sample_free(PreviewSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PreviewSample, preview_sample_free)

/* Makes the values of the base and of a member ready, and says whether there are any. */
gboolean preview_sample_take(PreviewSample *sample, guint member);
/* The same of all members that take part in an edit; ERROR_INPUT where one has none. */
gboolean preview_sample_take_all(PreviewSample *sample, const Node *edit, GError **error);
/* With the members that were taken; the others are as if they shared nothing. */
const PrepareSample *preview_sample_whole(const PreviewSample *sample);
const PrepareSample *preview_sample_part(PreviewSample *sample, guint part);

/* Which elements of the whole a part has: [its plan's total]. */
const guint64 *preview_sample_order(PreviewSample *sample, guint part);

/* How many elements of a tensor are sampled, and for how many each of them stands. */
guint64 preview_sample_count(const PreviewSample *sample, guint tensor);
double preview_sample_weight(const PreviewSample *sample, guint tensor);
/* max |τ| over all elements of a tensor; 0 where that is not known. */
double preview_sample_largest(const PreviewSample *sample, guint member, guint tensor);
/* Whether every element is sampled: of a tensor, of all float tensors. */
gboolean preview_sample_has_all(const PreviewSample *sample, guint tensor);
gboolean preview_sample_is_everything(const PreviewSample *sample);
const Collection *preview_sample_collection(const PreviewSample *sample);

/* Room for what was found of the last few edits, by their texts.  Takes the data, which lives at
 * least until another one is kept. */
#define SAMPLE_KEEPS 4u
gpointer preview_sample_kept(PreviewSample *sample, const char *text);
void preview_sample_keep(
	PreviewSample *sample, const char *text, gpointer data, GDestroyNotify free_data);

#endif
