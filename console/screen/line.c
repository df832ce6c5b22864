// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows of text with looks. All text goes through glyph(), which turns what a terminal could take
 * for a command (control bytes, C1, writing direction, bytes that are no UTF-8) into harmless
 * letters, and knows how many columns each takes. Pure but for the locale's wcwidth(). [screen]
 */
#include "screen/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define GLYPH_BYTES 12
#define COMBINING_MAX                                                                              \
	3 /* on one character; more is play, and some terminals draw over the row above */

static bool ascii_only;

void line_set_ascii(bool ascii)
{
	ascii_only = ascii;
}

bool line_ascii(void)
{
	return ascii_only;
}

/* One character as it is drawn. */
struct glyph {
	char text[GLYPH_BYTES];
	int bytes, cols; /* 0 columns and bytes > 0: combines with the one before */
};

/* Length of the UTF-8 character at s, 0 when it is none (overlong, surrogate, cut). */
static size_t decode(const unsigned char *s, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] >= 0x80 && (s[0] < 0xc2 || s[0] >= 0xf5))
		return 0;
	*cp = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

static bool turns_direction(uint32_t cp)
{
	return cp == 0x61c || cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

/* Joiners, selectors, byte order marks: terminals do not agree on their width. */
static bool is_invisible(uint32_t cp)
{
	return (cp >= 0x200b && cp <= 0x200d) || cp == 0x2060 || cp == 0xfeff || cp == 0xad ||
	       (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0000 && cp <= 0xe0fff);
}

static void escaped(struct glyph *g, uint32_t v)
{
	g->cols = g->bytes =
		snprintf(g->text, sizeof(g->text), v < 0x100 ? "\\x%02x" : "\\u%04x", v);
}

/* Our own signs without UTF-8; foreign ones become "?". */
static char in_ascii(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		char c;
	} as[] = { { 0x2502, '|' }, { 0x2500, '-' }, { 0x2026, '~' }, { 0x25cf, '*' },
		   { 0x2192, '>' }, { 0x25b4, '^' }, { 0x25be, 'v' }, { 0xb5, 'u' },
		   { 0xb7, '.' },   { 0x252c, '-' }, { 0x2534, '-' }, { 0x253c, '+' } };

	for (size_t i = 0; i < sizeof(as) / sizeof(*as); i++)
		if (as[i].cp == cp)
			return as[i].c;
	return '?';
}

/* The character at s; returns how many bytes of s it was. s is not at its end. */
static size_t glyph(const char *s, struct glyph *g)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t cp = 0;
	size_t n = decode(u, &cp);

	g->bytes = 0;
	g->cols = 0;
	if (!n) {
		escaped(g, *u);
		return 1;
	}
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || turns_direction(cp)) {
		escaped(g, cp);
		return n;
	}
	if (is_invisible(cp))
		return n;
	if (ascii_only && cp >= 0x80) {
		g->text[0] = in_ascii(cp);
		g->bytes = g->cols = 1;
		return n;
	}
	g->cols = cp < 0x80 ? 1 : wcwidth((wchar_t)cp);
	if (g->cols < 0) {
		escaped(g, cp);
		return n;
	}
	memcpy(g->text, s, n);
	g->bytes = (int)n;
	return n;
}

void line_init(struct line *l, int width)
{
	l->text[0] = 0;
	l->bytes = l->cols = l->runs = 0;
	l->width = (uint16_t)(width < 0 ? 0 : width > LINE_COLS ? LINE_COLS : width);
}

static void set_look(struct line *l, enum line_look look)
{
	const int most = (int)(sizeof(l->run) / sizeof(*l->run));
	int last = l->runs - 1;

	if (last < 0 ? look == LOOK_PLAIN : l->run[last].look == look)
		return;
	if (last >= 0 && l->run[last].byte == l->bytes) {
		l->run[last].look = (uint8_t)look;
		return;
	}
	if (l->runs == most)
		return;
	l->run[l->runs].byte = l->bytes;
	l->run[l->runs++].look = (uint8_t)look;
}

static void put(struct line *l, const char *text, int bytes, int cols)
{
	if (l->bytes + bytes > LINE_BYTES)
		return;
	memcpy(l->text + l->bytes, text, (size_t)bytes);
	l->bytes = (uint16_t)(l->bytes + bytes);
	l->cols = (uint16_t)(l->cols + cols);
	l->text[l->bytes] = 0;
}

static void spaces(struct line *l, int n)
{
	for (; n > 0 && l->cols < l->width; n--)
		put(l, " ", 1, 1);
}

/* Text in at most max columns of the row; returns what did not fit. A wide character that is half
 * outside leaves a blank. */
static const char *put_cut(struct line *l, const char *s, int max)
{
	int left = l->width - l->cols < max ? l->width - l->cols : max, combining = COMBINING_MAX;
	struct glyph g;

	while (*s) {
		size_t n = glyph(s, &g);

		if (g.bytes && !g.cols && combining++ < COMBINING_MAX)
			put(l, g.text, g.bytes, 0);
		if (g.cols > left) {
			spaces(l, left);
			return s;
		}
		s += n;
		if (!g.cols)
			continue;
		put(l, g.text, g.bytes, g.cols);
		left -= g.cols;
		combining = 0;
	}
	return s;
}

/* The last character of a full row gives way to the sign that more would follow. */
static void mark_cut(struct line *l)
{
	while (l->bytes && l->cols >= l->width) {
		int at = l->bytes - 1;

		while (at && (l->text[at] & 0xc0) == 0x80)
			at--;
		l->cols = (uint16_t)(l->cols - line_cols(l->text + at));
		l->bytes = (uint16_t)at;
		l->text[at] = 0;
	}
	while (l->runs && l->run[l->runs - 1].byte > l->bytes)
		l->runs--;
	spaces(l, l->width - 1 - l->cols);
	put_cut(l, "…", 1);
}

void line_str(struct line *l, enum line_look look, const char *s)
{
	if (!*s)
		return;
	set_look(l, look);
	s = put_cut(l, s, LINE_COLS);
	if (s[strspn(s, " ")])
		mark_cut(l);
}

void line_fmt(struct line *l, enum line_look look, const char *fmt, ...)
{
	char buf[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	line_str(l, look, buf);
}

int line_cols(const char *s)
{
	struct glyph g;
	int cols = 0;

	while (*s && cols < 1 << 20) {
		s += glyph(s, &g);
		cols += g.cols;
	}
	return cols;
}

static void put_field(struct line *l, const char *s, int cols)
{
	if (line_cols(s) <= cols) {
		put_cut(l, s, cols);
	} else if (cols > 0) {
		put_cut(l, s, cols - 1);
		put_cut(l, "…", 1);
	}
}

/* A field at the end of the row is smaller: what is cut there is seen to be cut. */
static int field_cols(const struct line *l, int cols)
{
	return cols < l->width - l->cols ? cols : l->width - l->cols;
}

void line_left(struct line *l, enum line_look look, int cols, const char *s)
{
	int end = l->cols + field_cols(l, cols);

	cols = field_cols(l, cols);
	set_look(l, look);
	put_field(l, s, cols);
	spaces(l, end - l->cols);
}

void line_right(struct line *l, enum line_look look, int cols, const char *s)
{
	cols = field_cols(l, cols);
	set_look(l, look);
	spaces(l, cols - line_cols(s));
	put_field(l, s, cols);
}

void line_pad_to(struct line *l, int col)
{
	set_look(l, LOOK_PLAIN);
	spaces(l, col - l->cols);
}

void line_rule(struct line *l)
{
	set_look(l, LOOK_DIM);
	while (l->cols < l->width)
		put_cut(l, "─", 1);
}

static int with_separators(char *buf, size_t size, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v), k = 0;

	for (int i = 0; i < n && (size_t)k + 2 < size; i++) {
		if (i && (n - i) % 3 == 0)
			buf[k++] = ',';
		buf[k++] = digits[i];
	}
	buf[k] = 0;
	return k;
}

/* 12.3M: three figures and a letter, in five columns at most. */
static void in_si(char *buf, size_t size, uint64_t v)
{
	static const char letter[] = " kMGTPE";
	double d = (double)v;
	int i = 0;

	while (d >= 999.5 && letter[i + 1]) {
		d /= 1000;
		i++;
	}
	if (i)
		snprintf(buf, size, "%.*f%c", d < 9.995 ? 2 : d < 99.95 ? 1 : 0, d, letter[i]);
	else
		snprintf(buf, size, "%.0f", d);
}

void line_number(struct line *l, enum line_look look, int cols, uint64_t v)
{
	char buf[32];

	cols = field_cols(l, cols);
	if (with_separators(buf, sizeof(buf), v) > cols &&
	    snprintf(buf, sizeof(buf), "%llu", (unsigned long long)v) > cols)
		in_si(buf, sizeof(buf), v);
	line_right(l, look, cols, buf);
}

void line_rate(struct line *l, enum line_look look, int cols, uint64_t v, const char *unit)
{
	char figure[16], buf[48];

	in_si(figure, sizeof(figure), v);
	if (v < 1000)
		snprintf(buf, sizeof(buf), "%s %s", figure, unit);
	else /* the letter belongs to the unit: "691 Mb/s" */
		snprintf(buf, sizeof(buf), "%.*s %c%s", (int)strlen(figure) - 1, figure,
			 figure[strlen(figure) - 1], unit);
	line_right(l, look, cols, buf);
}

void line_join(struct line *l, const struct line *piece)
{
	char part[LINE_BYTES + 1];
	int n = piece->runs;

	for (int i = -1; i < n; i++) {
		int from = i < 0 ? 0 : piece->run[i].byte;
		int to = i + 1 < n ? piece->run[i + 1].byte : piece->bytes;

		memcpy(part, piece->text + from, (size_t)(to - from));
		part[to - from] = 0;
		line_str(l, i < 0 ? LOOK_PLAIN : (enum line_look)piece->run[i].look, part);
	}
}

void line_all(struct line *l, enum line_look look)
{
	spaces(l, l->width - l->cols);
	l->runs = 1;
	l->run[0].byte = 0;
	l->run[0].look = (uint8_t)look;
}
