/* table.h - any table as aligned text, CSV or JSON. */
#ifndef TAUSCOPE_TABLE_H
#define TAUSCOPE_TABLE_H

#include <glib.h>

typedef enum { TABLE_TEXT, TABLE_CSV } TableFormat;

/* Columns of names (left-aligned) and numbers (right-aligned; 3 significant digits in text, all in
 * CSV). */
typedef struct Table Table;
Table *table_new(const char *title); /* the title is shown above the text form; may be NULL */
/* One more line between the title and the headings of the text form. */
void table_add_line(Table *table, const char *line);
/* One more line below the rows of the text form. */
void table_add_note(Table *table, const char *line);
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

void table_add_text_column(Table *table, const char *heading);
void table_add_number_column(Table *table, const char *heading);
/* Numbers that are compared down the column: a fixed count of decimals in text. */
void table_add_fixed_column(Table *table, const char *heading, guint decimals);
/* Cells of the current row, left to right; a row begins by itself when the last one is full. */
void table_add_text(Table *table, const char *text);
void table_add_number(Table *table, double value);
void table_add_count(Table *table, guint64 value);
/* A cell with nothing to tell: `-` in text, empty in CSV. */
void table_add_none(Table *table);
guint table_cells(const Table *table);

/* Text: columns padded with spaces, names made safe to show, `·` for what is not finite.
 * CSV: RFC 4180, one heading line, empty for what is not finite, cells that begin with = + - @ and
 * are not numbers get a leading apostrophe.  Free with g_free. */
char *table_print(const Table *table, TableFormat format);

#endif
