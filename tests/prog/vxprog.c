// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver of the program tests: a command a line on stdin, a JSON object a line on stdout.
 *
 *   reset                        all defaults, nothing remembered
 *   set NAME VALUE               port vni other-vni allow-mode match unmatched truncated paused mtu
 * src-mac nexthop4 nexthop6 rings linear allow CIDR | unallow CIDR nat RULE MAC|none
 * udp/31765=172.30.82.95:8081 02:00:00:00:00:01 run HEX                      vx_explain, then
 * vx_pipeline, on the frame bench N HEX                  nanoseconds a run of vx_pipeline takes,
 * average of N counters | hits age-frags NS                 makes remembered verdicts older
 *
 * {"ok":true} or {"error":"..."} where nothing is asked. `linear N` puts only the first N bytes of
 * a frame into its linear part (kernels >= 6.18), as drivers with small buffers do.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern.h"

#define ARGS_MAX 4

static struct kern kern;

static const char *const row_names[VX_L_N] = {
#define ROW_NAME(id, name, group, help) [VX_L_##id] = name,
	VX_LEDGER(ROW_NAME)
#undef ROW_NAME
};

static const enum vx_ledger_group row_groups[VX_L_N] = {
#define ROW_GROUP(id, name, group, help) [VX_L_##id] = VX_G_##group,
	VX_LEDGER(ROW_GROUP)
#undef ROW_GROUP
};

/* --- words of the command lines */
static int parse_num(const char *text, unsigned long long max, unsigned long long *out,
		     struct vx_err *err)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *out > max)
		return vx_err_set(err, -EINVAL, "'%s': expected 0 to %llu", text, max);
	return 0;
}

static int parse_word(const char *text, const char *const words[], uint32_t *out,
		      struct vx_err *err)
{
	for (uint32_t i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*out = i;
			return 0;
		}
	}
	return vx_err_set(err, -EINVAL, "unknown value '%s'", text);
}

static int parse_mac(const char *text, struct vx_nexthop *out, struct vx_err *err)
{
	char tail;

	memset(out, 0, sizeof(*out));
	if (!strcmp(text, "none"))
		return 0;
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &out->mac[0], &out->mac[1],
		   &out->mac[2], &out->mac[3], &out->mac[4], &out->mac[5], &tail) != 6)
		return vx_err_set(err, -EINVAL, "bad MAC address '%s'", text);
	out->ok = 1;
	return 0;
}

static int parse_addr(const char *text, uint8_t *family, uint8_t addr[static 16],
		      struct vx_err *err)
{
	memset(addr, 0, 16);
	*family = strchr(text, ':') ? VX_IP6 : VX_IP4;
	if (inet_pton(*family == VX_IP6 ? AF_INET6 : AF_INET, text, addr) != 1)
		return vx_err_set(err, -EINVAL, "bad address '%s'", text);
	return 0;
}

static int parse_prefix(const char *text, struct kern_prefix *out, struct vx_err *err)
{
	char copy[KERN_RULE_TEXT], *rest = copy, *addr;
	unsigned long long len;
	int rc;

	memset(out, 0, sizeof(*out));
	snprintf(copy, sizeof(copy), "%s", text);
	addr = strsep(&rest, "/");
	rc = parse_addr(addr, &out->family, out->addr, err);
	if (rc)
		return rc;
	len = out->family == VX_IP4 ? 32 : 128;
	rc = rest ? parse_num(rest, len, &len, err) : 0;
	out->len = (uint8_t)len;
	return rc;
}

/* ADDR:PORT or [ADDR]:PORT */
static int parse_target(char *text, struct kern_nat *out, struct vx_err *err)
{
	char *colon = strrchr(text, ':'), *addr = text;
	unsigned long long port;
	int rc;

	if (!colon)
		return vx_err_set(err, -EINVAL, "nat: no port in '%s'", text);
	*colon = '\0';
	if (*addr == '[' && colon[-1] == ']') {
		addr++;
		colon[-1] = '\0';
	}
	rc = parse_addr(addr, &out->family, out->to, err);
	rc = rc ? rc : parse_num(colon + 1, 65535, &port, err);
	if (!rc)
		out->to_port = (uint16_t)port;
	return rc;
}

/* PROTO/PORT[@CIDR]=TARGET */
static int parse_rule(const char *text, struct kern_nat *out, struct vx_err *err)
{
	char copy[KERN_RULE_TEXT], *rest = copy, *key, *proto, *port;
	unsigned long long num;
	int rc;

	memset(out, 0, sizeof(*out));
	snprintf(copy, sizeof(copy), "%s", text);
	key = strsep(&rest, "=");
	snprintf(out->key, sizeof(out->key), "%s", key);
	if (!rest)
		return vx_err_set(err, -EINVAL, "nat: no '=' in '%s'", text);
	rc = parse_target(rest, out, err);
	proto = strsep(&key, "/");
	port = strsep(&key, "@");
	if (rc || !port)
		return rc ? rc : vx_err_set(err, -EINVAL, "nat: no port in '%s'", text);
	out->proto = !strcmp(proto, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
	rc = parse_num(port, 65535, &num, err);
	out->port = rc ? 0 : (uint16_t)num;
	out->has_prefix = key;
	return rc || !key ? rc : parse_prefix(key, &out->prefix, err);
}

/* -EINVAL when it is not hexadecimal, else the number of bytes. */
static int parse_hex(const char *text, uint8_t *out, size_t max, struct vx_err *err)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; text[2 * n] && n < max; n++) {
		const char *hi = strchr(digits, tolower((unsigned char)text[2 * n]));
		const char *lo = strchr(digits, tolower((unsigned char)text[2 * n + 1]));

		if (!hi || !lo || !*lo)
			return vx_err_set(err, -EINVAL, "bad hexadecimal at byte %zu", n);
		out[n] = (uint8_t)((hi - digits) << 4 | (lo - digits));
	}
	if (text[2 * n])
		return vx_err_set(err, -EINVAL, "frame longer than %zu bytes", max);
	return (int)n;
}

/* --- set */
static int set_vni(const char *value, struct vx_err *err)
{
	char copy[1024], *rest = copy;
	int rc = kern_clear_vnis(&kern, err);

	kern.cfg->vni_any = !strcmp(value, "any");
	snprintf(copy, sizeof(copy), "%s", value);
	while (!kern.cfg->vni_any && !rc && rest) {
		unsigned long long vni;

		rc = parse_num(strsep(&rest, ","), 0xffffff, &vni, err);
		rc = rc ? rc : kern_add_vni(&kern, (uint32_t)vni, err);
	}
	return rc;
}

static int set_mac(const char *name, const char *value, struct vx_err *err)
{
	struct vx_nexthop hop;
	int rc = parse_mac(value, &hop, err);

	if (rc)
		return rc;
	if (!strcmp(name, "src-mac")) {
		memcpy(kern.cfg->src_mac, hop.mac, sizeof(hop.mac));
		return 0;
	}
	return kern_set_nexthop(&kern, !strcmp(name, "nexthop4") ? VX_NH_UNNAT4 : VX_NH_UNNAT6,
				&hop, err);
}

static int set_number(const char *name, const char *value, struct vx_err *err)
{
	unsigned long long num;
	int rc = parse_num(value, 65535, &num, err);

	if (rc)
		return rc;
	if (!strcmp(name, "rings"))
		return kern_set_rings(&kern, (uint32_t)num, err);
	if (!strcmp(name, "port"))
		kern.cfg->port = (__u16)num;
	else if (!strcmp(name, "mtu"))
		kern.cfg->egress_mtu = (__u32)num;
	else if (!strcmp(name, "paused"))
		kern.cfg->paused = (__u32)num;
	else
		kern.linear = (uint32_t)num;
	return 0;
}

static const char *const other_words[] = {"pass", "drop", NULL};
static const char *const mode_words[] = {"off", "count", "enforce", NULL};
static const char *const match_words[] = {"any", "src", "dst", NULL};
static const char *const forward_words[] = {"drop", "forward", NULL};
static const char *const number_names[] = {"port", "mtu", "paused", "rings", "linear", NULL};
static const char *const mac_names[] = {"src-mac", "nexthop4", "nexthop6", NULL};

static int cmd_set(char **args, struct vx_err *err)
{
	const struct {
		const char *name;
		__u32 *field;
		const char *const *words;
	} choices[] = {
		{"other-vni", &kern.cfg->other_vni, other_words},
		{"allow-mode", &kern.cfg->allow_mode, mode_words},
		{"match", &kern.cfg->match, match_words},
		{"unmatched", &kern.cfg->unmatched, forward_words},
		{"truncated", &kern.cfg->truncated, forward_words},
	};
	uint32_t i;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (!strcmp(args[1], choices[i].name))
			return parse_word(args[2], choices[i].words, choices[i].field, err);
	if (!strcmp(args[1], "vni"))
		return set_vni(args[2], err);
	if (!parse_word(args[1], number_names, &i, err))
		return set_number(args[1], args[2], err);
	if (!parse_word(args[1], mac_names, &i, err))
		return set_mac(args[1], args[2], err);
	return vx_err_set(err, -EINVAL, "set: unknown setting '%s'", args[1]);
}

/* --- the other commands */
static int cmd_reset(char **args, struct vx_err *err)
{
	(void)args;
	return kern_reset(&kern, err);
}

static int cmd_allow(char **args, struct vx_err *err)
{
	struct kern_prefix prefix;
	int rc = parse_prefix(args[1], &prefix, err);

	return rc ? rc : kern_allow(&kern, args[1], &prefix, err);
}

static int cmd_unallow(char **args, struct vx_err *err)
{
	struct kern_prefix prefix;
	int rc = parse_prefix(args[1], &prefix, err);

	return rc ? rc : kern_unallow(&kern, &prefix, err);
}

static int cmd_nat(char **args, struct vx_err *err)
{
	struct kern_nat rule;
	int rc = parse_rule(args[1], &rule, err);

	rc = rc ? rc : parse_mac(args[2], &rule.hop, err);
	return rc ? rc : kern_add_nat(&kern, &rule, err);
}

static int cmd_age(char **args, struct vx_err *err)
{
	unsigned long long ns;
	int rc = parse_num(args[1], UINT64_MAX, &ns, err);

	return rc ? rc : kern_age_frags(&kern, ns, err);
}

static int cmd_bench(char **args, struct vx_err *err)
{
	static uint8_t frame[KERN_FRAME_MAX];
	static struct kern_run run;
	unsigned long long repeat;
	uint32_t ns;
	int len, rc;

	rc = parse_num(args[1], 100000000, &repeat, err);
	if (rc)
		return rc;
	len = parse_hex(args[2], frame, sizeof(frame), err);
	if (len < 0)
		return len;
	rc = kern_test_run(&kern, false, frame, (uint32_t)len, (uint32_t)repeat, &run, &ns, err);
	kern_drop_records(&kern);
	if (!rc)
		printf("{\"ns\":%u}\n", ns);
	return rc ? rc : 1;
}

static int cmd_counters(char **args, struct vx_err *err)
{
	uint64_t row[VX_L_N];
	int rc = kern_read_rows(&kern, row, err);

	(void)args;
	if (rc)
		return rc;
	for (int i = 0; i < VX_L_N; i++) /* other_vni is two rows, of which only one can move */
		if (i != VX_L_OTHER_VNI_DROP)
			printf("%s\"%s\":%llu", i ? "," : "{", row_names[i],
			       (unsigned long long)(i == VX_L_OTHER_VNI_PASS
							    ? row[i] + row[VX_L_OTHER_VNI_DROP]
							    : row[i]));
	puts("}");
	return 1;
}

static int cmd_hits(char **args, struct vx_err *err)
{
	const char *sep = "";
	uint64_t n;

	(void)args;
	printf("{\"allow\":{");
	for (uint32_t i = 0; i < kern.n_allow; i++) {
		if (!kern.allow[i].text[0] || kern_read_hits(&kern, false, i, &n, err))
			continue;
		printf("%s\"%s\":%llu", sep, kern.allow[i].text, (unsigned long long)n);
		sep = ",";
	}
	printf("},\"nat\":{");
	for (uint32_t i = 0; i < kern.n_nat; i++)
		if (!kern_read_hits(&kern, true, i, &n, err))
			printf("%s\"%s\":%llu", i ? "," : "", kern.nat[i].key,
			       (unsigned long long)n);
	puts("}}");
	return 1;
}

/* --- run */
static void print_hex(const uint8_t *data, uint32_t n)
{
	static const char digits[] = "0123456789abcdef";

	putchar('"');
	for (uint32_t i = 0; i < n; i++) {
		putchar(digits[data[i] >> 4]);
		putchar(digits[data[i] & 15]);
	}
	putchar('"');
}

/* The rows that moved, by name; the entry row only when it did not move by exactly one. */
static void print_moved(const uint64_t *before, const uint64_t *after)
{
	const char *sep = "";

	putchar('"');
	for (int i = 0; i < VX_L_N; i++) {
		uint64_t by = after[i] - before[i];

		if (row_groups[i] == VX_G_NOTE || by == (row_groups[i] == VX_G_ENTRY))
			continue;
		printf("%s%s", sep, row_names[i]);
		if (by != 1)
			printf("*%llu", (unsigned long long)by);
		sep = ",";
	}
	putchar('"');
}

static void print_action(uint32_t action)
{
	if (action == XDP_PASS)
		printf("{\"action\":\"pass\"");
	else if (action == XDP_DROP)
		printf("{\"action\":\"drop\"");
	else
		printf("{\"action\":\"other:%u\"", action);
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

struct outcome {
	uint8_t frame[KERN_FRAME_MAX];
	uint32_t len;
	struct kern_run dry, real;
	struct vx_trace trace;
	bool touched;
	uint64_t before[VX_L_N], after[VX_L_N];
};

static int run_explain(struct outcome *o, struct vx_err *err)
{
	uint64_t before, after;
	int rc = kern_fingerprint(&kern, &before, err);

	rc = rc ? rc : kern_test_run(&kern, true, o->frame, o->len, 1, &o->dry, NULL, err);
	rc = rc ? rc : kern_fingerprint(&kern, &after, err);
	rc = rc ? rc : kern_read_trace(&kern, &o->trace, err);
	if (rc)
		return rc;
	if (o->trace.row >= VX_L_N)
		return vx_err_set(err, -ERANGE, "explain: row %u", o->trace.row);
	o->touched = before != after;
	/* A frame that does not leave stays as it is. */
	if (o->trace.row != VX_L_QUEUED &&
	    (o->dry.len != o->len || memcmp(o->dry.data, o->frame, o->len)))
		o->touched = true;
	return 0;
}

static int run_pipeline(struct outcome *o, struct vx_err *err)
{
	int rc = kern_read_rows(&kern, o->before, err);

	rc = rc ? rc : kern_test_run(&kern, false, o->frame, o->len, 1, &o->real, NULL, err);
	return rc ? rc : kern_read_rows(&kern, o->after, err);
}

static void print_record(const struct outcome *o)
{
	const bool sent = o->after[VX_L_QUEUED] != o->before[VX_L_QUEUED];
	const uint8_t *frame;
	struct vx_record rec;
	int ring = kern_take_record(&kern, &rec, &frame);

	printf(",\"out\":");
	if (ring < 0) {
		printf("null,\"held\":false%s", sent ? ",\"error\":\"queued, but no record\"" : "");
		return;
	}
	print_hex(frame, rec.len);
	printf(",\"held\":%s,\"ring\":%d,\"frag\":%s", truth(rec.flags & VX_REC_HELD), ring,
	       truth(rec.flags & VX_REC_FRAG));
	if (!sent || kern_take_record(&kern, &rec, &frame) >= 0)
		printf(",\"error\":\"a record that no row counts\"");
}

static void print_outcome(const struct outcome *o)
{
	print_action(o->real.action);
	printf(",\"row\":");
	print_moved(o->before, o->after);
	printf(",\"natted\":%s", truth(o->after[VX_L_NATTED] != o->before[VX_L_NATTED]));
	printf(",\"unnatted\":%s", truth(o->after[VX_L_UNNATTED] != o->before[VX_L_UNNATTED]));
	printf(",\"unchanged\":%s",
	       truth(o->real.len == o->len && !memcmp(o->real.data, o->frame, o->len)));
	print_record(o);
	printf(",\"explain\":{\"row\":\"%s\",\"out\":", row_names[o->trace.row]);
	if (o->trace.row == VX_L_QUEUED)
		print_hex(o->dry.data, o->dry.len);
	else
		printf("null");
	printf("},\"explain_touched\":%s}\n", truth(o->touched));
}

static int cmd_run(char **args, struct vx_err *err)
{
	static struct outcome o;
	int rc = parse_hex(args[1], o.frame, sizeof(o.frame), err);

	if (rc < 0)
		return rc;
	o.len = (uint32_t)rc;
	rc = run_explain(&o, err);
	rc = rc ? rc : run_pipeline(&o, err);
	if (rc)
		return rc;
	print_outcome(&o);
	return 1;
}

/* An answer of its own has been printed when a command returns 1. */
static const struct command {
	const char *name;
	int args;
	int (*exec)(char **args, struct vx_err *err);
} commands[] = {
	{"reset", 0, cmd_reset},       {"set", 2, cmd_set},   {"allow", 1, cmd_allow},
	{"unallow", 1, cmd_unallow},   {"nat", 2, cmd_nat},   {"run", 1, cmd_run},
	{"counters", 0, cmd_counters}, {"hits", 0, cmd_hits}, {"age-frags", 1, cmd_age},
	{"bench", 2, cmd_bench},
};

static int execute(char *line, struct vx_err *err)
{
	char *args[ARGS_MAX + 1] = {NULL}, *word;
	int n = 0;

	while ((word = strsep(&line, " \n")))
		if (*word && n <= ARGS_MAX)
			args[n++] = word;
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(args[0], commands[i].name))
			continue;
		if (n != commands[i].args + 1)
			return vx_err_set(err, -EINVAL, "%s: %d words expected", args[0],
					  commands[i].args);
		return commands[i].exec(args, err);
	}
	return vx_err_set(err, -EINVAL, "unknown command '%s'", n ? args[0] : "");
}

int main(void)
{
	struct vx_err err = {0};
	char *line = NULL;
	size_t size = 0;

	setvbuf(stdout, NULL, _IOLBF, 1 << 18);
	if (kern_open(&kern, &err) || kern_reset(&kern, &err)) {
		fprintf(stderr, "vxprog: %s\n", err.msg);
		return 1;
	}
	while (getline(&line, &size, stdin) > 0) {
		int rc = execute(line, &err);

		if (rc < 0)
			printf("{\"error\":\"%s\"}\n", err.msg);
		else if (!rc)
			puts("{\"ok\":true}");
	}
	free(line);
	return 0;
}
