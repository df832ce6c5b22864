// SPDX-License-Identifier: GPL-2.0-only
/* Allowlists: what loads, what is refused with which line, what is warned of, and what a save
 * leaves alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/sys/store.h"

struct loaded {
	struct allow *a;
	struct store_doc *doc;
	char warnings[4096];
	struct vx_err err;
	int rc;
};

static void warn(void *ctx, const char *text)
{
	struct loaded *l = ctx;
	size_t n = strlen(l->warnings);

	snprintf(l->warnings + n, sizeof(l->warnings) - n, "%s\n", text);
}

static int memory_file(const char *text, size_t len)
{
	int fd = memfd_create("t", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	return fd;
}

static struct loaded load_n(const char *text, size_t len, uint32_t max)
{
	struct loaded l = { 0 };
	int fd = memory_file(text, len);

	l.rc = store_allow_read(fd, "t.json", max, &l.a, &l.doc, warn, &l, &l.err);
	close(fd);
	return l;
}

static struct loaded load(const char *text)
{
	return load_n(text, strlen(text), 1000);
}

static void drop(struct loaded *l)
{
	allow_free(l->a);
	store_doc_free(l->doc);
}

/* What a save of the list writes; caller frees. */
static char *saved(const struct allow *a, const struct store_doc *doc)
{
	int fd = memfd_create("s", MFD_CLOEXEC);
	char *text;
	size_t len;

	assert_int_equal(store_allow_write_fd(fd, "s.json", a, doc, NULL), 0);
	assert_int_equal(store_read_fd(fd, "s.json", 1 << 28, &text, &len, NULL), 0);
	close(fd);
	return text;
}

static char *fixture(const char *path)
{
	int fd = store_open(path, NULL);
	char *text;
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(store_read_fd(fd, path, 1 << 20, &text, &len, NULL), 0);
	close(fd);
	return text;
}

static struct cidr cidr(const char *text)
{
	struct cidr c;

	assert_int_equal(addr_cidr_parse(text, &c, NULL), 0);
	return c;
}

static const struct allow_entry *find(const struct loaded *l, const char *text)
{
	struct cidr c = cidr(text);

	return allow_find(l->a, &c);
}

static void add(struct loaded *l, const char *text, const char *org, const char *note)
{
	struct cidr c = cidr(text);

	assert_int_equal(allow_add(l->a, &c, org, note, NULL, NULL), 0);
}

static void del(struct loaded *l, const char *text)
{
	struct cidr c = cidr(text);

	assert_int_equal(allow_del(l->a, &c, NULL), 0);
}

static void a_whole_file(void **state)
{
	char *text = fixture("tests/unit/data/allow.json");
	struct loaded l = load(text);

	(void)state;
	assert_string_equal(l.err.msg, "");
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.warnings, "");
	assert_int_equal(allow_count(l.a), 7);
	assert_int_equal(allow_orgs(l.a), 2);
	assert_string_equal(find(&l, "104.218.88.0/24")->org, "Zoom Fiber, LLC");
	assert_string_equal(find(&l, "104.218.88.0/24")->note, "whole block\n(asked)");
	assert_string_equal(find(&l, "198.51.100.7")->org, "König & Söhne \"Netz\"");
	assert_null(find(&l, "10.0.0.2")->org);
	assert_string_equal(find(&l, "10.0.0.1")->note, "the old lab");
	drop(&l);
	free(text);
}

static void the_sample_of_share(void **state)
{
	char *text = fixture("share/allowlist.json");
	struct loaded l = load(text);

	(void)state;
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.warnings, "");
	assert_int_equal(allow_count(l.a), 324);
	assert_int_equal(allow_orgs(l.a), 16);
	drop(&l);
	free(text);
}

static void small_forms(void **state)
{
	static const struct {
		const char *text;
		uint32_t n;
	} rows[] = {
		{ "[]", 0 },
		{ "[\"10.0.0.1\", \"10.0.0.0/8\", \"2001:db8::1\"]", 3 },
		{ "\xef\xbb\xbf[\"10.0.0.1\"]\r\n", 1 },
		{ " \t\r\n[ \"10.0.0.1\" ] \n", 1 },
		{ "[\"\\u0031\\u0030.0.0.1\"]", 1 },
		{ "{\"flat_ip_list\":[\"10.0.0.1\"]}", 1 },
		{ "{\"flat_ip_list\":[]}", 0 },
		{ "{\"organizations\":[]}", 0 },
		{ "{\"organizations\":[{\"org_name\":\"A\",\"ips\":[\"10.0.0.1\"]}]}", 1 },
		{ "{\"organizations\":[{\"org_name\":\"A\"}],\"unknown\":{\"a\":[[[[[[[[[[[[[[]]]]]"
		  "]]]]]]]]]}}",
		  0 },
		{ "{\"organizations\":[],\"notes\":\"an older tool's own key\"}", 0 },
		{ "{\"organizations\":[],\"x\":-0.0e-5,\"y\":1E400,\"z\":\"\\ud83d\\ude00\"}", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l = load(rows[i].text);

		if (l.rc)
			fail_msg("%s: %s", rows[i].text, l.err.msg);
		assert_int_equal(allow_count(l.a), rows[i].n);
		assert_string_equal(l.warnings, "");
		drop(&l);
	}
}

static void refusals_name_line_and_value(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		/* values */
		{ "[\"10.0.0.1\",\n\"10.0.0.300\"]",
		  "t.json: line 2: '10.0.0.300': expected an IPv4 or IPv6" },
		{ "[\n\n\"10.0.0.1/8\"]",
		  "line 3: '10.0.0.1/8': host bits are set; the prefix is 10.0.0.0/8" },
		{ "[\n\"10.0.0.0/33\"]",
		  "line 2: '10.0.0.0/33': expected a prefix length of 0-32" },
		{ "[\n17]",
		  "line 2: the list: expected an address in double quotes, found a number" },
		{ "[\n[\"10.0.0.1\"]]",
		  "line 2: the list: expected an address in double quotes, found a list" },
		{ "[\"\\u001b[31m\"]", "'\\x1b[31m'" },
		{ "{\"organizations\":[{\"org_name\":\"A\",\"ips\":[\"10.0.0.1\"]},\n{\"org_name\":"
		  "\"B\",\"ips\":\n[\"10.0.0.1\"]}]}",
		  "line 3: 10.0.0.1 is under two organisations: 'A' (line 1) and 'B'" },
		{ "{\"organizations\":[{\"ips\":[\"10.0.0.1\"]},\n{\"org_name\":\"B\",\"ips\":["
		  "\"10.0.0.1\"]}]}",
		  "line 2: 10.0.0.1 is under two organisations: '' (line 1) and 'B'" },
		/* shapes */
		{ "7", "line 1: allowlist: expected an object or a list, found a number" },
		{ "\n\"10.0.0.1\"",
		  "line 2: allowlist: expected an object or a list, found a string" },
		{ "{}", "line 1: expected the key \"organizations\" or \"flat_ip_list\"" },
		{ "\n{\"name\":\"x\"}", "line 2: expected the key \"organizations\"" },
		{ "{\n\"organizations\":{}}",
		  "line 2: organizations: expected a list, found an object" },
		{ "{\n\"flat_ip_list\":\nnull}",
		  "line 3: flat_ip_list: expected a list, found null" },
		{ "{\"organizations\":[\n3]}", "line 2: organizations: expected an object" },
		{ "{\"organizations\":[{\n\"org_name\":3}]}",
		  "line 2: org_name: expected a name in double quotes, found a number" },
		{ "{\"organizations\":[{\n\"ips\":\"10.0.0.1\"}]}",
		  "line 2: ips: expected a list, found a string" },
		{ "{\"organizations\":[],\"notes\":{\n\"10.0.0.1\":3}}",
		  "line 2: notes: expected a text" },
		{ "{\"organizations\":[],\"notes\":{\n\"ten\":\"x\"}}",
		  "line 2: 'ten': expected an IPv4" },
		/* keys */
		{ "{\"organizations\":[],\n\"organizations\":[]}",
		  "line 2: the key \"organizations\" is there twice, first at line 1" },
		{ "{\"flat_ip_list\":[],\"a\":1,\n\"\\u0061\":2}",
		  "line 2: the key \"\\u0061\" is there twice, first at line 1" },
		{ "{\"flat_ip_list\":[],\"x\":[{\n\"k\":1,\"k\":1}]}",
		  "line 2: the key \"k\" is there twice" },
		/* JSON */
		{ "", "line 1: the file ends here: expected a value" },
		{ " \n ", "line 2: the file ends here: expected a value" },
		{ "[\"10.0.0.1\"]\n]",
		  "line 2: expected nothing after the end of the list, found ']'" },
		{ "[\"10.0.0.1\"] x", "expected nothing after the end of the list, found 'x'" },
		{ "[\"10.0.0.1\",\n]", "line 2: expected a value after ',', found ']'" },
		{ "[\"10.0.0.1\"\n\"10.0.0.2\"]", "line 2: expected ',' or ']', found '\"'" },
		{ "[,]", "expected a value, found ','" },
		{ "{\"a\" 1}", "expected ':' after the key, found '1'" },
		{ "{a:1}", "expected a string in double quotes, found 'a'" },
		{ "{\"a\":1,}", "expected a value after ',', found '}'" },
		{ "['10.0.0.1']", "expected a value, found '''" },
		{ "[\"10.0.0.1", "line 1: the file ends in a string" },
		{ "[\"10.0.0.1\n\"]",
		  "line 1: expected '\"' at the end of the string, found '\\x0a'" },
		{ "[\"a\tb\"]", "expected '\"' at the end of the string" },
		{ "[NaN]", "expected a value, found 'N'" },
		{ "[Infinity]", "expected a value" },
		{ "[nul]", "expected a value, found 'n'" },
		{ "[truefalse]", "expected ',' or ']', found 'f'" },
		{ "[01]", "expected ',' or ']', found '1'" },
		{ "[-]", "expected a digit, found ']'" },
		{ "[1.]", "expected a digit" },
		{ "[1e+]", "expected a digit" },
		{ "[.5]", "expected a value, found '.'" },
		{ "[+5]", "expected a value, found '+'" },
		{ "[0x10]", "expected ',' or ']', found 'x'" },
		{ "[\"\\x41\"]", "expected a valid escape sequence" },
		{ "[\"\\u00g0\"]", "expected a valid escape sequence" },
		{ "[\"\\u0000\"]", "expected a valid escape sequence (\\u0000 is none)" },
		{ "[\"\\ud800\"]", "expected a valid escape sequence" },
		{ "[\"\\ud800\\u0041\"]", "expected a valid escape sequence" },
		{ "[\"\\udc00\"]", "expected a valid escape sequence" },
		{ "[\"\xff\"]", "expected UTF-8, found '\\xff'" },
		{ "[\"\xc3(\"]", "expected UTF-8" },
		{ "[\"\xed\xa0\x80\"]", "expected UTF-8" },
		{ "// comment\n[]", "expected a value, found '/'" },
		{ "\033[2J", "line 1: expected a value, found '\\x1b'" },
		{ "[[[[[[[[[[[[[[[[\n[1]]]]]]]]]]]]]]]]]", "line 2: more than 16 levels" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l = load(rows[i].text);

		if (l.rc != -EINVAL)
			fail_msg("%s: rc %d %s", rows[i].text, l.rc, l.err.msg);
		if (!strstr(l.err.msg, rows[i].want))
			fail_msg("%s: '%s' lacks '%s'", rows[i].text, l.err.msg, rows[i].want);
		assert_null(l.a);
		assert_null(l.doc);
	}
}

static void more_refusals(void **state)
{
	struct loaded l = load_n("[\"10.0.0.1\",\n\"10.0.0.2\",\n\"10.0.0.3\"]", 36, 2);
	char *text = malloc(4 << 20), *p = text;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(l.rc, -ENOSPC);
	assert_string_equal(l.err.msg,
			    "t.json: line 3: 10.0.0.3: the list is full: --allow-max is 2");
	l = load_n("[\"10.0.0.1\"]\0", 13, 2);
	assert_int_equal(l.rc, -EINVAL);
	assert_non_null(strstr(l.err.msg, "found '\\x00'"));
	/* far more values than a list of that size can need */
	p += sprintf(p, "[");
	while (p < text + (4 << 20) - 100)
		p += sprintf(p, "0,");
	p += sprintf(p, "0]");
	l = load_n(text, (size_t)(p - text), 10);
	assert_int_equal(l.rc, -EINVAL);
	assert_non_null(strstr(l.err.msg, "line 1: expected at most 16544 values"));
	/* 100,000 keys, the last one doubled: found at once, not by comparing each with each */
	p = text + sprintf(text, "{\"flat_ip_list\":[]");
	for (int i = 0; i < 100000; i++)
		p += sprintf(p, ",\n\"k%d\":0", i);
	p += sprintf(p, ",\n\"k7\":0}");
	l = load_n(text, (size_t)(p - text), 100000);
	assert_int_equal(l.rc, -EINVAL);
	assert_non_null(
		strstr(l.err.msg, "line 100002: the key \"k7\" is there twice, first at line 9"));
	/* a long key spelt in two ways, among so many that the table is used */
	p = text + sprintf(text, "{\"flat_ip_list\":[]");
	for (int i = 0; i < 20; i++)
		p += sprintf(p,
			     ",\n\"a key of more than sixty-four bytes, which is hashed in more "
			     "than one piece %d\":0",
			     i);
	p += sprintf(p, ",\n\"a k\\u0065y of more than sixty-four bytes, which is hashed in more "
			"than one piece 7\":0}");
	l = load_n(text, (size_t)(p - text), 10);
	assert_int_equal(l.rc, -EINVAL);
	assert_non_null(strstr(l.err.msg, "line 22: the key"));
	assert_non_null(strstr(l.err.msg, "first at line 9"));
	free(text);
	assert_int_equal(store_allow_read(fd, "null", 10, &l.a, &l.doc, NULL, NULL, &l.err),
			 -EOPNOTSUPP);
	assert_non_null(strstr(l.err.msg, "null: expected a regular file"));
	close(fd);
}

static void too_large(void **state)
{
	struct loaded l = { 0 };
	int fd = memfd_create("t", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
	l.rc = store_allow_read(fd, "t.json", 10, &l.a, &l.doc, NULL, NULL, &l.err);
	assert_int_equal(l.rc, -EFBIG);
	assert_non_null(strstr(l.err.msg, "expected a file of at most 67108864 bytes"));
	close(fd);
}

static void disagreements_are_warned_of(void **state)
{
#define ORG "\"organizations\":[{\"org_name\":\"A\",\"ips\":[\"10.0.0.1\",\"10.0.0.2\"]}]"
	static const struct {
		const char *text, *want; /* all warnings */
		uint32_t n;
	} rows[] = {
		{ "{" ORG ",\"total_ips\":2}", "", 2 },
		{ "{" ORG ",\"total_ips\":2,\"flat_ip_list\":[\"10.0.0.2\",\"10.0.0.1\"]}", "", 2 },
		{ "{" ORG
		  ",\"total_ips\":3,\"flat_ip_list\":[\"10.0.0.2\",\"10.0.0.1\",\"10.0.0.3\"]}",
		  "", 3 },
		{ "{" ORG ",\n\"total_ips\":3}",
		  "line 2: total_ips is 3, but the list has 2 addresses\n", 2 },
		{ "{" ORG ",\n\"total_ips\":\"2\\u001b\"}",
		  "line 2: total_ips is 2\\u001b, but the list has 2 addresses\n", 2 },
		{ "{" ORG ",\"flat_ip_list\":[\"10.0.0.1\"]}",
		  "flat_ip_list lacks 1 address of organizations (loaded): 10.0.0.2\n", 2 },
		{ "{" ORG ",\"flat_ip_list\":[\"10.0.0.1\",\"10.0.0.9\"]}",
		  "flat_ip_list lacks 1 address of organizations (loaded): 10.0.0.2\n"
		  "flat_ip_list has 1 address of no organisation (loaded): 10.0.0.9\n",
		  3 },
		{ "{" ORG
		  ",\"total_ips\":2,\"flat_ip_list\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.9\"]}",
		  "line 1: total_ips is 2, but the list has 3 addresses\n"
		  "flat_ip_list has 1 address of no organisation (loaded): 10.0.0.9\n",
		  3 },
		{ "{" ORG ",\"flat_ip_list\":[]}",
		  "flat_ip_list lacks 2 addresses of organizations (loaded): 10.0.0.1, 10.0.0.2\n",
		  2 },
		{ "[\"10.0.0.1\",\"10.0.0.1/32\"]", "1 address listed twice: 10.0.0.1\n", 1 },
		{ "{\"organizations\":[{\"org_name\":\"A\",\"ips\":[\"10.0.0.1\",\"10.0.0.1\"]},"
		  "{\"org_name\":\"A\",\"ips\":[\"10.0.0.1\"]}]}",
		  "2 addresses listed twice: 10.0.0.1, 10.0.0.1\n", 1 },
		{ "[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\",\"10.0.0.4\",\"10.0.0.5\",\"10.0.0.6\","
		  "\"10.0.0.7\","
		  "\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\",\"10.0.0.4\",\"10.0.0.5\",\"10.0.0.6\","
		  "\"10.0.0.7\"]",
		  "7 addresses listed twice: 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5 and "
		  "2 more\n",
		  7 },
		{ "{\"flat_ip_list\":[],\"notes\":{\n\"10.0.0.1\":\"x\"}}",
		  "line 2: a note on 10.0.0.1, which is not on the list\n", 0 },
		{ "{\"organizations\":[\n{\"ips\":[\"10.0.0.1\"]}]}",
		  "line 2: an organisation without a name\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l = load(rows[i].text);

		if (l.rc)
			fail_msg("%s: %s", rows[i].text, l.err.msg);
		assert_string_equal(l.warnings, rows[i].want);
		assert_int_equal(allow_count(l.a), rows[i].n);
		drop(&l);
	}
}

/* A half-written file is never half a list. */
static void every_beginning_of_a_file(void **state)
{
	char *text = fixture("tests/unit/data/allow.json");
	size_t len = strlen(text), whole = len;

	(void)state;
	while (text[whole - 1] != '}')
		whole--;
	for (size_t n = 0; n <= len; n++) {
		struct loaded l = load_n(text, n, 1000);

		assert_int_equal(l.rc, n < whole ? -EINVAL : 0);
		if (l.rc && !strstr(l.err.msg, "t.json: line "))
			fail_msg("%zu bytes: %s", n, l.err.msg);
		drop(&l);
	}
	free(text);
}

/* Bytes changed, left out, doubled at random: refused with a line, or a list that can be saved and
 * read again. */
static void mutations(void **state)
{
	static const char bytes[] = "\"\\{}[]:,0/\n \x00\xff\xc3"
				    "e-u.";
	char *text = fixture("tests/unit/data/allow.json"), *copy;
	size_t len = strlen(text);
	int loaded = 0;

	(void)state;
	copy = malloc(2 * len);
	srand(7);
	for (int i = 0; i < 5000; i++) {
		size_t n = len, at, from;

		memcpy(copy, text, len);
		for (int k = rand() % 3; k >= 0; k--) {
			at = (size_t)rand() % n;
			from = (size_t)rand() % n;
			if (rand() % 4)
				copy[at] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
			else if (at > from)
				memmove(copy + from, copy + at, n - at), n -= at - from;
		}
		struct loaded l = load_n(copy, n, 1000);

		if (l.rc) {
			assert_non_null(strstr(l.err.msg, "t.json: line "));
			continue;
		}
		char *out = saved(l.a, l.doc);
		struct loaded again = load(out);

		if (again.rc)
			fail_msg("%s in %s", again.err.msg, out);
		assert_int_equal(allow_count(again.a), allow_count(l.a));
		loaded++;
		drop(&again);
		drop(&l);
		free(out);
	}
	assert_true(loaded > 50);
	free(copy);
	free(text);
}

static void saves_are_stable(void **state)
{
	static const char *const paths[] = { "tests/unit/data/allow.json", "share/allowlist.json" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = fixture(paths[i]), *one, *two;
		struct loaded l = load(text), again;

		one = saved(l.a, l.doc);
		again = load(one);
		assert_int_equal(again.rc, 0);
		assert_string_equal(again.warnings, "");
		two = saved(again.a, again.doc);
		assert_string_equal(one, two);
		drop(&l);
		drop(&again);
		free(one);
		free(two);
		free(text);
	}
}

static void what_is_unknown_survives(void **state)
{
	static const char want[] =
		"{\n"
		"  \"version\": \"1.0\",\n"
		"  \"description\": \"caf\\u00e9 / caf\\u00e9: what we do not know stays as it "
		"is\",\n"
		"  \"generated\": {\n"
		"    \"by\": \"a script\",\n"
		"    \"took\": 1.50,\n"
		"    \"runs\": [\n"
		"      1,\n"
		"      2,\n"
		"      3e2\n"
		"    ],\n"
		"    \"none\": null,\n"
		"    \"ok\": true,\n"
		"    \"empty\": {},\n"
		"    \"list\": []\n"
		"  },\n"
		"  \"total_ips\": 8,\n"
		"  \"organizations\": [\n"
		"    {\n"
		"      \"org_name\": \"Zoom Fiber, LLC\",\n"
		"      \"org_id\": \"12837578\",\n"
		"      \"ips\": [\n"
		"        \"104.218.88.0/24\",\n"
		"        \"2001:db8:5::/48\",\n"
		"        \"192.0.2.1\"\n"
		"      ],\n"
		"      \"contact\": \"noc@example.net\"\n"
		"    },\n"
		"    {\n"
		"      \"org_id\": \"1\",\n"
		"      \"org_name\": \"K\\u00f6nig & S\\u00f6hne \\\"Netz\\\"\",\n"
		"      \"ips\": [\n"
		"        \"198.51.100.7\",\n"
		"        \"198.51.100.8\"\n"
		"      ]\n"
		"    },\n"
		"    {\n"
		"      \"org_name\": \"Nothing yet\",\n"
		"      \"ips\": []\n"
		"    },\n"
		"    {\n"
		"      \"org_name\": \"N\\u0001\\\"\\\\ ü\",\n"
		"      \"ips\": [\n"
		"        \"192.0.2.2\"\n"
		"      ]\n"
		"    }\n"
		"  ],\n"
		"  \"flat_ip_list\": [\n"
		"    \"198.51.100.8\",\n"
		"    \"104.218.88.0/24\",\n"
		"    \"2001:db8:5::/48\",\n"
		"    \"198.51.100.7\",\n"
		"    \"10.0.0.1\",\n"
		"    \"192.0.2.1\",\n"
		"    \"192.0.2.2\",\n"
		"    \"192.0.2.3\"\n"
		"  ],\n"
		"  \"notes\": {\n"
		"    \"10.0.0.1\": \"changed\",\n"
		"    \"104.218.88.0/24\": \"whole block\\n(asked)\",\n"
		"    \"192.0.2.3\": \"new\"\n"
		"  }\n"
		"}\n";
	char *text = fixture("tests/unit/data/allow.json"), *out;
	struct loaded l = load(text);
	struct cidr c = cidr("10.0.0.1");

	(void)state;
	del(&l, "104.218.88.5");
	del(&l, "10.0.0.2");
	add(&l, "192.0.2.1", "Zoom Fiber, LLC", NULL);
	add(&l, "192.0.2.2", "N\x01\"\\ ü", NULL);
	add(&l, "192.0.2.3", NULL, "new");
	assert_int_equal(allow_set_note(l.a, &c, "changed", NULL), 0);
	out = saved(l.a, l.doc);
	assert_string_equal(out, want);
	drop(&l);
	l = load(out);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.warnings, "");
	assert_string_equal(find(&l, "192.0.2.2")->org, "N\x01\"\\ ü");
	drop(&l);
	free(out);
	free(text);
}

static void forms_of_a_save(void **state)
{
	struct loaded l = load("[\"10.0.0.2\", \"10.0.0.1\"]");
	char *out = saved(l.a, l.doc);
	struct allow *none;

	(void)state;
	/* a bare list stays one while it can */
	assert_string_equal(out, "[\n  \"10.0.0.2\",\n  \"10.0.0.1\"\n]\n");
	free(out);
	add(&l, "10.0.0.3", "A", NULL);
	out = saved(l.a, l.doc);
	assert_string_equal(
		out,
		"{\n  \"version\": \"1.0\",\n  \"total_ips\": 3,\n  \"organizations\": [\n    {\n"
		"      \"org_name\": \"A\",\n      \"ips\": [\n        \"10.0.0.3\"\n      ]\n    "
		"}\n  ],\n"
		"  \"flat_ip_list\": [\n    \"10.0.0.2\",\n    \"10.0.0.1\",\n    \"10.0.0.3\"\n  "
		"]\n}\n");
	free(out);
	drop(&l);
	/* no document: a new one */
	assert_int_equal(allow_new(&none, 1, NULL), 0);
	out = saved(none, NULL);
	assert_string_equal(
		out, "{\n  \"version\": \"1.0\",\n  \"total_ips\": 0,\n  \"organizations\": [],\n"
		     "  \"flat_ip_list\": []\n}\n");
	free(out);
	allow_free(none);
	/* an organisation that has no list of its own, the flat list before it, one that moves, one
	 * name twice */
	l = load("{\"flat_ip_list\":[\"10.0.0.1\"],\"organizations\":[{\"org_name\":\"A\"},"
		 "{\"org_name\":\"B\",\"ips\":[\"10.0.0.1\"]},{\"org_name\":\"B\",\"ips\":[\"10.0."
		 "0.5\"]}]}");
	del(&l, "10.0.0.1");
	add(&l, "10.0.0.1", "A", NULL);
	add(&l, "10.0.0.6", "B", NULL);
	out = saved(l.a, l.doc);
	assert_string_equal(
		out, "{\n  \"flat_ip_list\": [\n    \"10.0.0.1\",\n    \"10.0.0.5\",\n    "
		     "\"10.0.0.6\"\n  ],\n"
		     "  \"organizations\": [\n    {\n      \"org_name\": \"A\",\n      \"ips\": [\n"
		     "        \"10.0.0.1\"\n      ]\n    },\n    {\n      \"org_name\": \"B\",\n   "
		     "   \"ips\": [\n"
		     "        \"10.0.0.6\"\n      ]\n    },\n    {\n      \"org_name\": \"B\",\n   "
		     "   \"ips\": [\n"
		     "        \"10.0.0.5\"\n      ]\n    }\n  ]\n}\n");
	free(out);
	drop(&l);
}

static void a_foreign_notes_key_is_not_overwritten(void **state)
{
	struct loaded l = load("{\"flat_ip_list\":[\"10.0.0.1\"],\n\"notes\":\"mine\"}");
	struct cidr c = cidr("10.0.0.1");
	int fd = memfd_create("s", MFD_CLOEXEC);
	struct vx_err err;
	char *out = saved(l.a, l.doc);

	(void)state;
	assert_non_null(strstr(out, "\"notes\": \"mine\""));
	free(out);
	assert_int_equal(allow_set_note(l.a, &c, "x", NULL), 0);
	assert_int_equal(store_allow_write_fd(fd, "s.json", l.a, l.doc, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "s.json: line 2: expected \"notes\" to be an object"));
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(store_allow_write_fd(fd, "s.json", l.a, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "expected an empty regular file"));
	close(fd);
	drop(&l);
}

static void by_path(void **state)
{
	char path[] = "/tmp/vx-allow-XXXXXX", kept[sizeof(path) + 1];
	struct loaded l = load("[\"10.0.0.1\"]");
	int fd = mkstemp(path);
	char *out;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(store_allow_write(path, l.a, l.doc, NULL), 0);
	out = fixture(path);
	assert_string_equal(out, "[\n  \"10.0.0.1\"\n]\n");
	free(out);
	assert_int_equal(store_allow_write("/dev/full", l.a, l.doc, &l.err), -EINVAL);
	unlink(path);
	snprintf(kept, sizeof(kept), "%s~", path);
	assert_int_equal(unlink(kept), 0); /* the empty one that it was */
	drop(&l);
}

static void a_million_addresses(void **state)
{
	char *text = malloc(64 << 20), *p = text, *out;
	clock_t start = clock();
	struct loaded l;

	(void)state;
	p += sprintf(p, "{\"total_ips\":1000000,\"organizations\":[");
	for (int org = 0; org < 100; org++) {
		p += sprintf(p, "%s{\"org_name\":\"Org %d\",\"ips\":[", org ? "," : "", org);
		for (int i = 0; i < 10000; i++)
			p += sprintf(p, "%s\n\"10.%d.%d.%d\"", i ? "," : "", org, i >> 8, i & 255);
		p += sprintf(p, "]}");
	}
	p += sprintf(p, "]}");
	l = load_n(text, (size_t)(p - text), 1000000);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.warnings, "");
	assert_int_equal(allow_count(l.a), 1000000);
	out = saved(l.a, l.doc);
	/* about 2 s of processor time here, 5 with the sanitizers; a quadratic step would take
	 * hours */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 60);
	free(out);
	drop(&l);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file),
		cmocka_unit_test(the_sample_of_share),
		cmocka_unit_test(small_forms),
		cmocka_unit_test(refusals_name_line_and_value),
		cmocka_unit_test(more_refusals),
		cmocka_unit_test(too_large),
		cmocka_unit_test(disagreements_are_warned_of),
		cmocka_unit_test(every_beginning_of_a_file),
		cmocka_unit_test(mutations),
		cmocka_unit_test(saves_are_stable),
		cmocka_unit_test(what_is_unknown_survives),
		cmocka_unit_test(forms_of_a_save),
		cmocka_unit_test(a_foreign_notes_key_is_not_overwritten),
		cmocka_unit_test(by_path),
		cmocka_unit_test(a_million_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
