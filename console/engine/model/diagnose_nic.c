// SPDX-License-Identifier: GPL-2.0-only
/* Which of a NIC's counters tell of packets that it loses before we see them, and whether they do.
 * Pure. [engine] */
#include <stdio.h>
#include <string.h>

#include "engine/model/diagnose.h"

/* What the ingress drops is not ours to see; XDP_DROP counts as rx_dropped on some, so that is none
 * of them. An allowance of EC2 is both NICs' concern. */
static bool should_stand_still(const char *name, bool egress)
{
	static const char *const part[] = { "allowance_exceeded", "rx_missed",	 "rx_fifo_errors",
					    "rx_over_errors",	  "rx_overruns", "rx_no_buffer" };

	for (size_t i = 0; i < (egress ? 1 : sizeof(part) / sizeof(part[0])); i++)
		if (strstr(name, part[i]))
			return true;
	return false;
}

/* Where it was, one that is new as it is now; NULL: no room. */
static uint64_t *before_of(struct diag_nic_memory *m, const char *dev, const char *name,
			   uint64_t value)
{
	for (unsigned i = 0; i < m->n; i++)
		if (!strcmp(m->counter[i].dev, dev) && !strcmp(m->counter[i].name, name))
			return &m->counter[i].value;
	if (m->n == DIAG_COUNTERS)
		return NULL;
	snprintf(m->counter[m->n].dev, sizeof(m->counter[0].dev), "%s", dev);
	snprintf(m->counter[m->n].name, sizeof(m->counter[0].name), "%s", name);
	m->counter[m->n].value = value;
	return &m->counter[m->n++].value;
}

void diag_nic_counter(struct diag_nic_memory *m, struct diag_seen *o, const char *dev, bool egress,
		      const char *name, uint64_t value)
{
	uint64_t *before = should_stand_still(name, egress) ? before_of(m, dev, name, value) : NULL;

	if (before && value > *before && o->n_nic < DIAG_NICS) {
		snprintf(o->nic[o->n_nic].dev, sizeof(o->nic[0].dev), "%s", dev);
		snprintf(o->nic[o->n_nic].name, sizeof(o->nic[0].name), "%s", name);
		o->nic[o->n_nic++].pps = value - *before;
	}
	if (before)
		*before = value;
}
