#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 600
#
# A shift of 5,000 random commands, and then undone to the start, to the byte. EDITS and SEED choose others.
EDITS=${EDITS:-5000} exec "$(dirname "$0")/t_undo_shift.sh"
