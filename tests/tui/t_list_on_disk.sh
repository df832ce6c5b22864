#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
# beside others
#
# The allowlist's file changes while the engine runs: it is offered as a diff and taken by a key, or put in force by --watch;
# not half written, not when it is bad, not over edits that were not saved. What is in force is seen by packets.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
LIST=$T/list.json
# list ADDRESS...: as a file
list() { printf '{"organizations":[{"org_name":"Lab","org_id":"1","ips":[%s]}],"kept":"yes"}\n' "$(printf '"%s",' "$@" | sed 's/,$//')"; }
# publish ADDRESS...: as editors do, by rename
publish() {
	list "$@" >"$LIST.new"
	mv "$LIST.new" "$LIST"
}
in_force() { vxctl --json allow list | json 'map(.cidr) | sort | join(" ")'; }
in_force_is() { [ "$(in_force)" = "$1" ]; }
# passes ADDRESS: how many of 50 packets from it are sent on, by a rule that no others match
RULES=(-n "udp/31765=$LAB_NAT4:8081" -n "udp/53=$LAB_NAT4:53")
sent() { vxctl --json nat list | json '.[] | select(.key == "udp/53").hits'; }
denied() { vxctl --json ledger | json .dropped.denied; }
passes() {
	local sent denied
	sent=$(sent) denied=$(denied)
	send --count 50 --rate 5000 --src "$1/32" --dport 53 >/dev/null
	judged() { [ $(($(sent) - sent + $(denied) - denied)) -ge 50 ]; }
	wait_for 5 judged
	echo $(($(sent) - sent))
}

publish 10.0.0.1 10.0.0.2
chmod 600 "$LIST" # the screen's user may not read it
# Where none comes for 3 s, that is told in the place of an offer.
start_load --rate 20 --seconds 120 --src 10.0.0.1/32
tui_start 80x24 -a "$LIST" "${RULES[@]}" --match src || exit 1

# Offered.
publish 10.0.0.1 10.0.0.3 10.0.0.4
chmod 600 "$LIST"
check_screen "a change is offered" "\* The list on disk has changed: \+2 -1 +\[L\]" 5
check_screen "the header says so in every view" "LIST ON DISK"
check "nothing has changed yet" "$(in_force)" "10.0.0.1 10.0.0.2"
command_line "allow diff"
check_screen "the diff: removed" "remove +10.0.0.2 +Lab"
check_screen "the diff: added" "add +10.0.0.4 +Lab"
check "the diff by ctl" "$(vxctl --json allow diff | json 'map(.change + " " + .cidr) | join(", ")')" \
	"remove 10.0.0.2, add 10.0.0.3, add 10.0.0.4"
to_list
esc
keys L
check_screen "the key asks" "Enter does it.* \+2 \(10.0.0.3, 10.0.0.4\) -1" 5
check_screen "with the effect" "would deny 0 packets/s"
keys Escape
sleep 0.4
check "Esc changes nothing" "$(in_force)" "10.0.0.1 10.0.0.2"
keys L
wait_screen "would deny" 5
sleep 0.4
keys Enter
check_cmd "Enter takes it" wait_for 5 in_force_is "10.0.0.1 10.0.0.3 10.0.0.4"
check_gone "the offer is gone" "LIST ON DISK"
check "who is on the new list passes" "$(passes 10.0.0.3)" 50
check "who is not does not" "$(passes 10.0.0.2)" 0

# Our own save is no change; edits that were not saved would be lost, and that is said.
vxctl allow add 10.0.0.9 org Lab >/dev/null
vxctl allow save >/dev/null
sleep 2.5
check_cmd "a save is no change" screen_lacks "LIST ON DISK"
check "the file before is kept" "$(json '.organizations[0].ips | join(" ")' <"$LIST~")" "10.0.0.1 10.0.0.3 10.0.0.4"
check "with its mode" "$(stat -c %a "$LIST" "$LIST~" | xargs)" "600 600"
check "unknown keys stay" "$(json .kept <"$LIST")" yes
vxctl allow add 10.0.0.10 org Lab >/dev/null
publish 10.0.0.1
check_screen "changed, with edits that were not saved" "\+0 -4" 5
keys L
check_screen "they would be lost" "unsaved edits are lost: 1" 5
keys Escape
sleep 0.4
# Taken back by the file itself.
check_cmd "it is offered still" screen_has "LIST ON DISK"
publish 10.0.0.1 10.0.0.3 10.0.0.4 10.0.0.9 10.0.0.10
check_gone "a file that is equal again ends the offer" "LIST ON DISK" 5
stop_load

# Bad files and no file.
resize 200 50
keys 8
echo '{"organizations":[{"org_name":"Lab","ips":["10.0.0.300"]}]}' >"$LIST"
check_screen "a bad list is told with its line" "cannot be used.*line 1" 6
check_gone "and not offered" "LIST ON DISK"
rm "$LIST"
check_screen "a list that is gone is told" "is gone; the list in force stays" 6
check "what is in force stays" "$(in_force | wc -w)" 5
vxctl allow save >/dev/null
check "and can be written again" "$(json '.organizations[0].ips | length' <"$LIST")" 5
keys q
wait_screen "stops it" 5
keys s
check_ended "the screen"

# --watch.
publish 10.0.0.1 10.0.0.2
tui_start 80x24 --watch -a "$LIST" "${RULES[@]}" --match src || exit 1
resize 200 50
keys 8
publish 10.0.0.5
check_cmd "--watch puts it in force" wait_for 5 in_force_is 10.0.0.5
check_screen "and tells" "watch: .*in force: \+1 -2 entries" 5
check "who is on it passes" "$(passes 10.0.0.5)" 50
check "who was on it does not" "$(passes 10.0.0.1)" 0
# Half a file, still growing: not read before it is still. What was read too early would be a bad list.
: >"$LIST"
text=$(list 10.0.0.6 10.0.0.7)
for ((i = 0; i < ${#text}; i += 10)); do
	printf '%s' "${text:i:10}" >>"$LIST"
	sleep 0.3
done
check_cmd "a file that was written slowly is taken when it is whole" wait_for 6 in_force_is "10.0.0.6 10.0.0.7"
check_cmd "and was not read half" screen_lacks "cannot be used"
vxctl allow add 10.0.0.8 org Lab >/dev/null
publish 10.0.0.1
check_screen "edits that were not saved: it is offered" "LIST ON DISK" 5
check_screen "and told why" "edits are not saved" 5
check "they stay" "$(in_force)" "10.0.0.6 10.0.0.7 10.0.0.8"
keys q
wait_screen "stops it" 5
keys s
check_ended "the screen with --watch"
