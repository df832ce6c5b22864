#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""hold_thread.py TID: stops that one thread, as a debugger does, until SIGTERM; says "held" when it stands."""
import ctypes
import os
import signal
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000

tid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
    if libc.ptrace(request, tid, None, None) < 0:
        sys.exit("hold_thread.py: %s" % os.strerror(ctypes.get_errno()))
os.waitpid(tid, WALL)
print("held", flush=True)
signal.pause()  # the kernel lets the thread go when this process ends
