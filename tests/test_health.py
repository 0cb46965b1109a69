"""Whether a proxy lives: by real sockets, each way to be dead has its words and its cure."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from loopback import Stand, closed_port, full, papers, stand
from roamrc.children import dial, health
from roamrc.children.health import Health
from roamrc.system import System

QUICK = (2.0, 0.5)
REGISTRY = "https://npm.corp.test/"


def tried(at: Stand | int, url: str = "http://127.0.0.1:{}", registry: str | None = REGISTRY, ca: str | None = None) -> Health:
    port = at if isinstance(at, int) else at.port
    found = health.Probe(url.format(port), registry, System(env=dict(os.environ)), ca=ca, limits=QUICK, profile="office").wait()
    assert f"127.0.0.1:{port}" in found.message or "localhost" in found.message
    assert (found.problem is None) == (found.ok is not False)
    return found


ANSWERS = [
    (b"HTTP/1.1 200 Connection established\r\n\r\n", True, "", ""),
    (b"HTTP/1.0 200\n\n", True, "", ""),
    (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", False, "proxy-407", "roamrc login set office"),
    (b"HTTP/1.1 403 Forbidden\r\n\r\n", False, "proxy-403", "registry:"),
    (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False, "proxy-5xx", "roamrc use direct"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n", False, "proxy-portal", "browser"),
    (b"HTTP/1.1 405 Method Not Allowed\r\n\r\n", False, "proxy-no-proxy", "proxy:"),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", False, "proxy-no-proxy", "proxy:"),
    (b"HTTP/1.1 2x0 \r\n\r\n", False, "proxy-no-proxy", "proxy:"),
    (b"", False, "proxy-closed", "roamrc use direct"),
    (None, False, "proxy-silent", "roamrc use direct"),
]


@pytest.mark.parametrize(("reply", "ok", "code", "cure"), ANSWERS)
def test_what_answers(reply: bytes | None, ok: bool, code: str, cure: str) -> None:
    with stand(reply) as at:
        found = tried(at)
    assert (found.ok, found.code) == (ok, code)
    assert cure in found.hint
    assert at.heard[0].startswith(b"CONNECT npm.corp.test:443 HTTP/1.1\r\n")
    assert b"Authorization" not in at.heard[0]


def test_nobody_there() -> None:
    assert tried(closed_port()).code == "proxy-refused"


def test_packets_that_are_dropped() -> None:
    with full() as port:
        found = health.Probe(f"http://127.0.0.1:{port}", REGISTRY, System(), limits=(0.5, 0.5)).wait()
    assert found.code == "proxy-dropped"


def test_a_name_that_is_not_there() -> None:
    found = health.Probe("http://proxy.invalid:3128", REGISTRY, System(), limits=QUICK).wait()
    assert (found.ok, found.code) == (False, "proxy-unresolvable")


def test_a_proxy_that_drips_is_silent() -> None:
    """Bytes alone are no answer: an endless header would keep npm waiting as well."""
    with stand(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40000) as at:
        assert tried(at).ok is True  # cut at 16 KB: the code is known
    with stand(b"HTTP/1.1") as at:
        assert tried(at).code == "proxy-no-proxy"


def test_the_login_goes_to_the_proxy_and_nowhere_else() -> None:
    with stand(b"HTTP/1.1 407 no\r\n\r\n") as at:
        found = tried(at, "http://DOM%5Cus:p%40%C3%A9%25@127.0.0.1:{}")
    sent = at.heard[0].decode().partition("Proxy-Authorization: Basic ")[2].partition("\r\n")[0]
    assert b64decode(sent).decode() == "DOM\\us:p@é%"
    assert (found.code, found.hint) == ("proxy-407", "roamrc login set office")
    assert "p@é" not in repr(found)
    assert "p%40" not in repr(found)


def test_variables_are_put_in_as_npm_does() -> None:
    system = System(env={"PU": "us", "PP": "p%40"})
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as at:
        url = f"http://${{PU}}:${{PP}}@127.0.0.1:{at.port}"
        assert health.Probe(url, REGISTRY, system, limits=QUICK).wait().ok
        missing = health.Probe(url, REGISTRY, System(env={"PU": "us"}), limits=QUICK).wait()
    assert b64decode(at.heard[0].split(b"Basic ")[1].split(b"\r\n")[0]) == b"us:p@"
    assert (missing.ok, missing.code) == (None, "proxy-unknown")
    assert "PP" in missing.message


def test_an_http_registry_is_asked_as_npm_asks_it() -> None:
    """npm sends the whole URL then; squid's stock rules deny CONNECT to other ports than 443, which would look like a 403."""
    for reply, ok in ((b"HTTP/1.1 404 x\r\n\r\n", True), (b"HTTP/1.1 500 x\r\n\r\n", True), (b"HTTP/1.1 502 x\r\n\r\n", False)):
        with stand(reply) as at:
            assert tried(at, registry="http://npm.corp.test:4873/some/path").ok is ok
        assert at.heard[0].startswith(b"HEAD http://npm.corp.test:4873/ HTTP/1.1\r\n")
    with stand(b"HTTP/1.1 403 x\r\n\r\n") as at:
        assert tried(at, registry="http://npm.corp.test:4873/").ok is None


def test_without_a_registry_any_word_of_a_proxy_is_enough() -> None:
    """npm's built-in registry is in force: the proxy is asked for itself, so that one that never answers is found all the
    same."""
    for reply, code in (*((f"HTTP/1.1 {n} x\r\n\r\n".encode(), "") for n in (200, 403, 500, 503)),
                        (b"HTTP/1.1 407 x\r\n\r\n", "proxy-407"), (b"HTTP/1.1 302 x\r\n\r\n", "proxy-portal"),
                        (b"HTTP/1.1 405 x\r\n\r\n", "proxy-no-proxy"), (None, "proxy-silent")):  # fmt: skip
        with stand(reply) as at:
            assert tried(at, registry=None).code == code
        assert at.heard[0].startswith(b"CONNECT 127.0.0.1:443 HTTP/1.1\r\n")


def test_what_is_dead_and_what_only_says_no() -> None:
    """Before a write under `on_dead_proxy: hold` only the dead count: who says 407 lives."""
    codes = ((407, False), (403, False), (503, False), (200, False), (302, True))
    for reply, dead in (*((f"HTTP/1.1 {n} x\r\n\r\n".encode(), d) for n, d in codes), (b"", True), (None, True)):
        with stand(reply) as at:
            assert tried(at).dead is dead
    assert tried(closed_port()).dead
    assert not Health(None, "proxy-unknown", "").dead


def test_a_tls_proxy(tmp_path: Path) -> None:
    made = papers(tmp_path)
    with stand(b"HTTP/1.1 200 OK\r\n\r\n", made.context("localhost")) as at:
        assert tried(at, "https://localhost:{}", ca=made.ca).ok is True
        unknown = tried(at, "https://localhost:{}")
        other = tried(at, "https://127.0.0.1:{}", ca=made.ca)
        plain = tried(at, "http://127.0.0.1:{}")
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as at:
        no_tls = tried(at, "https://127.0.0.1:{}")
    assert (unknown.code, other.code) == ("proxy-tls", "proxy-tls")
    assert "not verified" in unknown.message
    assert "mismatch" in other.message
    assert plain.ok is False
    assert no_tls.ok is False


def test_no_proxy_of_the_environment_is_used() -> None:
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as trap, stand(b"HTTP/1.1 200 OK\r\n\r\n") as at:
        env = {**os.environ, **dict.fromkeys(("HTTP_PROXY", "https_proxy", "ALL_PROXY"), f"http://127.0.0.1:{trap.port}")}
        assert health.Probe(f"http://127.0.0.1:{at.port}", REGISTRY, System(env=env), limits=QUICK).wait().ok
    assert not trap.heard


def test_the_caller_never_waits() -> None:
    with stand(None) as at:
        probe = health.Probe(f"http://127.0.0.1:{at.port}", REGISTRY, System(), limits=QUICK)
        assert probe.poll() is None
        assert probe.fileno() >= 0
        assert probe.wait().code == "proxy-silent"
        probe.close()
    useless = health.Probe("socks5://127.0.0.1:1", REGISTRY, System())
    assert useless.fileno() == -1
    assert (found := useless.poll()) is not None
    assert found.ok is None


def test_strange_text_in_a_name_stays_on_its_line() -> None:
    found = health.Probe("http://{target}\u202e:1", None, System(), limits=QUICK).wait()
    assert "\u202e" not in found.message
    assert "{target}" in found.message


ERRNOS = [
    ([errno.ECONNREFUSED], False, "linux", "refused"),
    ([errno.ECONNREFUSED, errno.ENETUNREACH], False, "linux", "refused"),
    ([errno.ENETUNREACH], False, "linux", "unreachable"),
    ([errno.EHOSTUNREACH], False, "linux", "unreachable"),
    ([errno.EHOSTUNREACH], False, "darwin", "unknown"),
    ([65], False, "darwin", "unknown"),
    ([65, errno.ECONNREFUSED], False, "darwin", "unknown"),
    ([errno.ECONNREFUSED], False, "darwin", "refused"),
    ([errno.ENETUNREACH], True, "linux", "unreachable"),
    ([], True, "linux", "dropped"),
    ([errno.ETIMEDOUT], False, "linux", "dropped"),
    ([errno.EPERM], False, "linux", "unknown"),
]


@pytest.mark.parametrize(("errors", "dropped", "platform", "why"), ERRNOS)
def test_what_an_errno_tells(errors: list[int], dropped: bool, platform: str, why: str) -> None:
    assert dial.failure(errors, dropped, platform).why == why


INSIDE = """
import json, subprocess
from roamrc.children import health
from roamrc.system import System
for line in ("ip link set lo up", "ip route add unreachable 10.9.9.0/24"):
    subprocess.run(line.split(), check=True)
found = [health.Probe("http://10.9.9.9:3128", None, System(platform=p)).wait() for p in ("linux", "darwin")]
print(json.dumps([[f.ok, f.code] for f in found]))
"""


def test_no_way_is_dead_on_linux_and_unknown_on_macos() -> None:
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("network namespaces need root, unshare and iproute2")
    p = subprocess.run(["unshare", "-n", sys.executable, "-c", INSIDE], capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    assert json.loads(p.stdout) == [[False, "proxy-unreachable"], [None, "proxy-unknown"]]
