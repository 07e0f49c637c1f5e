/* align_private.h - what the files of aligning share: both sides' names, as they are changed. */
#ifndef TAUSCOPE_ALIGN_PRIVATE_H
#define TAUSCOPE_ALIGN_PRIVATE_H

#include "checkpoint/align.h"

/* A name of a tensor: its own, one that it is tied to, or what a rule made of one. */
typedef struct {
	const char *text;
	guint tensor;
	gboolean used; /* it has its partner */
	guint changes; /* bits of the conventions that changed it */
	guint twin;    /* the number of the name that a rule made it of, counted from 1; or 0 */
} AlignName;

typedef struct {
	const Checkpoint *checkpoint;
	GArray *names;     /* of AlignName: the tensors' own first, then the tied */
	gboolean *matched; /* [tensors] */
	guint unmatched;   /* tensors */
	gboolean once;     /* a tensor has one partner, under whichever of its names */
} AlignSide;

typedef struct {
	AlignSide base, member;
	gint *place;
	GStringChunk *texts; /* that names are made in */
	GPtrArray *rules, *notes;
} Aligner;

AlignName *align_name(const AlignSide *side, guint number);
/* Whether a name may still be given a partner. */
gboolean align_is_open(const AlignSide *side, const AlignName *name);
/* Whether shapes let two names be the same: equal, or rows of a vocabulary that grew. */
gboolean align_fits(const Aligner *aligner, const AlignName *base, const AlignName *member);
void align_pair(Aligner *aligner, AlignName *base, AlignName *member);
/* Says a rule, once; made safe to show. */
void align_say(Aligner *aligner, const char *rule);
/* Adds a sentence about the member, made safe to show. */
void align_note(Aligner *aligner, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Open names by their text, each with its AlignName; those that tensors compete for have NULL. */
GHashTable *align_index(const AlignSide *side);

/* The steps before and after equal names. */
gboolean align_rename(Aligner *aligner, const GPtrArray *renames, GError **error);
void align_prefix(Aligner *aligner);
void align_conventions(Aligner *aligner);

/* Conventions of Keras, which are about all names of a side together: whether any name changed. */
gboolean align_keras_scopes(AlignSide *side, GStringChunk *texts, guint bit);
gboolean align_keras_numbers(AlignSide *side, GStringChunk *texts, guint bit);
gboolean align_keras_variables(AlignSide *side, GStringChunk *texts, guint bit);
/* Gives a name another text, and marks it. */
gboolean align_change(AlignName *name, GStringChunk *texts, const char *text, guint bit);

#endif
