# SPDX-License-Identifier: GPL-2.0-only
"""All the hand-written fixtures, in the order of a packet's way through the program."""
import fx_frags
import fx_inner
import fx_nat
import fx_outer
import fx_policy

FIXTURES = [fixture for table in (fx_outer, fx_inner, fx_nat, fx_policy, fx_frags)
            for fixture in table.FIXTURES]
