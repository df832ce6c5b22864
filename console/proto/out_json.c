// SPDX-License-Identifier: GPL-2.0-only
/* A result as JSON on one line. Integers are written as integers, whatever their size. */
#include <inttypes.h>
#include <math.h>

#include "proto/out_int.h"

static void number(struct buf *b, int decimals, double v)
{
	if (isfinite(v))
		buf_printf(b, "%.*f", decimals, v);
	else
		buf_str(b, "null");
}

static void scalar(struct buf *b, const struct out_item *it)
{
	char time[OUT_TIME_TEXT];

	switch (it->kind) {
	case OUT_U64:
	case OUT_ID:
	case OUT_BYTES:
	case OUT_NS:
		buf_u64(b, it->u);
		break;
	case OUT_I64:
		buf_printf(b, "%" PRId64, it->i);
		break;
	case OUT_NUMBER:
		number(b, 1, it->d);
		break;
	case OUT_RATIO:
		number(b, 4, it->d);
		break;
	case OUT_BOOL:
		buf_str(b, it->u ? "true" : "false");
		break;
	case OUT_STR:
		buf_json_str(b, it->s);
		break;
	case OUT_TIME:
		buf_json_str(b, out_time_text(it->i, time));
		break;
	default:
		buf_str(b, "null");
	}
}

/* Containers end in the order they were opened, so one closing bracket a level is all there is to
 * remember. */
void out_json(const struct out *o, struct buf *b)
{
	char close[OUT_DEPTH];
	unsigned depth = 0;

	if (!o->n)
		buf_str(b, "{}");
	for (uint32_t i = 0; i < o->n; i++) {
		const struct out_item *it = &o->item[i];

		if (it->kind == OUT_END) {
			buf_char(b, close[--depth]);
			continue;
		}
		if (depth)
			buf_json_key(b, it->key);
		if (!out_is_container(it)) {
			scalar(b, it);
			continue;
		}
		buf_char(b, it->kind == OUT_OBJECT ? '{' : '[');
		close[depth++] = it->kind == OUT_OBJECT ? '}' : ']';
	}
}
