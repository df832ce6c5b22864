// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON written with one element a line, two spaces a level, as most scripts write it. Values of a
 * text that was read are copied in their own spelling. [engine]
 */
#include "engine/sys/json_out.h"

#include <string.h>

void json_out_line(struct json_out *o)
{
	fprintf(o->f, "%s\n%*s", o->more ? "," : "", (int)(2 * o->depth), "");
	o->more = true;
}

void json_out_open(struct json_out *o, char c)
{
	fputc(c, o->f);
	o->depth++;
	o->more = false;
}

void json_out_close(struct json_out *o, char c)
{
	o->depth--;
	if (o->more)
		fprintf(o->f, "\n%*s", (int)(2 * o->depth), "");
	fputc(c, o->f);
	o->more = true;
}

void json_out_text(struct json_out *o, const char *text)
{
	fputc('"', o->f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(o->f, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(o->f, "\\u%04x", (unsigned)*text);
		else
			fputc(*text, o->f);
	}
	fputc('"', o->f);
}

static void raw(struct json_out *o, const struct json *j, uint32_t off, uint32_t len)
{
	fwrite(j->text + off, 1, len, o->f);
}

void json_out_key(struct json_out *o, const char *key)
{
	json_out_line(o);
	json_out_text(o, key);
	fputs(": ", o->f);
}

void json_out_old_key(struct json_out *o, const struct json *j, uint32_t v)
{
	json_out_line(o);
	fputc('"', o->f);
	raw(o, j, j->v[v].key, j->v[v].key_len);
	fputs("\": ", o->f);
}

void json_out_old(struct json_out *o, const struct json *j, uint32_t v)
{
	uint8_t type = j->v[v].type;
	uint32_t c;

	if (type != JSON_ARRAY && type != JSON_OBJECT) {
		fputs(type == JSON_STRING ? "\"" : "", o->f);
		raw(o, j, j->v[v].off, j->v[v].len);
		fputs(type == JSON_STRING ? "\"" : "", o->f);
		return;
	}
	json_out_open(o, type == JSON_ARRAY ? '[' : '{');
	for (c = j->v[v].child; c; c = j->v[c].next) {
		if (type == JSON_ARRAY)
			json_out_line(o);
		else
			json_out_old_key(o, j, c);
		json_out_old(o, j, c);
	}
	json_out_close(o, type == JSON_ARRAY ? ']' : '}');
}
