"""A filter in the kernel: what needs no memory to be known as noise does not even wake the process. Floor 2.

Classic BPF on the socket (socket(7), SO_ATTACH_FILTER). It drops less than netlink_news_linux does and nothing else: routes of
table local, cached ones, IPv6 link-local addresses and routes, a bridge's port messages, and a Wi-Fi card's "scan done".
"""

from __future__ import annotations

import socket
import struct

LDW, LDH, LDB, LDH_X, LD, LDX, TAX, AND = 0x20, 0x28, 0x30, 0x48, 0x00, 0x01, 0x07, 0x54
JA, JEQ, JGE, JSET, RET = 0x05, 0x15, 0x35, 0x45, 0x06
FIND = 0xFFFFF000 + 12  # SKF_AD_NLATTR: A = the offset of attribute X, searched from offset A on; 0: there is none

Row = tuple[str, int, int, str, str]


def program() -> tuple[Row, ...]:
    """(label, instruction, operand, label when true, label when false); netlink has the host's byte order, BPF loads the
    network's."""

    def half(number: int) -> int:
        return socket.htons(number)

    kinds = ((16, "link"), (17, "link"), (20, "address"), (21, "address"), (24, "route"))
    return (
        ("", LDH, 4, "", ""),
        *(("", JEQ, half(kind), label, "") for kind, label in kinds), ("", JEQ, half(25), "route", "pass"),
        ("link", LDB, 16, "", ""), ("", JEQ, 7, "drop", ""),  # family AF_BRIDGE
        ("", LDX, 11, "", ""), ("", LD, 32, "", ""), ("", LDW, FIND, "", ""), ("", JEQ, 0, "pass", ""),  # IFLA_WIRELESS
        ("", TAX, 0, "", ""), ("", LDH_X, 6, "", ""), ("", JEQ, half(0x8B19), "drop", "pass"),  # SIOCGIWSCAN
        ("route", LDB, 20, "", ""), ("", JEQ, 255, "drop", ""),  # table local
        ("", LDW, 24, "", ""), ("", JSET, socket.htonl(0x200), "drop", ""),  # RTM_F_CLONED
        ("", LDB, 17, "", ""), ("", JGE, 10, "", "pass"), ("", LD, 28, "", ""), ("", JA, 0, "find", ""),
        ("address", LD, 24, "", ""),
        ("find", LDX, 1, "", ""), ("", LDW, FIND, "", ""), ("", JEQ, 0, "pass", ""), ("", TAX, 0, "", ""),  # RTA_DST, IFA_ADDRESS
        ("", LDB, 16, "", ""), ("", JEQ, 10, "", "pass"), ("", LDH_X, 4, "", ""), ("", AND, 0xFFC0, "", ""),
        ("", JEQ, 0xFE80, "drop", "pass"),
        ("pass", RET, 0xFFFFFFFF, "", ""),
        ("drop", RET, 0, "", ""),
    )  # fmt: skip


def assemble(rows: tuple[Row, ...]) -> bytes:
    """The rows as struct sock_filter: code, jump when true, jump when false, operand."""
    place = {label: n for n, (label, *_) in enumerate(rows) if label}
    code = b""
    for n, (_, operation, operand, yes, no) in enumerate(rows):
        true, false = (place[label] - n - 1 if label else 0 for label in (yes, no))
        jumps = (0, 0, true) if operation == JA else (true, false, operand)
        code += struct.pack("=HBBI", operation, *jumps)
    return code


def attach(s: socket.socket, rows: tuple[Row, ...] | None = None) -> bool:
    """Put the filter (or another one) on a netlink socket. False where the kernel refuses it: then each message wakes, and
    nothing else is different."""
    import ctypes

    code = assemble(rows or program())
    held = ctypes.create_string_buffer(code, len(code))
    try:
        s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", len(code) // 8, ctypes.addressof(held)))
    except OSError:
        return False
    return True
