#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# The first run, without any configuration: the line under the lights says that nothing is sent and what arrives, and the
# command that mends it is typed already. Also: it is offered once, not to somebody who is busy, and not where there is a rule.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
prompt_is_offered() { screen_line 24 | grep -q '^> nat add udp/31765='; }
prompt_is_empty() { screen_line 24 | grep -qE '^> *$'; }

tui_start 80x24 || exit 1
check_screen "without traffic: says that nothing is sent" "! No NAT rule: nothing is sent\. *$"
check_cmd "and offers nothing" prompt_is_empty

start_load --rate 1200 --seconds 60 --dport 31765
check_screen "what arrives is named, with its rate" "! No NAT rule: nothing is sent\. udp/31765 arrives at 1,[12][0-9][0-9] packets/s" 10
check_cmd "the command is typed already" wait_for 3 prompt_is_offered
check_cmd "and has the focus" in_prompt
check "the rate is that of ctl" "$(vxctl --json nat top | json '.[0].key')" "udp/31765"
rate=$(screen_line 3 | sed -n 's/.*arrives at \([0-9,]*\) .*/\1/p' | tr -d ,)
check_ge "about the rate that is sent" "$rate" 1100

# Declined: not offered again, but the key brings it.
keys Escape Escape
check_cmd "Esc leaves it" wait_for 5 in_list
wait_screen "arrives at" 5
sleep 1.5
check_cmd "it is offered once" prompt_is_empty
keys f
check_cmd "the key brings it back" wait_for 3 prompt_is_offered

# Finished: it flows.
text "$LAB_NAT4:8081"
keys Enter
check_cmd "the rule is there" wait_for 5 sh -c "'$VX' ctl -s '$VX_SOCK' --json nat list | grep -q 'udp/31765'"
check_gone "the line is gone" "No NAT rule" 5
flows() { [ "$(vxctl --json stats | json .out_pps)" -gt 1000 ]; }
check_cmd "packets flow" wait_for 10 flows
esc
esc
keys 0
check_screen "why: nothing is the matter" "WHY +0 causes" 5
check_screen "why: what leaves" "all is right here: 1,?[12][0-9][0-9] packets/s leave ens6 to MAC" 5
keys 1
keys f
check_screen "nothing is left to mend" "no command is known"

# The key runs what is whole, and says whose a shell's command is.
vxctl vni add 7
vxctl -y vni del 1
check_screen "another VNI: named, with the key" "VNI 1, which is not configured.*\[f\]" 10
keys 0
check_screen "why: one cause" "WHY +1 cause" 5
check_screen "why: its fix" "\[f\] vni add 1" 5
keys f
mended() { [ "$(vxctl --json diagnose | json '.causes | length')" = 0 ]; }
check_cmd "the key mends it" wait_for 10 mended
vxctl -y vni del 7
in_tgt ip link set ens6 down
check_screen "the egress is down: named" "egress ens6 is down" 10
keys 1 f
check_screen "a command of the shell is told" "in a shell: ip link set ens6 up" 5
in_tgt ip link set ens6 up
check_cmd "and mended there" wait_for 10 mended

# A second screen on an engine that had a rule when it looked first: no offer when the rule goes.
vxctl nat del udp/31765
check_screen "the rule is gone" "No NAT rule: nothing is sent\. udp/31765 arrives" 10
sleep 1
check_cmd "who had a rule is not asked" prompt_is_empty

# Busy: who is typing is left alone.
keys q
wait_screen "lets the engine run on" 5
keys Enter
check_ended "leaving"
tui_attach 200x50
wait_screen "arrives at" 10
wait_for 3 in_prompt
check_screen "at 200 columns the command stands beside it" "packets/s .*\[f\] nat add udp/31765=\.\.\."
stop_load
