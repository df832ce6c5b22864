// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver of the program tests: a command a line on stdin, a JSON object a line on stdout.
 *
 *   reset                        all defaults, nothing remembered
 *   set NAME VALUE               port vni other-vni allow-mode match unmatched truncated paused mtu
 * src-mac nexthop4 nexthop6 rings linear traces out allow CIDR | unallow CIDR nat RULE MAC|none
 * udp/31765=172.30.82.95:8081 02:00:00:00:00:01 run HEX                      vx_explain, then
 * vx_pipeline, on the frame bench N HEX                  nanoseconds a run of vx_pipeline takes,
 * average of N counters | hits age-frags NS                 makes remembered verdicts older
 *
 * {"ok":true} or {"error":"..."} where nothing is asked. `linear N` puts only the first N bytes of
 * a frame into its linear part (kernels >= 6.18), as drivers with small buffers do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "kern.h"
#include "observed.h"
#include "outcome.h"
#include "words.h"

#define ARGS_MAX 4

static struct kern kern;

/* --- set */
static int set_vni(const char *value, struct vx_err *err)
{
	char copy[1024], *rest = copy;
	int rc = kern_clear_vnis(&kern, err);

	kern.cfg->vni_any = !strcmp(value, "any");
	snprintf(copy, sizeof(copy), "%s", value);
	while (!kern.cfg->vni_any && !rc && rest) {
		unsigned long long vni;

		rc = words_num(strsep(&rest, ","), 0xffffff, &vni, err);
		rc = rc ? rc : kern_add_vni(&kern, (uint32_t)vni, err);
	}
	return rc;
}

static int set_mac(const char *name, const char *value, struct vx_err *err)
{
	struct vx_nexthop hop;
	int rc = words_mac(value, &hop, err);

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
	int rc = words_num(value, 65535, &num, err);

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
	else if (!strcmp(name, "traces"))
		kern.cfg->trace_budget = (__u32)num;
	else
		kern.linear = (uint32_t)num;
	return 0;
}

static const char *const other_words[] = { "pass", "drop", NULL };
static const char *const mode_words[] = { "off", "count", "enforce", NULL };
static const char *const match_words[] = { "any", "src", "dst", NULL };
static const char *const forward_words[] = { "drop", "forward", NULL };
static const char *const number_names[] = { "port",   "mtu",	"paused", "rings",
					    "linear", "traces", NULL };
static const char *const out_words[] = { "ring", "redirect", NULL };
static const char *const mac_names[] = { "src-mac", "nexthop4", "nexthop6", NULL };

static int cmd_set(char **args, struct vx_err *err)
{
	const struct {
		const char *name;
		__u32 *field;
		const char *const *words;
	} choices[] = {
		{ "other-vni", &kern.cfg->other_vni, other_words },
		{ "allow-mode", &kern.cfg->allow_mode, mode_words },
		{ "match", &kern.cfg->match, match_words },
		{ "unmatched", &kern.cfg->unmatched, forward_words },
		{ "truncated", &kern.cfg->truncated, forward_words },
		{ "out", &kern.cfg->out, out_words },
	};
	uint32_t i;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (!strcmp(args[1], choices[i].name))
			return words_word(args[2], choices[i].words, choices[i].field, err);
	if (!strcmp(args[1], "vni"))
		return set_vni(args[2], err);
	if (!words_word(args[1], number_names, &i, err))
		return set_number(args[1], args[2], err);
	if (!words_word(args[1], mac_names, &i, err))
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
	int rc = words_prefix(args[1], &prefix, err);

	return rc ? rc : kern_allow(&kern, args[1], &prefix, err);
}

static int cmd_unallow(char **args, struct vx_err *err)
{
	struct kern_prefix prefix;
	int rc = words_prefix(args[1], &prefix, err);

	return rc ? rc : kern_unallow(&kern, &prefix, err);
}

static int cmd_nat(char **args, struct vx_err *err)
{
	struct kern_nat rule;
	int rc = words_rule(args[1], &rule, err);

	rc = rc ? rc : words_mac(args[2], &rule.hop, err);
	return rc ? rc : kern_add_nat(&kern, &rule, err);
}

static int cmd_age(char **args, struct vx_err *err)
{
	unsigned long long ns;
	int rc = words_num(args[1], UINT64_MAX, &ns, err);

	return rc ? rc : kern_age_frags(&kern, ns, err);
}

static int cmd_bench(char **args, struct vx_err *err)
{
	static uint8_t frame[KERN_FRAME_MAX];
	static struct kern_run run;
	unsigned long long repeat;
	uint32_t ns;
	int len, rc;

	rc = words_num(args[1], 100000000, &repeat, err);
	if (rc)
		return rc;
	len = words_hex(args[2], frame, sizeof(frame), err);
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
			printf("%s\"%s\":%llu", i ? "," : "{", outcome_rows[i],
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

static int cmd_observed(char **args, struct vx_err *err)
{
	int rc = observed_print(&kern, err);

	(void)args;
	return rc ? rc : 1;
}

static int cmd_traces(char **args, struct vx_err *err)
{
	int rc = observed_traces(&kern, err);

	(void)args;
	return rc ? rc : 1;
}

static int cmd_swap(char **args, struct vx_err *err)
{
	int rc = observed_swap(&kern, err);

	(void)args;
	return rc ? rc : 1;
}

static int cmd_guard(char **args, struct vx_err *err)
{
	return guard_open(&kern, args[1], err);
}

static int cmd_own(char **args, struct vx_err *err)
{
	struct vx_addr_key key = { 0 };
	uint8_t family;
	int rc = words_addr(args[1], &family, key.addr, err);

	key.family = family;
	return rc ? rc : guard_own(&key, err);
}

static int cmd_leaks(char **args, struct vx_err *err)
{
	struct vx_leak sum;
	int rc = guard_read(&sum, err);

	(void)args;
	if (rc)
		return rc;
	printf("{\"frames\":%llu,\"leaked\":%llu}\n", (unsigned long long)sum.frames,
	       (unsigned long long)sum.leaked);
	return 1;
}

static int cmd_run(char **args, struct vx_err *err)
{
	static struct outcome o;
	int rc = words_hex(args[1], o.frame, sizeof(o.frame), err);

	if (rc < 0)
		return rc;
	o.len = (uint32_t)rc;
	rc = outcome_run(&kern, &o, err);
	if (rc)
		return rc;
	outcome_print(&kern, &o);
	return 1;
}

/* An answer of its own has been printed when a command returns 1. */
static const struct command {
	const char *name;
	int args;
	int (*exec)(char **args, struct vx_err *err);
} commands[] = {
	{ "reset", 0, cmd_reset },	 { "set", 2, cmd_set },
	{ "allow", 1, cmd_allow },	 { "unallow", 1, cmd_unallow },
	{ "nat", 2, cmd_nat },		 { "run", 1, cmd_run },
	{ "counters", 0, cmd_counters }, { "hits", 0, cmd_hits },
	{ "age-frags", 1, cmd_age },	 { "bench", 2, cmd_bench },
	{ "observed", 0, cmd_observed }, { "traces", 0, cmd_traces },
	{ "swap", 0, cmd_swap },	 { "guard", 1, cmd_guard },
	{ "own", 1, cmd_own },		 { "leaks", 0, cmd_leaks },
};

static int execute(char *line, struct vx_err *err)
{
	char *args[ARGS_MAX + 1] = { NULL }, *word;
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
	struct vx_err err = { 0 };
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
