/* method_rows.h - the rows of the table of methods, each defined in the file of its family. */
#ifndef TAUSCOPE_METHOD_ROWS_H
#define TAUSCOPE_METHOD_ROWS_H

#include "edit/method.h"

/* method_linear.c */
extern const Method method_sum, method_mean, method_average, method_passthrough, method_lines,
	method_lines_multi;
/* method_elect.c */
extern const Method method_trim, method_ties, method_dare, method_dare_ties, method_breadcrumbs,
	method_breadcrumbs_ties, method_della, method_della_linear;
/* method_sphere.c */
extern const Method method_slerp, method_nuslerp, method_multislerp, method_karcher, method_stock;
/* method_subspace.c */
extern const Method method_orthogonal, method_project, method_clip, method_match_norm;
/* method_pick.c, method_sce.c, method_ram.c, method_swap.c, method_arcee.c, method_pcb.c */
extern const Method method_magmax, method_consensus, method_emr, method_sce, method_ram,
	method_ramplus_tl, method_nearswap, method_arcee_fusion, method_pcb;
/* method_random.c */
extern const Method method_random_like;

#endif
