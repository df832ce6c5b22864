#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads a BPF object and holds it until SIGTERM, as loaders of others do. Says "ID LINK" when it is done.

    loader.py OBJECT [netlink|link DEV native|generic [PIN]] [stubborn]

PIN: the link is pinned there. stubborn: SIGTERM does not end it.
"""
import ctypes
import re
import signal
import socket
import sys

MODES = {"generic": 2, "native": 4}  # XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE
BPF_XDP = 37


def must(rc, what):
    if rc < 0:
        sys.exit("loader.py: %s: %d" % (what, rc))
    return rc


def number(fd, key):
    with open("/proc/self/fdinfo/%d" % fd) as f:
        return int(re.search(r"^%s:\s*(\d+)" % key, f.read(), re.M).group(1))


def main():
    words = sys.argv[1:]
    stubborn = "stubborn" in words
    words = [w for w in words if w != "stubborn"]
    lib = ctypes.CDLL("libbpf.so.1")
    libc = ctypes.CDLL(None)
    libc.prctl(15, b"vxlan_loader", 0, 0, 0)
    for name in ("bpf_object__open", "bpf_object__next_program"):
        getattr(lib, name).restype = ctypes.c_void_p
    obj = ctypes.c_void_p(lib.bpf_object__open(words[0].encode()))
    must(lib.bpf_object__load(obj), "load")
    fd = lib.bpf_program__fd(ctypes.c_void_p(lib.bpf_object__next_program(obj, None)))
    link = 0
    if len(words) > 3:
        index, mode = socket.if_nametoindex(words[2]), MODES[words[3]]
        if words[1] == "netlink":
            must(lib.bpf_xdp_attach(index, fd, mode, None), "attach")
        else:
            # struct bpf_link_create_opts: size, flags
            opts = (ctypes.c_uint32 * 16)(64, 0, mode)
            link_fd = must(lib.bpf_link_create(fd, index, BPF_XDP, opts), "link")
            link = number(link_fd, "link_id")
            if len(words) > 4:
                must(lib.bpf_obj_pin(link_fd, words[4].encode()), "pin")
    print(number(fd, "prog_id"), link, flush=True)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else signal.SIG_DFL)
    while True:
        signal.pause()


main()
