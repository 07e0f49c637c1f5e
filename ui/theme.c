/* theme.c - what each role looks like on a terminal of 256, 8 or no colours.
 *
 * The ramps keep their order of lightness on each side and stay apart for colour-blind eyes; the
 * number in a cell carries its sign, so no meaning hangs on colour alone. */
#include "theme.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THEME_DARK, THEME_LIGHT, THEME_EIGHT, THEME_PLAIN, THEME_COUNT };

enum { BLACK_256 = 16, WHITE_256 = 231 };

static const Theme themes[THEME_COUNT] = {
	[THEME_DARK] = {"dark", 256},
	[THEME_LIGHT] = {"light", 256},
	[THEME_EIGHT] = {"eight", 8},
	[THEME_PLAIN] = {"plain", 0},
};

static const gint16 ramp_dark[HEAT_LEVELS] = {153, 69, 31, 27, 24, 234, 130, 137, 208, 216, 221};
static const gint16 ramp_light[HEAT_LEVELS] = {17, 24, 31, 74, 153, 255, 223, 216, 173, 130, 88};

static const Style heat_eight[HEAT_LEVELS] = {
	{7, 4, STYLE_BOLD},
	{7, 4, 0},
	{4, -1, STYLE_BOLD},
	{4, -1, 0},
	{-1, -1, 0},
	{-1, -1, 0},
	{-1, -1, 0},
	{1, -1, 0},
	{1, -1, STYLE_BOLD},
	{7, 1, 0},
	{7, 1, STYLE_BOLD},
};

static const Style heat_plain[HEAT_LEVELS] = {
	{-1, -1, STYLE_BOLD | STYLE_UNDERLINE},
	{-1, -1, STYLE_BOLD | STYLE_UNDERLINE},
	{-1, -1, STYLE_UNDERLINE},
	{-1, -1, STYLE_UNDERLINE},
	{-1, -1, 0},
	{-1, -1, STYLE_DIM},
	{-1, -1, 0},
	{-1, -1, 0},
	{-1, -1, 0},
	{-1, -1, STYLE_BOLD},
	{-1, -1, STYLE_BOLD},
};

static const Style styles[THEME_COUNT][ROLE_HEAT] =
	{
		[THEME_DARK] =
			{
				[ROLE_NORMAL] = {-1, -1, 0},
				[ROLE_DIM] = {245, -1, 0},
				[ROLE_TITLE] = {221, -1, STYLE_BOLD},
				[ROLE_HEADING] = {110, -1, STYLE_BOLD},
				[ROLE_RULE] = {240, -1, 0},
				[ROLE_SELECTED] = {231, 238, STYLE_BOLD},
				[ROLE_MARKED] = {221, -1, 0},
				[ROLE_KEY] = {117, -1, STYLE_BOLD},
				[ROLE_WARNING] = {214, -1, 0},
				[ROLE_ERROR] = {210, -1, STYLE_BOLD},
				[ROLE_GOOD] = {114, -1, 0},
				[ROLE_BAR] = {75, -1, 0},
				[ROLE_GHOST] = {248, -1, 0},
				[ROLE_INPUT] = {255, 236, 0},
				[ROLE_OVERLAY] = {252, -1, 0},
				[ROLE_SERIES] = {75, -1, 0},
				[ROLE_SERIES + 1] = {215, -1, 0},
				[ROLE_SERIES + 2] = {114, -1, 0},
				[ROLE_SERIES + 3] = {176, -1, 0},
				[ROLE_SERIES + 4] = {228, -1, 0},
				[ROLE_SERIES + 5] = {80, -1, 0},
			},
		[THEME_LIGHT] =
			{
				[ROLE_NORMAL] = {-1, -1, 0},
				[ROLE_DIM] = {243, -1, 0},
				[ROLE_TITLE] = {25, -1, STYLE_BOLD},
				[ROLE_HEADING] = {24, -1, STYLE_BOLD},
				[ROLE_RULE] = {248, -1, 0},
				[ROLE_SELECTED] = {16, 253, STYLE_BOLD},
				[ROLE_MARKED] = {94, -1, 0},
				[ROLE_KEY] = {25, -1, STYLE_BOLD},
				[ROLE_WARNING] = {130, -1, 0},
				[ROLE_ERROR] = {124, -1, STYLE_BOLD},
				[ROLE_GOOD] = {28, -1, 0},
				[ROLE_BAR] = {31, -1, 0},
				[ROLE_GHOST] = {240, -1, 0},
				[ROLE_INPUT] = {16, 254, 0},
				[ROLE_OVERLAY] = {236, -1, 0},
				[ROLE_SERIES] = {25, -1, 0},
				[ROLE_SERIES + 1] = {166, -1, 0},
				[ROLE_SERIES + 2] = {28, -1, 0},
				[ROLE_SERIES + 3] = {90, -1, 0},
				[ROLE_SERIES + 4] = {94, -1, 0},
				[ROLE_SERIES + 5] = {30, -1, 0},
			},
		[THEME_EIGHT] =
			{
				[ROLE_NORMAL] = {-1, -1, 0},
				[ROLE_DIM] = {-1, -1, STYLE_DIM},
				[ROLE_TITLE] = {3, -1, STYLE_BOLD},
				[ROLE_HEADING] = {6, -1, STYLE_BOLD},
				[ROLE_RULE] = {-1, -1, STYLE_DIM},
				[ROLE_SELECTED] = {-1, -1, STYLE_REVERSE},
				[ROLE_MARKED] = {3, -1, 0},
				[ROLE_KEY] = {6, -1, STYLE_BOLD},
				[ROLE_WARNING] = {3, -1, STYLE_BOLD},
				[ROLE_ERROR] = {1, -1, STYLE_BOLD},
				[ROLE_GOOD] = {2, -1, 0},
				[ROLE_BAR] = {4, -1, STYLE_BOLD},
				[ROLE_GHOST] = {-1, -1, STYLE_DIM},
				[ROLE_INPUT] = {-1, -1, STYLE_UNDERLINE},
				[ROLE_OVERLAY] = {-1, -1, 0},
				[ROLE_SERIES] = {4, -1, STYLE_BOLD},
				[ROLE_SERIES + 1] = {3, -1, 0},
				[ROLE_SERIES + 2] = {2, -1, 0},
				[ROLE_SERIES + 3] = {5, -1, 0},
				[ROLE_SERIES + 4] = {1, -1, 0},
				[ROLE_SERIES + 5] = {6, -1, 0},
			},
		[THEME_PLAIN] =
			{
				[ROLE_NORMAL] = {-1, -1, 0},
				[ROLE_DIM] = {-1, -1, STYLE_DIM},
				[ROLE_TITLE] = {-1, -1, STYLE_BOLD},
				[ROLE_HEADING] = {-1, -1, STYLE_BOLD},
				[ROLE_RULE] = {-1, -1, STYLE_DIM},
				[ROLE_SELECTED] = {-1, -1, STYLE_REVERSE},
				[ROLE_MARKED] = {-1, -1, STYLE_BOLD},
				[ROLE_KEY] = {-1, -1, STYLE_BOLD},
				[ROLE_WARNING] = {-1, -1, STYLE_BOLD},
				[ROLE_ERROR] = {-1, -1, STYLE_BOLD},
				[ROLE_GOOD] = {-1, -1, 0},
				[ROLE_BAR] = {-1, -1, 0},
				[ROLE_GHOST] = {-1, -1, STYLE_DIM},
				[ROLE_INPUT] = {-1, -1, STYLE_UNDERLINE},
				[ROLE_OVERLAY] = {-1, -1, 0},
				[ROLE_SERIES] = {-1, -1, 0},
				[ROLE_SERIES + 1] = {-1, -1, 0},
				[ROLE_SERIES + 2] = {-1, -1, 0},
				[ROLE_SERIES + 3] = {-1, -1, 0},
				[ROLE_SERIES + 4] = {-1, -1, 0},
				[ROLE_SERIES + 5] = {-1, -1, 0},
			},
};

/* xterm's first sixteen colours. */
static const guint32 system_rgb[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
	0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
	0xffffff};

guint theme_count(void)
{
	return THEME_COUNT;
}

const Theme *theme_get(guint theme)
{
	return &themes[theme % THEME_COUNT];
}

/* COLORFGBG is "FOREGROUND;BACKGROUND" in the first sixteen colours, set by some terminals. */
static gboolean background_is_light(void)
{
	const char *colours = g_getenv("COLORFGBG");
	const char *background = colours ? strrchr(colours, ';') : NULL;
	if (!background || !g_ascii_isdigit(background[1]))
		return FALSE;
	int index = atoi(background + 1);
	return index == 7 || (index >= 9 && index <= 15);
}

guint theme_for(guint colours)
{
	if (colours >= 256)
		return background_is_light() ? THEME_LIGHT : THEME_DARK;
	return colours >= 8 ? THEME_EIGHT : THEME_PLAIN;
}

guint theme_next(guint theme, guint colours)
{
	guint next = theme;
	do
		next = (next + 1) % THEME_COUNT;
	while (themes[next].colours > colours);
	return next;
}

static double linear(guint32 channel)
{
	double value = channel / 255.0;
	return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* Relative luminance of WCAG 2. */
static double luminance(gint16 index)
{
	guint32 rgb = theme_rgb(index);
	return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8 & 0xff) +
	       0.0722 * linear(rgb & 0xff);
}

static Style heat_style(gint16 background)
{
	gint16 foreground = luminance(background) > 0.18 ? BLACK_256 : WHITE_256;
	return (Style){foreground, background, 0};
}

Style theme_style(guint theme, Role role)
{
	guint row = theme % THEME_COUNT;
	if (role < ROLE_HEAT)
		return styles[row][role];
	guint level = MIN((guint)(role - ROLE_HEAT), HEAT_LEVELS - 1);
	switch (row) {
	case THEME_DARK:
		return heat_style(ramp_dark[level]);
	case THEME_LIGHT:
		return heat_style(ramp_light[level]);
	case THEME_EIGHT:
		return heat_eight[level];
	default:
		return heat_plain[level];
	}
}

guint32 theme_rgb(gint16 index)
{
	static const guint8 steps[6] = {0, 95, 135, 175, 215, 255};
	if (index < 0 || index > 255)
		return 0;
	if (index < 16)
		return system_rgb[index];
	if (index >= 232)
		return (guint32)(8 + 10 * (index - 232)) * 0x010101u;
	guint32 cube = (guint32)index - 16;
	guint32 red = steps[cube / 36], green = steps[cube / 6 % 6], blue = steps[cube % 6];
	return red << 16 | green << 8 | blue;
}
