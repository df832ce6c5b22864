#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Who may include whom, which words are banned, and that every acquire or release names its partner:
#   bpf/vx_abi.h <- injector <- engine/model <- engine/{dp,sys} <- engine/cmd <- engine/serve <- main.c
#   proto <- engine/serve, screen; the screen never sees the engine, nor the engine the screen
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0

report() { # NAME, offending lines on stdin
	bad=$(cat)
	if [ -z "$bad" ]; then echo "ok $1"; else
		echo "not ok $1"
		echo "$bad" | sed 's/^/# /'
		failed=1
	fi
}

sources() { # DIRECTORY...
	find "$@" -name '*.[ch]' 2>/dev/null
}

# Project includes of the files under DIRECTORY that the regex does not allow.
only() { # NAME DIRECTORY ALLOWED-REGEX
	sources "$2" | xargs -r grep -HnE '^#[ \t]*include[ \t]+"' |
		grep -vE "include[ \t]+\"($3)\"" | report "includes: $1"
}

abi='vx_(abi|allow)\.h'
below="$abi|vx_err\.h|inj\.h|log\.h|replace\.h"
only 'bpf sees bpf only' bpf '[a-z_0-9]+(\.bpf)?\.h'
only 'the injector never sees the console' injector '[a-z_0-9]+\.h'
only 'the model sees no kernel and no socket' console/engine/model "$below|engine/model/[a-z_0-9]+\.h"
only 'dp sees model' console/engine/dp \
	"$below|(vx|leak)\.skel\.h|opt\.h|engine/sys/net\.h|engine/(model|dp)/[a-z_0-9]+\.h"
only 'sys sees model' console/engine/sys "$below|opt\.h|engine/(model|sys)/[a-z_0-9]+\.h"
only 'cmd sees no socket' console/engine/cmd \
	"$below|opt\.h|proto/[a-z_0-9]+\.h|engine/[a-z_0-9]+\.h|engine/(model|dp|sys|cmd)/[a-z_0-9]+\.h"
only 'the engine never sees the screen' console/engine "$below|opt\.h|(vx|leak)\.skel\.h|(proto|engine)/.*\.h"
only 'the wire form knows neither side' console/proto "$below|proto/[a-z_0-9]+\.h"
only 'the screen never sees the engine' console/screen "$below|opt\.h|(proto|screen)/.*\.h"
sources injector | xargs -r grep -HnE '^#include "(engine|proto|screen|opt|log)' | report 'includes: injector is a library'

# One owner per foreign interface.
foreign() { # NAME HEADER-REGEX ALLOWED-FILES-REGEX
	sources bpf injector console | xargs -r grep -HnE "^#[ \t]*include[ \t]+[<\"]($2)" |
		grep -vE "^($3):" | report "foreign: $1"
}
foreign 'libbpf and skeletons' 'bpf/(bpf|libbpf)\.h|(vx|leak)\.skel\.h' \
	'console/engine/dp/[a-z_0-9]+\.[ch]|console/engine/sys/strays(_act)?\.c'
foreign cJSON 'cJSON|cjson' 'console/proto/[a-z_]+\.[ch]'
foreign curses '(ncursesw/)?(n?curses|term)\.h>' 'console/screen/(term|paint)\.c'
foreign readline 'readline' 'console/screen/prompt(_setup)?\.c'
sources console/screen | grep -E "/view[a-z_]*\.[ch]$" |
	xargs -r grep -HnE "^#include [<\"](sys/|unistd|screen/(term|talk|paint|prompt|screen)\.h)" |
	report 'includes: views are pure'

sources bpf injector console tests/lab | xargs -r grep -HnwE \
	'(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|system|popen)[ \t]*\(' | report 'banned functions'
sources injector console tests/lab | xargs -r grep -HnE '(^|[(,]|const|struct)[ \t]*u(8|16|32|64)[ \t]+[*a-z_]' | report 'kernel types in user code'
sources injector console | xargs -r grep -HnE '(^|[^_])\bvolatile\b|__sync_' | grep -vE 'asm|sig_atomic_t' |
	report 'C11 atomics only'
sources bpf injector console tests | while read -r f; do
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$f"
done | report 'SPDX line first'

# A tag like R1: or A12: within the six lines before, or on the line itself.
sources injector console | xargs -r awk '
	FNR == 1 { tag = -100 }
	/(^|[^A-Za-z0-9_])[A-Z][0-9]+[ a-z]*[:,.;)]/ || /pairs with/ { tag = FNR }
	/memory_order_(acquire|release|acq_rel)|__ATOMIC_(ACQUIRE|RELEASE|ACQ_REL)/ && FNR - tag > 6 {
		print FILENAME ":" FNR ": " $0 }' | report 'acquire and release name their partner'
exit $failed
