/* svg.h - a canvas as a picture. */
#ifndef TAUSCOPE_SVG_H
#define TAUSCOPE_SVG_H

#include "canvas.h"

/* The canvas in a theme's colours as SVG text; free with g_free. */
char *svg_from_canvas(const Canvas *canvas, guint theme);

#endif
