// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values that are lists, or more than one field: VNIs, CPUs, the next hop's MAC address, NAT rules.
 * As in opt_value.c, nothing is stored before all of it is known to be good. Pure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/model/addr.h"
#include "engine/model/nat.h"
#include "opt_int.h"

#define VNI_MAX 0xffffffu
#define CPU_MAX 8191u

static int vni_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void vni_unique(struct opt_vnis *l)
{
	uint32_t i, n = 0;

	qsort(l->vni, l->n, sizeof(l->vni[0]), vni_cmp);
	for (i = 0; i < l->n; i++)
		if (!n || l->vni[n - 1] != l->vni[i])
			l->vni[n++] = l->vni[i];
	l->n = n;
}

/* Between the items of a list: a comma, with spaces round it or not. */
static const char *comma(const char *p)
{
	while (*p == ' ')
		p++;
	if (*p != ',')
		return p;
	p++;
	while (*p == ' ')
		p++;
	return p;
}

int opt_parse_vni(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	static const char want[] = "VNIs of 0-16777215 like 1,5569041, or any";
	struct opt_vnis *l = calloc(1, sizeof(*l));
	const char *p = v;
	uint64_t n;
	int rc = 0;

	(void)d;
	if (!l)
		return vx_err_set(err, -ENOMEM, "out of memory");
	l->any = !strcasecmp(v, "any");
	while (!l->any && !rc) {
		if (!opt_digits(&p, &n) || n > VNI_MAX || !strchr(", ", *p)) {
			rc = opt_refuse(v, want, err);
		} else if (l->n == VX_MAX_VNIS) {
			rc = vx_err_set(err, -EINVAL, "expected at most %d VNIs", VX_MAX_VNIS);
		} else {
			l->vni[l->n++] = (uint32_t)n;
			if (!*p)
				break;
			p = comma(p);
		}
	}
	if (!rc) {
		vni_unique(l);
		o->vnis = *l;
	}
	free(l);
	return rc;
}

void opt_format_vni(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	const struct opt_vnis *l = &o->vnis;
	size_t at = 0;
	uint32_t i;

	(void)d;
	snprintf(buf, size, "%s", l->any ? "any" : "");
	for (i = 0; !l->any && i < l->n && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%u", i ? "," : "", l->vni[i]);
}

static bool cpu_add(int *cpus, unsigned *n, unsigned max, int cpu)
{
	unsigned i;

	for (i = 0; i < *n; i++)
		if (cpus[i] == cpu)
			return true;
	if (*n == max)
		return false;
	cpus[(*n)++] = cpu;
	return true;
}

/* "0-2,5": in the order that was given, since worker i takes the i-th. */
int opt_parse_cpus(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	static const char want[] = "CPUs like 0-2,5, or auto";
	int cpus[sizeof(o->cpus) / sizeof(o->cpus[0])];
	unsigned n = 0, max = sizeof(cpus) / sizeof(cpus[0]);
	const char *p = v;
	uint64_t a, b;

	(void)d;
	while (strcasecmp(v, "auto")) {
		if (!opt_digits(&p, &a))
			return opt_refuse(v, want, err);
		b = a;
		if (*p == '-') {
			p++;
			if (!opt_digits(&p, &b))
				return opt_refuse(v, want, err);
		}
		if (b < a || b > CPU_MAX)
			return opt_refuse(v, want, err);
		for (; a <= b; a++)
			if (!cpu_add(cpus, &n, max, (int)a))
				return opt_refuse(v, "fewer CPUs", err);
		if (!*p)
			break;
		if (*p != ',')
			return opt_refuse(v, want, err);
		p = comma(p);
	}
	memcpy(o->cpus, cpus, n * sizeof(cpus[0]));
	o->n_cpus = n;
	return 0;
}

void opt_format_cpus(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	size_t at = 0;
	unsigned i, end;

	(void)d;
	snprintf(buf, size, "%s", o->n_cpus ? "" : "auto");
	for (i = 0; i < o->n_cpus && at < size; i = end) {
		for (end = i + 1; end < o->n_cpus && o->cpus[end] == o->cpus[end - 1] + 1; end++)
			;
		at += (size_t)snprintf(buf + at, size - at, end - i > 1 ? "%s%d-%d" : "%s%d",
				       i ? "," : "", o->cpus[i], o->cpus[end - 1]);
	}
}

int opt_parse_mac(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	static const uint8_t zero[6];
	uint8_t mac[6] = { 0 };
	bool given = *v && strcasecmp(v, "auto");

	(void)d;
	if (given && addr_mac_parse(v, mac, NULL))
		return opt_refuse(v, "a MAC address like 02:00:00:00:00:01, or auto", err);
	if (given && ((mac[0] & 1) || !memcmp(mac, zero, sizeof(zero))))
		return opt_refuse(v, "the MAC address of one host, not multicast or zero", err);
	memcpy(o->next_hop_mac, mac, sizeof(mac));
	o->has_next_hop_mac = given;
	return 0;
}

void opt_format_mac(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	char mac[ADDR_TEXT] = "";

	(void)d;
	if (o->has_next_hop_mac)
		addr_mac_format(o->next_hop_mac, mac);
	snprintf(buf, size, "%s", mac);
}

/* One rule more. */
static int rule_push(struct opts *o, const char *s, size_t n, struct vx_err *err)
{
	struct nat_rule r;
	char **more, *text;
	int rc;

	if (o->n_nat_rules == VX_MAX_NAT)
		return vx_err_set(err, -EINVAL, "expected at most %d NAT rules", VX_MAX_NAT);
	text = strndup(s, n);
	if (!text)
		return vx_err_set(err, -ENOMEM, "out of memory");
	rc = nat_parse(text, &r, err);
	more = rc ? NULL : realloc(o->nat_rules, ((size_t)o->n_nat_rules + 1) * sizeof(*more));
	if (!more) {
		free(text);
		return rc ? rc : vx_err_set(err, -ENOMEM, "out of memory");
	}
	o->nat_rules = more;
	more[o->n_nat_rules++] = text;
	return 0;
}

/* Rules separated by commas or spaces (no rule has either in it), behind those that are there. */
int opt_parse_rules(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	int before = o->n_nat_rules, rc = 0;

	(void)d;
	while (!rc) {
		v += strspn(v, ", ");
		if (!*v)
			return 0;
		rc = rule_push(o, v, strcspn(v, ", "), err);
		v += strcspn(v, ", ");
	}
	while (o->n_nat_rules > before)
		free(o->nat_rules[--o->n_nat_rules]);
	return rc;
}

void opt_format_rules(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	size_t at = 0;
	int i;

	(void)d;
	buf[0] = 0;
	for (i = 0; i < o->n_nat_rules && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", o->nat_rules[i]);
}
