#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 60
# beside others
#
# What is saved where no file was given is what the next start has: the config and the list under /etc/vxconsole, here in
# an /etc of the test's own. And a save leaves alone what somebody else wrote, or says where that is.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
mkdir "$T/etc"
printf '#!/bin/sh\nmount --bind "%s" /etc && exec "%s" "$@"\n' "$T/etc" "$VX" >"$T/own_etc"
chmod 755 "$T/own_etc"
CONF=$T/etc/vxconsole/vxconsole.conf
LIST=$T/etc/vxconsole/allowlist.json
start() {
	local real=$VX
	VX=$T/own_etc
	start_vx "$@" || exit 1
	VX=$real
}
value() { vxctl --json show settings | json ".[] | select(.name == \"$1\").value"; }
entries() { vxctl --json allow list | json 'map(.cidr) | join(" ")'; }
denies() { grep -c 'EVERY PACKET WILL BE DENIED' "$VX_LOG"; }
on_disk() { find "$STATE_DIRECTORY" -type f | wc -l; }
unsaved() { vxctl quit 2>&1 </dev/null | grep -o 'unsaved changes are lost: [0-9]*'; }

# --- no files at all, then both saved ---------------------------------------------------------------
start
check "a start without a list lets all through, and says so" "$(value allow-mode) $(denies)" "off 0"
vxctl allow add 10.0.0.0/24 >/dev/null
vxctl allow mode enforce >/dev/null
vxctl nat add "udp/31765=$LAB_NAT4:8081" >/dev/null
check "allow save: says where, and what is to be done" "$(vxctl allow save)" \
	"saved the list: 1 entries, in /etc/vxconsole/allowlist.json; \`save\` makes the config name it, for the next start"
check "allow save: that file is the list's" "$(value allowlist)" /etc/vxconsole/allowlist.json
vxctl save >/dev/null
check "save: the config names it" "$(grep ^ALLOWLIST= "$CONF")" 'ALLOWLIST="/etc/vxconsole/allowlist.json"'
check "nothing is unsaved" "$(on_disk)" 0
echo '["10.0.0.0/24","10.0.1.0/24"]' >"$LIST"
check "allow load reads it" "$(vxctl allow load)" "loaded /etc/vxconsole/allowlist.json: 2 entries"
echo '["10.0.0.0/24"]' >"$LIST"
kill -HUP "$VX_PID"
one() { [ "$(entries)" = 10.0.0.0/24 ]; }
check_cmd "SIGHUP reads it" wait_for 5 one
check_cmd "quit does not ask" vxctl quit
reap_vx 10
start
check "the next start has all of it" "$(value allow-mode) $(entries) $(vxctl --json nat list | json '.[].key') $(denies)" \
	"enforce 10.0.0.0/24 udp/31765 0"
stop_vx

# In the other order the config is the one that lacks something: that is unsaved until it is saved again.
rm "$CONF" "$LIST"
start
vxctl allow add 10.0.0.0/24 >/dev/null
vxctl save >/dev/null
vxctl allow save >/dev/null
check "the list saved last: one change is unsaved" "$(unsaved)" "unsaved changes are lost: 1"
check "nothing that the journal could make again" "$(on_disk)" 0
vxctl save >/dev/null
check_cmd "saved, none is" vxctl quit
reap_vx 10
start
check "a list without a mode: it stays off" "$(value allow-mode) $(entries)" "off 10.0.0.0/24"
stop_vx

# --- what changes nothing is no change --------------------------------------------------------------
start -n "udp/1=$LAB_NAT4:1"
changes() { vxctl --json history | json 'map(.command) | join(", ")'; }
vxctl set batch 9 >/dev/null
vxctl vni add 7 >/dev/null
vxctl undo >/dev/null
check "set to what it is: said" "$(vxctl set batch 9)" "batch is 9 already: nothing has changed"
check "in another spelling" "$(vxctl set vni 1,1)" "vni is 1,1 already: nothing has changed"
check "allow mode, too" "$(vxctl allow mode off)" "allow-mode is off already: nothing has changed"
vxctl vni add 1 >/dev/null 2>&1
check "vni add of what is ours: refused" $? 1
check "no change of it all" "$(changes)" "set batch 9, vni add 7"
check_cmd "and redo goes on" vxctl redo
stop_vx

rm -r "$STATE_DIRECTORY"
printf 'NAT_RULE="%s"\n' "udp/1=$LAB_NAT4:1" "udp/2=$LAB_NAT4:2" >"$CONF"
start
vxctl set batch 9 >/dev/null
vxctl save >/dev/null
vxctl set batch 8 >/dev/null
vxctl set batch 9 >/dev/null
vxctl undo >/dev/null
vxctl undo >/dev/null
readings() { grep -c 'read again' "$VX_LOG"; }
hup() {
	vxctl mark >/dev/null # a line between: one that is repeated would only be counted
	BEFORE=$(readings)
	kill -HUP "$VX_PID"
	more() { [ "$(readings)" -gt "$BEFORE" ]; }
	check_cmd "SIGHUP: it answers" wait_for 5 more
}
hup
check "SIGHUP that changes nothing" "$(changes)" "set batch 9, set batch 8, set batch 9"
check "where values come from is known, though" "$(vxctl --json show settings | json '.[] | select(.name == "batch").source')" config
check_cmd "and redo goes on" vxctl redo
printf 'NAT_RULE="%s"\n' "udp/2=$LAB_NAT4:2" "udp/1=$LAB_NAT4:1" >"$CONF"
hup
check "the order of rules is a change, and said" "$(vxctl --json history | json '.[-1] | .command, .after' | xargs)" \
	"files read again the same rules in another order"
check_cmd "it is undone" vxctl undo
check "the rules as they were" "$(vxctl --json nat list | json 'map(.key) | join(" ")')" "udp/1 udp/2"

# --- what history says of a change is whole words ---------------------------------------------------
after() { vxctl --json history | json '.[-1].after'; }
vxctl set next-hop-mac 02:00:00:00:82:95 >/dev/null
vxctl set next-hop-mac auto >/dev/null
check "a setting that is unset" "$(after)" "next-hop-mac auto"
echo '["10.0.0.0/24","6.6.6.7"]' >"$T/a.json"
echo '["10.0.0.0/24","2001:db8:1111:2222:3333:4444:5555:6666","2001:db8::1"]' >"$T/b.json"
vxctl allow load "$T/a.json" >/dev/null
check "a list, all of it" "$(after)" "2 entries: +2 (10.0.0.0/24, 6.6.6.7) -0, relabelled: 0"
vxctl allow load "$T/b.json" >/dev/null
check "a list, what there is room for" "$(after)" \
	"3 entries: +2 (2001:db8:1111:2222:3333:4444:5555:6666, ...) -1 (6.6.6.7), relabelled: 0"
for i in 1 2 3 4 5 6 7 8; do printf 'NAT_RULE="%s"\n' "udp/3000$i@10.$i.0.0/16=$LAB_NAT4:8081"; done >"$CONF"
hup
check "rules, what there is room for" "$(after)" "$(for i in 1 2 3; do printf '%s, ' "udp/3000$i@10.$i.0.0/16=$LAB_NAT4:8081"; done)..."
vxctl set vni "$(seq -s, 1000 1030)" >/dev/null
check "a long value" "$(after)" "vni $(seq -s, 1000 1019),..."
vxctl -y quit >/dev/null
reap_vx 10

# --- enforce, and nothing on the list ---------------------------------------------------------------
echo ALLOW_MODE=enforce >"$CONF"
start
check "enforce without a list: the start warns" "$(denies)" 1
check "and says what to do" "$(grep -c 'DENIED; add addresses (allow add CIDR, allow load FILE).*-a FILE.*allow mode count' "$VX_LOG")" 1

# --- what this engine was not told ------------------------------------------------------------------
printf '%s\n' 'ALLOWLIST=/x # for the next start' 'PORT=5000' >>"$CONF"
vxctl set batch 9 >/dev/null
vxctl save >/dev/null
check "save leaves what was written for the next start" "$(grep -E '^(ALLOWLIST|PORT|BATCH)=' "$CONF")" \
	"$(printf '%s\n' 'ALLOWLIST=/x # for the next start' PORT=5000 'BATCH="9"')"
stop_vx
echo '[]' >"$LIST"
rm "$CONF"
start -a /etc/vxconsole/allowlist.json
check "an empty list: the start warns" "$(denies) $(grep -c 'the allowlist is empty' "$VX_LOG")" "1 1"

# --- somebody else writes the list, too -------------------------------------------------------------
TOLD="; what somebody else had written there is now /etc/vxconsole/allowlist.json~"
vxctl allow add 10.0.0.1 >/dev/null
check "allow save of a file that nobody has touched" "$(vxctl allow save)" "saved the list: 1 entries"
vxctl allow add 10.0.0.2 >/dev/null
check "and once more" "$(vxctl allow save)" "saved the list: 2 entries"
echo '["6.6.6.6"]' >"$LIST"
chmod 640 "$LIST"
chown 1000:1001 "$LIST"
warned() { grep -q 'changed on disk' "$VX_LOG"; }
check_cmd "a change on disk is noticed" wait_for 5 warned
check "allow save says where the other's version is" "$(vxctl allow save)" "saved the list: 2 entries$TOLD"
check "there it is" "$(cat "$LIST~")" '["6.6.6.6"]'
check "mode and owner are kept" "$(stat -c '%a %u %g' "$LIST" "$LIST~" | xargs)" "640 1000 1001 640 1000 1001"
check "it is said once" "$(vxctl allow save)" "saved the list: 2 entries"
echo '["6.6.6.7"]' >"$LIST"
check "before it is noticed, too" "$(vxctl allow save)" "saved the list: 2 entries$TOLD"
stop_vx

# --- a name from here, in a file that is read from elsewhere ----------------------------------------
rm "$CONF"
echo '["10.0.0.0/24"]' >"$T/here.json"
cd "$T" || exit 1
start -a here.json
cd - >/dev/null || exit 1
vxctl set batch 9 >/dev/null
vxctl save >/dev/null
check "save: the list by its whole name" "$(grep ^ALLOWLIST= "$CONF")" "ALLOWLIST=\"$T/here.json\""
stop_vx
check "exit code" "$VX_RC" 0
