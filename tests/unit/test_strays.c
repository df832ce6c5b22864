// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs of others: what files of /proc say, what each program is to us, what may be done
 * about it, in which words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/strays.h"

static void fdinfo(void **state)
{
	static const struct {
		const char *text;
		uint32_t prog, link;
		bool lock;
	} t[] = {
		{ "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1057\nprog_type:\t6\nprog_jited:"
		  "\t1\n"
		  "prog_tag:\t6deef7357e7b4530\nmemlock:\t4096\nprog_id:\t2236\nrun_time_ns:\t0\n",
		  2236, 0, false },
		{ "pos:\t0\nlink_type:\txdp\nlink_id:\t17\nprog_tag:\t6deef7357e7b4530\nprog_id:"
		  "\t9\n"
		  "ifindex:\t4\n",
		  9, 17, false },
		{ "pos:\t0\nmap_type:\t2\nmap_id:\t5\nowner_prog_id:\t3\n", 0, 0, false },
		{ "pos:\t0\nflags:\t02\nlock:\t1: FLOCK  ADVISORY  WRITE 812 00:1a:77 0 EOF\n", 0,
		  0, true },
		{ "pos:\t0\nlock:\t1: POSIX  ADVISORY  WRITE 812 00:1a:77 0 EOF\n", 0, 0, false },
		{ "prog_id:\t4294967295", 4294967295u, 0, false },
		{ "prog_id:\t", 0, 0, false },
		{ "", 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct stray_fdinfo got;

		strays_fdinfo_parse(t[i].text, &got);
		assert_int_equal(got.prog_id, t[i].prog);
		assert_int_equal(got.link_id, t[i].link);
		assert_int_equal(got.lock, t[i].lock);
	}
}

static void mountinfo(void **state)
{
	static const struct {
		const char *line, *path; /* NULL: no bpf file system */
		unsigned major, minor;
	} t[] = {
		{ "36 35 0:30 / /sys/fs/bpf rw,nosuid shared:9 - bpf none rw,mode=700\n",
		  "/sys/fs/bpf", 0, 30 },
		{ "36 35 259:1 / /a\\040b\\134c rw - bpf bpf rw", "/a b\\c", 259, 1 },
		{ "36 35 0:30 / /x rw shared:1 master:2 propagate_from:3 - bpf bpf rw", "/x", 0,
		  30 },
		{ "36 35 0:30 / /x rw - bpfs bpf rw", NULL, 0, 0 },
		{ "36 35 0:30 / /bpf rw - tmpfs bpf rw", NULL, 0, 0 },
		{ "36 35 0:30 / x rw - bpf bpf rw", NULL, 0, 0 },
		{ "36 35 030 / /x rw - bpf bpf rw", NULL, 0, 0 },
		{ "36 - bpf bpf rw", NULL, 0, 0 },
		{ " - bpf ", NULL, 0, 0 },
		{ "", NULL, 0, 0 },
	};
	char longest[600] = "36 35 0:30 / /";
	struct stray_mount m;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(strays_mount_parse(t[i].line, &m), t[i].path != NULL);
		if (!t[i].path)
			continue;
		assert_string_equal(m.path, t[i].path);
		assert_int_equal(m.major, t[i].major);
		assert_int_equal(m.minor, t[i].minor);
	}
	memset(longest + 14, 'a', 300);
	snprintf(longest + 314, sizeof(longest) - 314, " rw - bpf bpf rw");
	assert_false(strays_mount_parse(longest, &m));
}

static void start_time(void **state)
{
	(void)state;
	assert_int_equal(
		strays_start_parse("7 (a) b) (c) S 1 7 7 0 -1 4194560 336 0 0 0 1 2 3 4 20 0 "
				   "1 0 123456 99 1"),
		123456);
	assert_int_equal(strays_start_parse("7 (a) S 1"), 0);
	assert_int_equal(strays_start_parse(""), 0);
}

/* --- judging --- */

static struct stray prog[8];
static struct strays list = { .prog = prog };
static const struct strays_self self = { .pid = 100, .ifindex = 4, .netns = 77 };

static struct stray *plant(uint32_t id, const char *name)
{
	struct stray *p = &prog[list.n++];

	memset(p, 0, sizeof(*p));
	p->id = id;
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

static struct stray_attached *attach(struct stray *p, const char *dev, int ifindex, uint64_t netns)
{
	struct stray_attached *a = &p->attached[p->n_attached++];

	snprintf(a->dev, sizeof(a->dev), "%s", dev);
	a->ifindex = ifindex;
	a->netns = netns;
	a->here = netns == self.netns;
	a->mode = STRAY_GENERIC;
	return a;
}

static struct stray_holder *hold(struct stray *p, pid_t pid, const char *comm)
{
	struct stray_holder *h = &p->holder[p->n_holders++];

	h->pid = pid;
	h->progs = 1;
	snprintf(h->comm, sizeof(h->comm), "%s", comm);
	return h;
}

static int clear(void **state)
{
	(void)state;
	list.n = 0;
	list.partial = false;
	return 0;
}

static void each_has_its_reason(void **state)
{
	struct stray *p;

	(void)state;
	hold(plant(1, "vx_pipeline"), 100, "vx-engine"); /* ours */
	attach(plant(2, "somebody"), "ens7", 5, 77);
	hold(plant(3, "vx_pipeline"), 200, "vx-engine")->engine = true;
	hold(plant(4, "vx_pipeline"), 300, "vxprog");
	attach(plant(5, "vxlan_pipeline_main"), "ens5", 4, 77);
	attach(plant(6, "vxlan_pipeline_"), "ens5", 4, 78); /* that index elsewhere */
	p = plant(7, "renamed");
	p->n_maps = 1;
	snprintf(p->map[0].name, sizeof(p->map[0].name), "ip_allowlist");
	attach(plant(8, "xdp_dispatcher"), "ens5", 4, 77);
	strays_judge(&list, &self);
	assert_int_equal(list.n, 7);
	assert_null(strays_find(&list, 1));
	assert_int_equal(list.prog[0].id, 5);
	assert_int_equal(list.prog[1].id, 8);
	assert_int_equal(strays_find(&list, 2)->why, STRAY_UNRELATED);
	assert_int_equal(strays_find(&list, 3)->why, STRAY_INSTANCE);
	assert_int_equal(strays_find(&list, 4)->why, STRAY_DUPLICATE);
	assert_int_equal(strays_find(&list, 5)->why, STRAY_BLOCKS);
	assert_true(strays_find(&list, 5)->duplicate);
	assert_int_equal(strays_find(&list, 6)->why, STRAY_DUPLICATE);
	assert_int_equal(strays_find(&list, 7)->why, STRAY_DUPLICATE);
	assert_int_equal(strays_find(&list, 8)->why, STRAY_BLOCKS);
	assert_false(strays_find(&list, 8)->duplicate);
	assert_int_equal(list.prog[6].id, 2);
	/* What clean is for: 4, 5, 6, 7; of them 7 is out of its reach. */
	assert_int_equal(strays_duplicates(&list), 4);
	assert_int_equal(strays_in_reach(&list), 3);
}

/* What we hold is ours, also where a look has not seen that we do. */
static void ours_whoever_was_seen(void **state)
{
	const struct strays_self own = {
		.pid = 100, .ifindex = 4, .netns = 77, .n_own = 2, .own = { 7, 1 }
	};

	(void)state;
	attach(plant(1, "vx_pipeline"), "ens5", 4, 77)->how = STRAY_BY_LINK;
	plant(7, "vx_explain");
	plant(8, "vx_explain");
	for (int i = 0; i < 2; i++) {
		list.partial = i;
		strays_judge(&list, &own);
		assert_int_equal(list.n, 1);
		assert_int_equal(list.prog[0].id, 8);
	}
}

/* The time was up before all processes were looked at: who holds nothing that was seen may be held
 * by a live engine all the same. */
static void not_all_holders_seen(void **state)
{
	struct vx_err err = { 0 };
	char text[STRAY_TEXT], question[240];
	struct stray *p;

	(void)state;
	list.partial = true;
	attach(plant(1, "vx_pipeline"), "ens5", 4, 77)->how = STRAY_BY_LINK;
	plant(2, "vx_explain");
	hold(plant(3, "vxlan_pipeline_main"), 300, "loader");
	hold(plant(4, "vx_pipeline"), 200, "vx-engine")->engine = true;
	attach(plant(5, "vxlan_pipeline_main"), "ens7", 5, 77);
	plant(6, "somebody");
	strays_judge(&list, &self);
	assert_int_equal(strays_find(&list, 3)->why, STRAY_DUPLICATE);
	assert_int_equal(strays_find(&list, 4)->why, STRAY_INSTANCE);
	for (uint32_t id = 1; id <= 5; id += id == 2 ? 3 : 1) {
		p = strays_find(&list, id);
		assert_int_equal(p->why, STRAY_UNRELATED);
		assert_false(p->duplicate);
		assert_string_equal(stray_matters(p, text),
				    "not judged: not all holders could be looked at");
		assert_string_equal(stray_held(p, text), "not all holders could be looked at");
		assert_string_equal(stray_fix(p, text), "");
	}
	assert_int_equal(strays_duplicates(&list), 1);
	assert_int_equal(strays_unseen(&list), 3);
	p = strays_find(&list, 1);
	assert_ptr_equal(strays_on(&list, &self), p);
	assert_string_equal(stray_sentence(p, text),
			    "vx_pipeline id 1 (generic, by link 0), not all holders could be "
			    "looked at");
	assert_int_equal(stray_refused(p, STRAYS_DETACH, &err), -EPERM);
	strays_question(&list, NULL, STRAYS_CLEAN, question, sizeof(question));
	assert_non_null(strstr(question, "takes 1 duplicate away: 3 ("));
	/* By its id, what no engine attaches like that. */
	p = strays_find(&list, 5);
	assert_int_equal(stray_refused(p, STRAYS_DETACH, &err), 0);
	strays_question(&list, p, STRAYS_DETACH, question, sizeof(question));
	assert_non_null(strstr(question, "; not all holders could be looked at"));
}

/* Without an engine nothing is ours, and nothing blocks. */
static void without_an_engine(void **state)
{
	const struct strays_self nobody = { .netns = 77 };

	(void)state;
	hold(plant(1, "vx_pipeline"), 100, "vx-engine")->engine = true;
	attach(plant(2, "other"), "lo", 0, 77);
	strays_judge(&list, &nobody);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.prog[0].why, STRAY_INSTANCE);
	assert_int_equal(list.prog[1].why, STRAY_UNRELATED);
}

static void who_may_be_asked_to_end(void **state)
{
	struct stray *a, *b, *c, *d;

	(void)state;
	a = plant(1, "vxlan_pipeline_main");
	b = plant(2, "vxlan_pipeline_main");
	c = plant(3, "vxlan_pipeline_main");
	d = plant(4, "vxlan_pipeline_main");
	hold(a, 20, "loader")->progs = 2; /* both of them duplicates */
	hold(b, 20, "loader")->progs = 2;
	hold(c, 30, "bpfman")->progs = 9;
	hold(d, 1, "systemd");
	strays_judge(&list, &self);
	assert_int_equal(a->holder[0].other, 0);
	assert_true(stray_may_end(&a->holder[0]) && stray_may_end(&b->holder[0]));
	assert_int_equal(c->holder[0].other, 8);
	assert_false(stray_may_end(&c->holder[0]));
	assert_false(stray_may_end(&d->holder[0]));
}

static void refuses(const struct stray *p, enum strays_act act, const char *why)
{
	struct vx_err err = { 0 };
	int rc = stray_refused(p, act, &err);

	assert_int_equal(rc, why ? -EPERM : 0);
	if (why && !strstr(err.msg, why))
		fail_msg("'%s' is not in '%s'", why, err.msg);
}

static void what_is_refused(void **state)
{
	struct stray *instance, *held, *dispatcher, *member, *pid1, *pinned;

	(void)state;
	instance = plant(1, "vx_pipeline");
	hold(instance, 7, "x");
	hold(instance, 200, "vx-engine")->engine = true;
	attach(instance, "ens5", 4, 77);
	held = plant(2, "vxlan_pipeline_main");
	hold(held, 52111, "loader");
	dispatcher = plant(3, "xdp_dispatcher");
	dispatcher->members = 2;
	attach(dispatcher, "ens7", 5, 77);
	member = plant(4, "filter");
	member->dispatcher = 3;
	member->ext = true;
	snprintf(attach(member, "ens7", 5, 99)->netns_name, 8, "blue");
	pid1 = plant(5, "somebody");
	hold(pid1, 1, "systemd");
	pinned = plant(6, "somebody");
	pinned->n_pins = 1;
	strays_judge(&list, &self);
	instance = strays_find(&list, 1), held = strays_find(&list, 2);
	dispatcher = strays_find(&list, 3), member = strays_find(&list, 4);
	pid1 = strays_find(&list, 5), pinned = strays_find(&list, 6);
	for (enum strays_act act = STRAYS_DETACH; act <= STRAYS_CLEAN; act++)
		refuses(instance, act, "live vxconsole (pid 200)");
	refuses(held, STRAYS_DETACH, "held by pid 52111 loader; `strays stop` asks that to end");
	refuses(held, STRAYS_STOP, NULL);
	refuses(dispatcher, STRAYS_DETACH, "xdp-loader unload ens7 --all");
	refuses(member, STRAYS_DETACH, "ip netns exec blue xdp-loader unload ens7 --id 4");
	refuses(pid1, STRAYS_STOP, "no process that could be asked");
	refuses(pinned, STRAYS_STOP, "`strays detach` takes it away");
	refuses(pinned, STRAYS_DETACH, NULL);
}

static void in_words(void **state)
{
	struct vx_err err = { 0 };
	char text[STRAY_TEXT], question[240];
	struct stray *p;

	(void)state;
	p = plant(2236, "vxlan_pipeline_main");
	attach(p, "ens5", 4, 77);
	strays_judge(&list, &self);
	assert_string_equal(stray_sentence(p, text),
			    "vxlan_pipeline_main id 2236 (generic, by netlink), held by nobody");
	assert_string_equal(stray_matters(p, text), "blocks our ingress; duplicate");
	assert_string_equal(stray_held(p, text), "nobody (outlived its loader)");
	assert_string_equal(stray_fix(p, text), "strays detach 2236");
	strays_question(&list, p, STRAYS_DETACH, question, sizeof(question));
	assert_string_equal(question, "detaches vxlan_pipeline_main id 2236 from ens5 (generic)");
	strays_question(&list, p, STRAYS_CLEAN, question, sizeof(question));
	assert_string_equal(question, "takes 1 duplicate away: 2236 (detaches, unpins)");
	p->attached[0].how = STRAY_BY_LINK;
	p->attached[0].link_id = 9;
	assert_int_equal(stray_refused(p, STRAYS_CLEAN, &err), -EPERM);
	assert_non_null(strstr(err.msg, "whose holder was not seen"));
	hold(p, 52111, "loader");
	assert_int_equal(stray_refused(p, STRAYS_CLEAN, &err), 0);
	strays_question(&list, p, STRAYS_CLEAN, question, sizeof(question));
	assert_string_equal(question, "takes 1 duplicate away: 2236 (detaches, unpins, asks the "
				      "processes that hold them to end by SIGTERM)");
	assert_string_equal(stray_sentence(p, text),
			    "vxlan_pipeline_main id 2236 (generic, by link "
			    "9), held by pid 52111 loader");
	p->holder[0].other = 3;
	strays_question(&list, p, STRAYS_STOP, question, sizeof(question));
	assert_string_equal(question,
			    "asks to end (SIGTERM): pid 52111 loader (it holds 3 other BPF "
			    "programs too: a service?)");
}

/* More than the arrays have room for is counted, and no text runs over. */
static void too_many(void **state)
{
	char text[STRAY_TEXT], question[240];
	struct stray *p = plant(1, "vxlan_pipeline_main_of_a_name_that_is_as_long_as_one_can_be");

	(void)state;
	for (int i = 0; i < STRAY_ATTACHED; i++)
		snprintf(attach(p, "a_long_device_n", i + 10, 99)->netns_name, 32, "%s",
			 "a-namespace-with-a-long-name-xx");
	for (int i = 0; i < STRAY_HOLDERS; i++)
		hold(p, 2000000 + i, "fifteen-letters");
	p->n_attached = p->n_holders = p->n_pins = p->n_maps = 1000;
	memset(p->pin[0].path, 'x', STRAY_PATH - 1);
	strays_judge(&list, &self);
	assert_true(strlen(stray_where(p, text)) < STRAY_TEXT);
	assert_true(strlen(stray_held(p, text)) < STRAY_TEXT);
	assert_non_null(strstr(text, "and 997 more"));
	assert_true(strlen(stray_sentence(p, text)) < STRAY_TEXT);
	for (enum strays_act act = STRAYS_DETACH; act <= STRAYS_CLEAN; act++) {
		strays_question(&list, p, act, question, sizeof(question));
		assert_true(strlen(question) < sizeof(question));
	}
}

static void when_it_is_done(void **state)
{
	struct stray *p = plant(1, "somebody");

	(void)state;
	assert_true(stray_is_done(NULL, STRAYS_DETACH));
	hold(p, 9, "x");
	assert_true(stray_is_done(p, STRAYS_DETACH));
	assert_false(stray_is_done(p, STRAYS_STOP));
	attach(p, "ens7", 5, 77);
	assert_false(stray_is_done(p, STRAYS_DETACH));
	p->n_attached = 0;
	p->n_pins = 1;
	assert_false(stray_is_done(p, STRAYS_DETACH));
	p->n_holders = 0;
	assert_true(stray_is_done(p, STRAYS_STOP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fdinfo),
		cmocka_unit_test(mountinfo),
		cmocka_unit_test(start_time),
		cmocka_unit_test_setup(each_has_its_reason, clear),
		cmocka_unit_test_setup(ours_whoever_was_seen, clear),
		cmocka_unit_test_setup(not_all_holders_seen, clear),
		cmocka_unit_test_setup(without_an_engine, clear),
		cmocka_unit_test_setup(who_may_be_asked_to_end, clear),
		cmocka_unit_test_setup(what_is_refused, clear),
		cmocka_unit_test_setup(in_words, clear),
		cmocka_unit_test_setup(too_many, clear),
		cmocka_unit_test_setup(when_it_is_done, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
