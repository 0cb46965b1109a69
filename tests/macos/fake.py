#!/usr/bin/env -S python3 -IS
"""scutil, ipconfig, networksetup, arp, ndp, netstat, ifconfig, route and sysctl of a Mac made of files: its own name tells
which. Synthetic.

The folder of state is $FAKE_MAC, else two levels above the executable. `n.watch` prints a change for each key that is written
into the FIFO `poke`.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import answers


def say(text):
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def watch(state):
    import select

    fifo = os.open(os.path.join(state, "poke"), os.O_RDWR | os.O_NONBLOCK)
    with open(os.path.join(state, "watching"), "w") as f:
        f.write(str(os.getpid()))
    while True:
        ready, _, _ = select.select([0, fifo], [], [])
        if fifo in ready:
            say(answers.changed(os.read(fifo, 4096).decode().split()))
        if 0 in ready and not os.read(0, 4096):
            return 0


def main():
    state = os.environ.get("FAKE_MAC") or os.path.join(os.path.dirname(sys.argv[0]), "../../state")
    code, text = answers.reply(state, os.path.basename(sys.argv[0]), sys.argv[1:])
    if code is not None:
        say(text)
        return code
    line = b""
    while byte := os.read(0, 1):
        if byte != b"\n":
            line += byte
            continue
        words, line = line.decode().split(), b""
        if words == ["n.watch"]:
            return watch(state)
        if words:
            say(answers.command(state, words))
    return 0


sys.exit(main())
