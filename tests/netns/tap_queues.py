#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tap_queues.py DEV N: makes a tap with N queues and takes in what is sent there. A line on stdin takes the
last queue away, as no veth does while a socket is bound to it; the end of stdin, the device."""
import fcntl
import os
import select
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_MULTI_QUEUE = 0x400454ca, 0x0002, 0x1000, 0x0100


def queue(dev):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", dev.encode(), IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE))
    return fd


def main():
    queues = [queue(sys.argv[1]) for _ in range(int(sys.argv[2]))]
    print("ready", flush=True)
    while True:
        for fd in select.select([0, *queues], [], [])[0]:
            if fd:
                os.read(fd, 65535)
            elif os.read(0, 100):
                os.close(queues.pop())
                break
            else:
                return


main()
