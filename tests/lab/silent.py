"""A proxy that takes every connection and never says a word: `silent.py ADDRESS PORT`."""

from __future__ import annotations

import socket
import sys


def main(addr: str, port: str) -> None:
    with socket.create_server((addr, int(port)), backlog=64) as s:
        taken = []
        while True:
            taken.append(s.accept()[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
