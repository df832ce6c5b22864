// SPDX-License-Identifier: GPL-2.0-only
/*
 * Causes on the way in: what arrives or does not, and what is not let through. When each is true,
 * what is said of it, and what mends it: a function each. Pure. [engine]
 */
#include <inttypes.h>
#include <string.h>

#include "engine/model/diagnose_int.h"

#define N(v)	   DIAG_NUM(v)
#define W(s)	   DIAG_WORD(s)
#define OTHERS_S   4 /* seconds that are looked back on, */
#define OTHERS_MIN 3 /* and in which something arrived, but no VXLAN */

static bool others_arrive(const struct diag *d)
{
	unsigned n = 0;

	for (int i = 0; i < OTHERS_S; i++)
		n += d->others >> i & 1;
	return n >= OTHERS_MIN;
}

static int64_t silent_since(const struct diag *d, const struct diag_seen *o)
{
	return d->vxlan_ns ? d->vxlan_real_ns : o->real_ns - (int64_t)o->uptime_ns;
}

static bool no_packets(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	c->since_real_ns = silent_since(d, o);
	diag_say_time(c, "no packets since", c->since_real_ns);
	if (!o->ingress_up) {
		diag_say(c, ": ingress %s is down", o->ingress);
		diag_fix(c, "ip link set %s up", W(o->ingress));
	} else if (!d->vxlan_ns) {
		diag_say(c, ", the start");
	}
	diag_fix(c, "aws ec2 describe-traffic-mirror-sessions");
	diag_fix(c, "tcpdump -ni %s udp port %u", W(o->ingress), o->port);
	return diag_all_is_silent(d, o);
}

/* A packet of this host's own now and then (ARP, SSH) does not make it another cause. */
static bool no_vxlan(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	c->since_real_ns = silent_since(d, o);
	diag_say(c, "%s packets/s arrive, but none is VXLAN to UDP port %u",
		 N(o->row_pps[VX_L_NOT_VXLAN]), o->port);
	diag_fix(c, "tcpdump -ni %s -c 20", W(o->ingress));
	diag_fix(c, "aws ec2 describe-traffic-mirror-sessions");
	return diag_all_is_silent(d, o) && others_arrive(d);
}

/* Where ours arrive, too, others are another's business if he has the port, or they are dropped as
 * the operator wished. */
static bool other_vni(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	uint64_t others = diag_recent(d, VX_L_OTHER_VNI_PASS) + diag_recent(d, VX_L_OTHER_VNI_DROP);

	c->pps = o->row_pps[VX_L_OTHER_VNI_PASS] + o->row_pps[VX_L_OTHER_VNI_DROP];
	diag_say(c, "VXLAN arrives with VNI %" PRIu32 ", which is not configured, at %s packets/s",
		 o->vni, N(o->vni_pps));
	diag_fix(c, "vni add %" PRIu32, o->vni);
	return others && o->vni_pps &&
	       (!diag_recent_ours(d) || !(o->port_in_use || o->other_vni_dropped));
}

static bool all_denied(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	c->pps = o->row_pps[VX_L_DENIED];
	diag_say(c, "Every packet is denied, %s packets/s: ", N(c->pps));
	if (!o->allow_entries)
		diag_say(c, "the allowlist is empty. ");
	for (int i = 0; i < DIAG_TOP && o->denied[i][0]; i++)
		diag_say(c, "%s%s", i ? ", " : "", o->denied[i]);
	diag_say(c, "%s", o->denied[0][0] ? " and others are on no list" : "");
	if (o->denied[0][0])
		diag_fix(c, "allow add %s", o->denied[0]);
	diag_fix(c, "allow mode count");
	diag_fix(c, "allow top");
	return diag_run_is_long(&d->denied) && diag_recent(d, VX_L_DENIED) &&
	       !diag_recent_allowed(d);
}

static bool truncated(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_TRUNCATED];
	diag_say(c,
		 "%s packets/s were cut before they came and are dropped: raise the packet length "
		 "of the mirror session and the MTU of %s (%" PRIu32 ")",
		 N(c->pps), o->ingress, o->ingress_mtu);
	diag_fix(c, "set truncated forward");
	if (o->ingress_mtu < 9001)
		diag_fix(c, "ip link set %s mtu 9001", W(o->ingress));
	diag_fix(c, "aws ec2 modify-traffic-mirror-session --traffic-mirror-session-id ID "
		    "--remove-fields packet-length");
	return c->pps;
}

static bool stray(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c,
		 o->stray_blocks ? "Another XDP program holds %s: %s"
				 : "A copy of this program is left in the kernel, beside %s: %s",
		 o->ingress, o->stray);
	if (o->stray_fix[0])
		diag_fix(c, "%s", o->stray_fix);
	diag_fix(c, "strays");
	return o->stray[0];
}

static bool nic_drops(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "the NIC loses packets:");
	for (unsigned i = 0; i < o->n_nic && i < DIAG_NICS; i++) {
		diag_say(c, "%s %s %s %s/s", i ? "," : "", o->nic[i].dev, o->nic[i].name,
			 N(o->nic[i].pps));
		c->pps += o->nic[i].pps;
	}
	if (o->n_nic)
		diag_fix(c, "ethtool -S %s", W(o->nic[0].dev));
	if (o->n_nic && !strstr(o->nic[0].name, "allowance"))
		diag_fix(c, "ethtool -g %s", W(o->nic[0].dev));
	return o->n_nic;
}

static bool source_silent(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	const struct diag_source *last = NULL;
	unsigned n = 0;

	(void)o;
	for (int i = 0; i < DIAG_SOURCES; i++) {
		const struct diag_source *s = &d->source[i];

		if (!diag_source_is_silent(s))
			continue;
		n++;
		if (!last || s->last_real_ns > last->last_real_ns)
			last = s;
	}
	if (!last || !diag_recent_ours(d)) /* silence of all is another cause */
		return false;
	c->since_real_ns = last->last_real_ns;
	diag_say(c, "source %s", last->name);
	diag_say_time(c, " is silent since", last->last_real_ns);
	if (n > 1)
		diag_say(c, ", and %u more are", n - 1);
	diag_fix(c, "ack");
	diag_fix(c, "aws ec2 describe-traffic-mirror-sessions");
	return true;
}

static bool promisc(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->foreign_pps;
	diag_say(c,
		 "%s packets/s are addressed to another MAC than %s of %s: they arrive only while "
		 "it is promiscuous",
		 N(c->pps), o->ingress_mac, o->ingress);
	diag_fix(c, "aws ec2 describe-traffic-mirror-targets");
	diag_fix(c, "tcpdump -eni %s -c 20 not ether dst %s", W(o->ingress), o->ingress_mac);
	return c->pps;
}

static bool port_in_use(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "UDP port %u belongs to %s: what passes to the kernel goes there", o->port,
		 o->port_holder[0] ? o->port_holder : "somebody else");
	if (o->port_holder[0])
		diag_fix(c, "ip link set %s down", W(o->port_holder));
	diag_fix(c, "ss -lunp sport = :%u", o->port);
	return o->port_in_use;
}

const diag_fn diag_fn_in[DIAG_N] = {
	[DIAG_NO_PACKETS] = no_packets, [DIAG_NO_VXLAN] = no_vxlan,
	[DIAG_OTHER_VNI] = other_vni,	[DIAG_ALL_DENIED] = all_denied,
	[DIAG_TRUNCATED] = truncated,	[DIAG_STRAY] = stray,
	[DIAG_NIC_DROPS] = nic_drops,	[DIAG_SOURCE_SILENT] = source_silent,
	[DIAG_PROMISC] = promisc,	[DIAG_PORT_IN_USE] = port_in_use,
};
