"""The child's side of `secrets`: asks the keyring, runs a command. Runs in a process of its own (`child`), never in the agent.
Floor 2."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import time

from ..formats.login import first_line

LARGEST = 1 << 16


def answer(request: object) -> object:
    """One request, in the child: {secret}, {found}, or {fault, detail, hint} with no secret in it."""
    assert isinstance(request, dict)
    if request["op"] == "run":
        return _run([str(a) for a in request["argv"]], float(request["limit"]))
    return _ask_keyring(str(request["op"]), str(request["service"]), str(request["user"]), str(request.get("password")))


def _ask_keyring(op: str, service: str, user: str, password: str) -> dict[str, object]:
    try:
        import keyring
        from keyring import errors
    except ImportError:
        return {"fault": "library"}
    try:
        if op == "set":
            keyring.set_password(service, user, password)
        found = keyring.get_password(service, user)
        if op == "delete":
            if found is not None:
                keyring.delete_password(service, user)
            return {"found": found is not None}
        return {"secret": found}
    except errors.NoKeyringError:
        return {"fault": "no-store"}
    except errors.KeyringLocked:
        return {"fault": "locked"}
    except Exception as e:
        return {"fault": "fails", "detail": type(e).__name__}


def _run(argv: list[str], limit: float) -> dict[str, object]:
    """Runs the command (no shell, no terminal, nothing on stdin; `~/` before its name is the home) and takes the first line of
    what it prints."""
    argv = [os.path.expanduser(argv[0]), *argv[1:]]
    try:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    except (OSError, ValueError) as e:
        detail = os.strerror(getattr(e, "errno", 0) or 22).lower()
        hint = f"ls -l {shlex.quote(argv[0])}" if "/" in argv[0] else "write its full path: a service has a short PATH"
        return {"fault": "can't be started", "detail": detail, "hint": hint}
    out, err, ended = _drained(p, limit)
    line = first_line(out)
    if not ended:  # what still runs dies with this process's group, as soon as the answer is out
        return {"fault": f"gave no answer in {limit:g} s" if len(out) < LARGEST else "prints more than a password"}
    code = p.wait()
    if code:
        how = f"ended with exit code {code}" if code > 0 else f"was ended by {signal.Signals(-code).name}"
        return {"fault": how, "detail": _without(err.decode(errors="replace").partition("\n")[0], line or "")}
    return {"secret": line} if line is not None else {"fault": "prints text that is not UTF-8"}


def _drained(p: subprocess.Popen[bytes], limit: float) -> tuple[bytes, bytes, bool]:
    """stdout, stderr (64 KB of each) and whether the command ended in time. A helper that it left behind (gpg-agent) may hold
    the pipes open: so not their end but the command's own counts."""
    assert p.stdout
    assert p.stderr
    texts = {p.stdout.fileno(): bytearray(), p.stderr.fileno(): bytearray()}
    out, err = texts.values()
    poller, end = select.poll(), time.monotonic() + limit
    for fd in texts:
        poller.register(fd, select.POLLIN)
    while len(out) < LARGEST and time.monotonic() < end:
        over = p.poll() is not None  # asked first: what it wrote before its end is then still read
        ready = poller.poll(0 if over else 50)
        if over and not ready:
            return bytes(out), bytes(err), True
        for fd, _ in ready:
            chunk = os.read(fd, LARGEST)
            if not chunk:
                poller.unregister(fd)
            elif len(texts[fd]) < LARGEST:
                texts[fd] += chunk
    return bytes(out), bytes(err), False


def _without(text: str, secret: str) -> str:
    """*text* with every part of a secret line as ***: the line, and what stands after its colon."""
    for part in (secret, secret.partition(":")[2]):
        if part:
            text = text.replace(part, "***")
    return text
