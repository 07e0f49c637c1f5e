/* pieces.h - tensors that are cut into blocks of a fixed size, each an item of a parallel run. */
#ifndef TAUSCOPE_PIECES_H
#define TAUSCOPE_PIECES_H

#include <glib.h>

/* One tensor: its items are first_item and those that follow. */
typedef struct {
	guint tensor;
	guint64 units; /* elements, or what else it is cut by */
	guint64 block; /* units of an item; the last may have fewer */
	guint64 first_item;
} Piece;

/* An empty list; g_array_unref. */
GArray *pieces_new(void);
/* Adds a tensor of at least one unit behind the others. */
void pieces_add(GArray *pieces, guint tensor, guint64 units, guint64 block);
const Piece *pieces_at(const GArray *pieces, guint piece);
/* Of all pieces. */
guint64 pieces_items(const GArray *pieces);
/* The number of the piece that an item is of. */
guint pieces_find(const GArray *pieces, guint64 item);

/* How many items a piece has; the units of one of them. */
guint64 piece_items(const Piece *piece);
guint64 piece_first(const Piece *piece, guint64 item);
guint64 piece_count(const Piece *piece, guint64 item);

#endif
