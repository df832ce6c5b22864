// SPDX-License-Identifier: GPL-2.0-only
/* Planted figures, and the screen as text. */
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/history.h"
#include "screen/layout.h"

#define NOW_NS	1000000000000ULL
#define REAL_NS 1795403647000000000LL /* 2026-11-23T03:14:07Z */

static void text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}
#define TEXT(field, value) text(field, sizeof(field), value)

static void ledger(struct snapshot *s)
{
	static const uint64_t row[VX_L_N] = {
		[VX_L_RX] = 523401002,	    [VX_L_NOT_VXLAN] = 1204,
		[VX_L_OTHER_VNI_PASS] = 77, [VX_L_DENIED] = 152184330,
		[VX_L_QUEUED] = 371215391,  [VX_L_RX_BYTES] = 518000000000,
		[VX_L_NATTED] = 371215300,
	};
	static const uint64_t pps[VX_L_N] = { [VX_L_RX] = 87234,
					      [VX_L_NOT_VXLAN] = 3,
					      [VX_L_DENIED] = 25361,
					      [VX_L_QUEUED] = 61870 };

	memcpy(s->ledger.row, row, sizeof(row));
	memcpy(s->row_pps, pps, sizeof(pps));
	s->ledger.sent = 371215388;
	s->ledger.tx_failed = 2;
	s->ledger.errors[0] = (struct snap_errno){ 105, 2 }; /* ENOBUFS */
	s->ledger.in_flight = 1;
	s->ledger.balanced = true;
	s->mark.real_ns = REAL_NS - 3600LL * 1000000000;
	s->mark.row[VX_L_RX] = 400000000;
	s->mark.row[VX_L_DENIED] = 150000000;
	s->mark.sent = 300000000;
}

static void workers(struct snapshot *s)
{
	s->n_workers = 4;
	for (unsigned i = 0; i < 4; i++) {
		struct snap_worker *w = &s->worker[i];
		struct snap_ring *r = &s->ring[i];

		w->cpu = (int)i + 2;
		w->tid = 5501 + (int)i;
		w->sent = 92803847 + i * 1111;
		w->sent_pps = 15461 + i * 7;
		w->batch_avg = 40.5 + i;
		w->idle = 0.71 + 0.01 * i;
		w->syscalls = 2269013 + i;
		r->size = 4194304;
		r->used = 125829 + i * 1000;
		r->high = 461373 + i * 2000;
		r->ms_left = 412 + i;
		r->late_wakeups = i;
	}
	s->worker[2].tx_failed = 2;
	s->worker[2].errors[0].err = 105; /* ENOBUFS */
	s->worker[2].errors[0].n = 2;
	s->ring[3].full = 9;
	s->latency[0] = (struct snap_latency){ 1900, 4100, 7300, 88000, 5800301 };
	s->latency[1] = (struct snap_latency){ 2600, 31000, 82000, 390000, 5800302 };
	s->latency[2] = (struct snap_latency){ 1400, 6200, 9400, 64000, 5800303 };
	s->latency[3] = (struct snap_latency){ 6100, 38000, 91000, 412000, 5800304 };
}

static void lights(struct snapshot *s)
{
	static const char *const t[] = { "0 ok", "ok", "3% (412 ms)", "up", "1/1", "enforce" };

	for (int i = 0; i < SNAP_N_LIGHTS; i++)
		TEXT(s->light[i].text, t[i]);
}

static void lists(struct snapshot *s)
{
	static const struct snap_top org[] = { { "Cascade Access LLC", 21004 },
					       { "Zoom Fiber, LLC", 9870 },
					       { "Böhm & Søn", 512 } };
	static const struct snap_top addr[] = { { "104.218.88.5", 4980 }, { "2001:db8::5", 4890 } };

	memcpy(s->top_org, org, sizeof(org));
	memcpy(s->top_addr, addr, sizeof(addr));
	s->n_top_orgs = 3;
	s->n_top_addrs = 2;
	s->n_nat = s->nat_rules = 1;
	TEXT(s->nat[0].key, "udp/31765");
	TEXT(s->nat[0].to, "172.30.82.95:8081");
	TEXT(s->nat[0].state, "resolved");
	s->nat[0].hits = 371215377;
	s->nat[0].pps = 61869;
}

static struct snapshot_history *history(void)
{
	struct snapshot_history *h = calloc(1, sizeof(*h));

	for (uint32_t i = 0; h && i < 4000; i++) {
		struct history_cell c = { .in_pps = 40000 + i % 60 * 800,
					  .out_pps = 30000 + i % 45 * 700 };

		if (i == 3980)
			history_add_mark(h, REAL_NS - 20LL * 1000000000, "allow add 10.0.0.0/24");
		history_add(h, REAL_NS - (3999 - (int64_t)i) * 1000000000, 1, &c);
	}
	return h;
}

static void event(struct data *d, int level, const char *what)
{
	struct data_event *e = &d->event[d->events % DATA_EVENTS];

	e->id = ++d->events;
	e->real_ns = REAL_NS - (int64_t)(10 - d->events) * 1000000000;
	e->level = level;
	TEXT(e->text, what);
}

void plant_busy(struct data *d)
{
	struct snapshot *s = &d->snap;

	memset(d, 0, sizeof(*d));
	d->now_ns = NOW_NS + 100000000;
	d->connected = d->may_write = true;
	TEXT(d->host, "mirror-1");
	s->seq = 12;
	s->mono_ns = NOW_NS;
	s->real_ns = REAL_NS;
	s->pid = 4242;
	TEXT(s->ingress, "ens5");
	s->prog_id = 2301;
	TEXT(s->egress, "ens6");
	TEXT(s->mode, "native");
	TEXT(s->mode_reason, "the driver takes it");
	TEXT(s->egress_method, "packet");
	s->uptime_ns = (3ULL * 24 + 4) * 3600 * 1000000000;
	s->in_pps = 87234;
	s->in_bps = 691000000;
	s->out_pps = 61870;
	s->out_bps = 490000000;
	s->in_pps_peak = 91002;
	s->out_pps_peak = 64511;
	s->cpu = 1.37;
	s->rss_bytes = 41500000;
	s->map_bytes = 23600000;
	s->threads = 5;
	s->syscalls_per_packet = 0.024;
	s->egress_up = true;
	s->allow_mode = VX_ALLOW_ENFORCE;
	s->allow_entries = 324;
	s->allow_orgs = 16;
	s->next_hops = s->next_hops_ok = 1;
	ledger(s);
	workers(s);
	lights(s);
	lists(s);
	d->live = *s;
	d->history = history();
	event(d, 2, "ready: native on ens5");
	event(d, 1, "ens6: carrier lost for 12 ms");
	event(d, 2, "uid 1000: allow add 10.0.0.0/24 org Lab");
}

void plant_free(struct data *d)
{
	free(d->history);
}

static const struct {
	const char *command, *json;
} answers[] = {
	{ "allow list",
	  "[{\"cidr\":\"104.218.88.5\",\"org\":\"Zoom Fiber, "
	  "LLC\",\"note\":\"\",\"hits\":9120331,\"pps\":4980,"
	  "\"last_seen\":\"2026-11-23T03:14:07Z\"},"
	  "{\"cidr\":\"104.218.88.78\",\"org\":\"Zoom Fiber, "
	  "LLC\",\"note\":\"second\",\"hits\":8870112,\"pps\":4891,"
	  "\"last_seen\":\"2026-11-23T03:12:07Z\"},"
	  "{\"cidr\":\"2001:db8:1234:5678::/64\",\"org\":\"Bo\\u0308hm "
	  "\\u001b[31mred\\u001b]0;x\\u0007 \\u682a\\u5f0f\\u4f1a\\u793e\","
	  "\"note\":\"\\u202egnp.exe\",\"hits\":1,\"pps\":0,\"last_seen\":\"2026-11-20T03:14:07Z\"}"
	  ","
	  "{\"cidr\":\"10.0.0.0/"
	  "24\",\"org\":\"Lab\",\"note\":null,\"hits\":0,\"pps\":0,\"last_seen\":null}]" },
	{ "allow top", "[{\"addr\":\"172.30.83.192\",\"pps\":41220,\"count\":152000111,\"admits_"
		       "pps\":41350,\"to_pps\":130,\"senders\":3},"
		       "{\"addr\":\"2001:db8::dead:beef\",\"pps\":12,\"count\":184219,\"admits_"
		       "pps\":12,\"to_pps\":0,\"senders\":0}]" },
	{ "nat list", "[{\"key\":\"udp/31765\",\"to\":\"172.30.82.95:8081\",\"hits\":371215377,"
		      "\"next_hop\":\"02:00:00:00:00:11\",\"state\":\"resolved\"},"
		      "{\"key\":\"tcp/80@10.0.0.0/"
		      "8\",\"to\":\"[2001:db8::5]:80\",\"hits\":11,\"next_hop\":null,"
		      "\"state\":\"incomplete\"}]" },
	{ "sources",
	  "[{\"addr\":\"10.9.8.7\",\"vni\":1,\"packets\":523400001,\"pps\":87230,\"bps\":690000000,"
	  "\"first_seen\":\"2026-11-22T03:14:07Z\",\"last_seen\":\"2026-11-23T03:14:07Z\","
	  "\"truncated\":6,"
	  "\"allowed\":371215391}]" },
	{ "strays",
	  "{\"programs\":[{\"id\":2240,\"name\":\"vxlan_pipeline_main\",\"where\":\"ens5 "
	  "(generic)\","
	  "\"how\":\"netlink\",\"held\":\"nobody (outlived its loader)\",\"matters\":\"blocks our "
	  "ingress; duplicate\",\"fix\":\"strays detach 2240\"},"
	  "{\"id\":2236,\"name\":\"vxlan_pipeline_main\",\"where\":\"no\",\"how\":\"-\","
	  "\"held\":\"pid 52111 vxlan_loader\",\"matters\":\"duplicate, loaded and not attached: "
	  "its "
	  "maps are not ours\",\"fix\":\"strays stop 2236\"},"
	  "{\"id\":1877,\"name\":\"xdp_dispatcher\",\"where\":\"ens7 (native)\",\"how\":\"libxdp\","
	  "\"held\":\"pin /sys/fs/bpf/xdp/dispatch-4\",\"matters\":\"another tool's: leave it\","
	  "\"fix\":\"xdp-loader unload ens7 --all\"}],\"ours\":2301}" },
	{ "vni list", "[{\"vni\":1,\"ours\":true,\"packets\":523401002,\"pps\":87234},"
		      "{\"vni\":5569041,\"ours\":false,\"packets\":4711,\"pps\":17}]" },
	{ "nic",
	  "[{\"dev\":\"ens5\",\"stats\":{\"rx_packets\":523999001,\"rx_bytes\":518000000001,\"rx_"
	  "dropped\":0,"
	  "\"bw_in_allowance_exceeded\":12}},{\"dev\":\"ens6\",\"stats\":{\"tx_packets\":371215388,"
	  "\"tx_errors\":3,\"pps_allowance_exceeded\":0}}]" },
	{ "diagnose",
	  "{\"causes\":[{\"id\":\"egress_down\",\"severity\":\"bad\",\"since\":\"2026-11-23T03:14:"
	  "01Z\","
	  "\"pps\":87211,\"text\":\"egress ens6 is down: nothing can be sent\",\"fix\":[\"ip link "
	  "set "
	  "ens6 up\"]},{\"id\":\"no_rule\",\"severity\":\"bad\",\"since\":\"2026-11-23T03:10:02Z\","
	  "\"pps\":4711,\"text\":\"No NAT rule matches: nothing is sent. udp/31765 arrives at "
	  "1,210 "
	  "packets/s and this goes on for more than a row\",\"fix\":[\"nat add "
	  "udp/31765=ADDRESS:PORT\"]},"
	  "{\"id\":\"other_vni\",\"severity\":\"warn\",\"since\":\"2026-11-23T03:14:03Z\",\"pps\":"
	  "17,"
	  "\"text\":\"VXLAN arrives with VNI 5569041\",\"fix\":[\"vni add 5569041\",\"vni "
	  "list\"]}]}" },
	{ "help",
	  "[{\"command\":\"allow add\",\"args\":\"CIDR [org NAME] [note "
	  "TEXT]\",\"help\":\"permit an address or a "
	  "prefix\"},{\"command\":\"allow load\",\"args\":\"[FILE]\",\"help\":\"replace the "
	  "whole list by that of a JSON file, without FILE of the one it came "
	  "from\"},{\"command\":\"quit\",\"args\":\"\",\"help\":\"drain and stop the "
	  "engine\"}]" },
};

void plant_tables(const struct view *v, const struct data *d, struct data_table *t)
{
	struct vx_err err;

	memset(t, 0, 4 * sizeof(*t));
	for (int i = 0; v->needs && v->needs[i]; i++)
		for (size_t k = 0; k < sizeof(answers) / sizeof(*answers); k++) {
			if (strcmp(answers[k].command, v->needs[i]) != 0)
				continue;
			TEXT(t[i].name, v->needs[i]);
			t[i].mono_ns = d->snap.mono_ns;
			if (data_table_fill(&t[i], answers[k].json, &err))
				abort();
		}
}

void plant_tables_free(struct data_table *t)
{
	for (int i = 0; i < 4; i++)
		data_table_clear(&t[i]);
}

static void put_rows(char **at, char *end, const struct line *line, int n)
{
	for (int i = 0; i < n; i++) {
		int bytes = line[i].bytes;

		while (bytes && line[i].text[bytes - 1] == ' ')
			bytes--;
		if (end - *at > bytes + 1)
			*at += snprintf(*at, (size_t)(end - *at), "%.*s\n", bytes, line[i].text);
	}
}

void plant_screen(const struct view *v, const struct view_state *s, const struct data *d, int rows,
		  int cols, char *buf, size_t size)
{
	struct line *line = calloc((size_t)(rows > 3 ? rows : 3), sizeof(*line));
	struct data_table tables[4];
	struct layout l;
	char *at = buf;

	*buf = 0;
	layout_screen(rows, cols, &l);
	if (l.too_small) {
		view_too_small(rows, cols, line);
		put_rows(&at, buf + size, line, l.header.rows);
	} else {
		plant_tables(v, d, tables);
		view_header(d, cols, line);
		put_rows(&at, buf + size, line, 2);
		view_trouble(d, cols, line);
		put_rows(&at, buf + size, line, 1);
		v->draw(s, d, tables, l.body.rows, cols, line);
		put_rows(&at, buf + size, line, l.body.rows);
		line_init(line, cols); /* what was said */
		put_rows(&at, buf + size, line, 1);
		view_footer(v, d, cols, line);
		put_rows(&at, buf + size, line, 1);
		plant_tables_free(tables);
	}
	free(line);
}
