/* pieces.c - tensors that are cut into blocks of a fixed size, each an item of a parallel run. */
#include "method/pieces.h"

GArray *pieces_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(Piece));
}

const Piece *pieces_at(const GArray *pieces, guint piece)
{
	return &g_array_index(pieces, Piece, piece);
}

guint64 pieces_items(const GArray *pieces)
{
	const Piece *last = pieces->len ? pieces_at(pieces, pieces->len - 1) : NULL;
	return last ? last->first_item + piece_items(last) : 0;
}

void pieces_add(GArray *pieces, guint tensor, guint64 units, guint64 block)
{
	Piece piece = {tensor, units, block, pieces_items(pieces)};
	g_array_append_val(pieces, piece);
}

/* The last that begins at or before the item. */
guint pieces_find(const GArray *pieces, guint64 item)
{
	guint low = 0, high = pieces->len;
	while (high - low > 1) {
		guint middle = low + (high - low) / 2;
		if (pieces_at(pieces, middle)->first_item <= item)
			low = middle;
		else
			high = middle;
	}
	return low;
}

guint64 piece_items(const Piece *piece)
{
	return piece->units / piece->block + (piece->units % piece->block != 0);
}

guint64 piece_first(const Piece *piece, guint64 item)
{
	return (item - piece->first_item) * piece->block;
}

guint64 piece_count(const Piece *piece, guint64 item)
{
	return MIN(piece->block, piece->units - piece_first(piece, item));
}
