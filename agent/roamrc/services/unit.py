"""The text of the systemd user unit: pure. Floor 2.

What is set here was tried one line at a time in a real user manager (systemd 252, kernel 6.18). Left out on purpose:
- ProtectSystem, ProtectHome, ReadWritePaths and all that needs a mount namespace: in a user unit a silent no-op, or the folder of
  .npmrc becomes a mount point and the rename fails with EBUSY.
- CapabilityBoundingSet, ProtectClock, ProtectKernelLogs, ProtectKernelModules: the start fails with 218/CAPABILITIES.
- ProtectHostname, DevicePolicy, IPAddressDeny: nothing but a warning without root.
- MemoryDenyWriteExecute: a `login: command:` may be a node program, and its compiler needs writable code.
- KeyringMode=private: a `login: command:` may be keyctl.
A `login: command:` that is a snap, a flatpak or sudo finds no way in under NoNewPrivileges and RestrictNamespaces: a drop-in
(`systemctl --user edit roamrc`) may take them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import Refused

RESTART_OLD = """\
RestartSec=200ms
ExecStopPost=/bin/sh -c "case $$EXIT_CODE/$$EXIT_STATUS in exited/0|killed/KILL) ;; *) sleep 2;; esac"
"""
"""Before systemd 254 there is no back-off, but a restart waits for ExecStopPost: an agent that can't start costs next to
nothing."""

RESTART_254 = "RestartSec=200ms\nRestartSteps=8\nRestartMaxDelaySec=10s\n"
"""Back within a second after a kill. systemd never takes a back-off back while the unit lives (systemd issue 43813), so that its
end has to be bearable for an agent that was killed for the ninth time in a year: 10 s."""

LINGER = "X-RoamrcLinger=yes\n"
"""Stands in a unit whose install switched lingering on: then uninstall switches it off."""

TEMPLATE = """\
# written by `roamrc install`, removed by `roamrc uninstall`; your own settings: systemctl --user edit roamrc
[Unit]
Description=roamrc: npm's proxy settings follow the network
StartLimitIntervalSec=0
{linger}
[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{env}Restart=on-failure
# a clean end is meant (another agent runs), also where it comes before READY=1; a start that hangs is killed, and so begins anew
RestartPreventExitStatus=0
{restart}TimeoutStartSec=30s
TimeoutStartFailureMode=kill
TimeoutStopSec=10s
# a login command that eats all the memory shall not take the agent with it
OOMPolicy=continue
MemoryMax=256M
TasksMax=128
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes

[Install]
WantedBy=default.target
"""


def text(program: Sequence[str], env: Mapping[str, str], version: int, *, linger: bool = False) -> bytes:
    """The unit for a systemd of that version (252). Raises Refused where a path or value can't stand in a unit."""
    settings = "".join(f"Environment={word(f'{k}={v}')}\n" for k, v in sorted(env.items()))
    restart = RESTART_254 if version >= 254 else RESTART_OLD
    unit = TEMPLATE.format(linger=LINGER if linger else "", command=command(program), env=settings, restart=restart)
    return unit.encode()


def command(program: Sequence[str]) -> str:
    """ExecStart's value: the very words of `program`, nothing of them expanded (systemd.service(5), "Command lines").

    systemd refuses an executable whose path holds a quote or a backslash: a shell that replaces itself starts such a one.
    """
    if not program or not program[0].startswith("/"):
        raise Refused(f"{' '.join(program)!r} has no absolute path to start", "command -v roamrc")
    if set(program[0]) & set("\"'\\"):
        return " ".join(["/bin/sh", "-c", word('exec "$0" "$@"', dollar="$$"), *(word(p, dollar="$$") for p in program)])
    return " ".join([word(program[0]), *(word(p, dollar="$$") for p in program[1:])])


def word(value: str, dollar: str = "$") -> str:
    """One word in quotes: specifiers (%h) and, where `dollar` says so, variables ($HOME) stay what they are. Control characters
    and what is not UTF-8 are refused: the unit would not load, or not with this value."""
    if any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise Refused(f"{value!r} can't stand in a systemd unit: it holds a control character or is not UTF-8", "roamrc run")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar)
    return f'"{escaped}"'


def environment(unit: bytes) -> dict[str, str]:
    """The variables that `text` has put into a unit; lines of another form are passed over."""
    found = {}
    for line in unit.decode("utf-8", "replace").split("\n"):
        if line.startswith('Environment="') and line.endswith('"'):
            plain, escape = "", False
            for c in line[len('Environment="') : -1].replace("%%", "%"):
                escape = c == "\\" and not escape
                plain += "" if escape else c
            name, _, value = plain.partition("=")
            found[name] = value
    return found
