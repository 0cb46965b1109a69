"""What only the network can answer: real sockets, real TLS, and a name server of one's own in a namespace."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.wait import until
from loopback import closed_port, full, papers, stand
from roamrc.children import dial, inquiry
from roamrc.children.proof import Ground
from roamrc.model import Answer, Hidden, Network, Question, Tunnel
from roamrc.system import System

HERE = Network(online=True, addresses=("127.0.0.1/8", "10.1.2.3/24"))
OK = b"HTTP/1.1 200 OK\r\n\r\n"


def asked(*questions: Question, network: Network = HERE, system: System | None = None) -> list[Answer]:
    found = inquiry.answer_now(questions, network, system or System())
    return [found[q] for q in questions]


def test_reachable() -> None:
    with stand(OK) as at, full() as dropping:
        wanted = [f"127.0.0.1:{at.port}", f"localhost:{at.port}", f"127.0.0.1:{closed_port()}", f"127.0.0.1:{dropping}",
                  "there-is-none.invalid:80", f"[::ffff:127.0.0.1]:{at.port}", "127.0.0.1"]  # fmt: skip
        found = asked(*(Question("reachable", w) for w in wanted))
    assert [a.verdict for a in found] == ["yes", "yes", "no", "no", "no", "yes", "hidden"]
    assert (found[2].found, found[3].found, found[0].via) == ("connection refused", "no answer", "TCP connect")


def test_all_are_asked_at_once_and_one_that_hangs_holds_up_nobody() -> None:
    with full() as dropping, stand(OK) as at:
        slow = [Question("reachable", f"127.0.0.1:{dropping}", profile=f"p{i}") for i in range(40)]
        quick = Question("reachable", f"127.0.0.1:{at.port}")
        found = asked(*slow, quick)
    assert {a.verdict for a in found[:-1]} == {"no"}
    assert found[-1].verdict == "yes"


def test_a_great_many_questions() -> None:
    """More than a pipe holds; none is lost."""
    port = closed_port()
    many = [Question("reachable", f"127.0.0.1:{port}", profile=f"profile-{i}-{'x' * 100}") for i in range(1500)]
    many += [Question("reachable", f"[::1]:{closed_port()}", subnets=("10.0.0.0/8",) * 20, profile=str(i)) for i in range(300)]
    assert {a.verdict for a in asked(*many)} == {"no"}


def test_the_caller_never_waits_and_may_leave() -> None:
    with full() as port:
        q = Question("reachable", f"127.0.0.1:{port}")
        pending = inquiry.Inquiry([q], HERE, System())
        assert pending.poll() is None
        poller = select.poll()
        poller.register(pending.fileno(), select.POLLIN)
        assert poller.poll(10_000), "the pipe wakes the agent"
        answers: dict[Question, Answer] = {}
        until(lambda: answers.update(pending.poll() or {}) or answers)
        pending.close()
        assert answers[q].verdict == "no"
        left = inquiry.Inquiry([q], HERE, System())
        pid = left._child._process.pid  # type: ignore[union-attr]
        left.close()
        left.close()
        assert not os.path.exists(f"/proc/{pid}")
    assert inquiry.answer_now([], HERE, System()) == {}


def test_a_child_that_can_not_start_is_hidden() -> None:
    p = subprocess.run([sys.executable, "-c", NO_CHILD], capture_output=True, text=True, timeout=30)
    assert p.stdout.split(":")[0] == "hidden no child could be started", p.stderr


NO_CHILD = """
import sys
sys.executable = "/nowhere/python"
from roamrc.children import inquiry
from roamrc.model import Network, Question
from roamrc.system import System
i = inquiry.Inquiry([Question("reachable", "127.0.0.1:1")], Network(True), System())
import select
p = select.poll(); p.register(i.fileno(), select.POLLIN); assert p.poll(5000)
(a,) = i.poll().values()
i.close()
print(a.verdict, a.found)
"""


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    """A killed agent must leave nobody behind who goes on asking."""
    with full() as port:
        code = (
            "import sys, time\nfrom roamrc.children import inquiry\nfrom roamrc.model import Network, Question\n"
            "from roamrc.system import System\n"
            f"i = inquiry.Inquiry([Question('reachable', '127.0.0.1:{port}')], Network(True), System())\n"
            "print(i._child._process.pid, flush=True)\ntime.sleep(60)"
        )
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert parent.stdout
        pid = int(parent.stdout.readline())
        begin = time.monotonic()
        parent.kill()
        parent.wait()
        parent.stdout.close()
        until(lambda: _gone(pid))
        assert time.monotonic() - begin < inquiry.LIMIT, "killed by the end of its stdin, not by its own alarm"


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_child_sees_no_secret_and_no_proxy() -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/h",
        "https_proxy": "http://u:hunter2@h:1",
        "NPM_TOKEN": "hunter2",
        "SSL_CERT_FILE": "/x",
    }
    with full() as port:
        pending = inquiry.Inquiry([Question("reachable", f"127.0.0.1:{port}")], HERE, System(env=env))
        folder = Path(f"/proc/{pending._child._process.pid}")  # type: ignore[union-attr]
        if not folder.exists():
            pytest.skip("no /proc here")
        until(lambda: (folder / "environ").read_bytes())  # empty for a moment, while the child execs
        seen = (folder / "environ").read_bytes()
        pending.close()
    assert {v.split(b"=")[0] for v in seen.split(b"\0") if v} == {b"PATH", b"HOME", b"LC_ALL"}


# --- resolves: a name server of one's own ---

INSIDE = r"""
import json, socket, subprocess, sys, threading
from roamrc.children import inquiry
from roamrc.model import Network, Question
from roamrc.system import System
mode = sys.argv[1]
subprocess.run("ip link set lo up; mount --bind %s/resolv.conf /etc/resolv.conf; mount --bind %s/nsswitch.conf /etc/nsswitch.conf"
               % (sys.argv[2], sys.argv[2]), shell=True, check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if mode != "dead":
    server.bind(("127.0.0.1", 53))
KNOWN = {"intranet.corp.test": "10.1.1.1", "blocked.corp.test": "0.0.0.0", "corp.test": "10.1.1.2"}
KNOWN["out.corp.test"] = "203.0.113.9"
def serve():
    while mode not in ("dead", "silent"):
        text, who = server.recvfrom(2048)
        labels, i = [], 12
        while text[i]:
            labels.append(text[i + 1:i + 1 + text[i]].decode()); i += text[i] + 1
        name, kind, question = ".".join(labels), text[i + 2], text[12:i + 5]
        address = KNOWN.get(name) or ("10.6.6.6" if mode == "all" else None)
        code = 0 if name in KNOWN or mode == "all" else 3
        if mode == "servfail" or (mode == "island" and code == 3): code, address = 2, None
        if mode == "half" and code == 3: continue
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + socket.inet_aton(address) if address and kind == 1 else b""
        head = text[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, bool(answer), 0, 0, 0, 0])
        server.sendto(head + question + answer, who)
threading.Thread(target=serve, daemon=True).start()
names = ["intranet.corp.test", "nothing.corp.test", "blocked.corp.test", "localhost"]
asked = [Question("resolves", n) for n in names] + [Question("reachable", "nothing.corp.test:80")]
asked += [Question("private", n) for n in [*names, "out.corp.test", "10.1.2.3", "127.0.0.1", "fd00::1", "8.8.8.8"]]
found = inquiry.answer_now(asked, Network(True), System())
print(json.dumps([found[q].verdict for q in asked]))
"""

SERVERS = {
    "honest": ["yes", "no", "no", "yes", "no"],
    "all": ["hidden", "hidden", "no", "hidden", "no"],
    "island": ["yes", "hidden", "no", "yes", "hidden"],
    "half": ["yes", "hidden", "no", "yes", "hidden"],
    "servfail": ["hidden", "hidden", "hidden", "yes", "hidden"],
    "silent": ["hidden", "hidden", "hidden", "yes", "hidden"],
    "dead": ["hidden", "hidden", "hidden", "yes", "hidden"],
}
PRIVATE = {
    "honest": ["yes", "no", "no", "no", "no"],
    "all": ["hidden", "hidden", "no", "no", "no"],
    "island": ["yes", "hidden", "no", "no", "no"],
    "half": ["hidden", "hidden", "no", "no", "no"],
    "servfail": ["hidden", "hidden", "hidden", "no", "hidden"],
    "silent": ["hidden", "hidden", "hidden", "no", "hidden"],
    "dead": ["hidden", "hidden", "hidden", "no", "hidden"],
}
"""Whether a registry's host is private: a known one, one that there is not, a blocked one, this machine, a public one."""


@pytest.mark.parametrize("mode", SERVERS)
def test_resolves(mode: str, tmp_path: Path) -> None:
    """honest; answers everything (a portal's); an island that knows its own names and fails for others; one that is silent
    then; one that fails, one that is silent, none."""
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("namespaces need root, unshare and iproute2")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    argv = ["unshare", "-n", "-m", sys.executable, "-c", INSIDE, mode, str(tmp_path)]
    p = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    assert json.loads(p.stdout) == [*SERVERS[mode], *PRIVATE[mode], "yes", "no", "yes", "no"]


# --- prove ---

LOOP = ("127.0.0.0/8",)


def test_prove(tmp_path: Path) -> None:
    made = papers(tmp_path)
    good, wrong_name = made.context("localhost"), made.context("intranet.corp.test")
    replies = {
        200: "yes",
        204: "yes",
        401: "yes",
        403: "yes",
        404: "yes",
        301: "hidden",
        302: "hidden",
        500: "hidden",
        503: "hidden",
    }
    for code, verdict in replies.items():
        with stand(f"HTTP/1.1 {code} x\r\nLocation: /\r\n\r\n".encode(), good) as at:
            (found,) = asked(Question("prove", f"https://localhost:{at.port}/a?b#c", made.ca, "office", LOOP))
        assert (found.verdict, found.via) == (verdict, "TLS"), found
        assert at.heard[0].startswith(f"GET /a?b HTTP/1.1\r\nHost: localhost:{at.port}\r\n".encode())
    with stand(OK, good) as at, stand(OK, wrong_name) as rogue, stand(OK) as plain, stand(None, good) as mute:
        url = "https://localhost:{}"
        cases = [
            (Question("prove", url.format(at.port), None, "", LOOP), "not verified"),
            (Question("prove", url.format(rogue.port), made.ca, "", LOOP), "mismatch"),
            (Question("prove", url.format(plain.port), made.ca, "", LOOP), ""),
            (Question("prove", url.format(mute.port), made.ca, "", LOOP), "no answer"),
            (Question("prove", url.format(at.port), made.ca), "neither a private address nor in a subnet"),
            (Question("prove", url.format(at.port), made.ca, "", ("10.0.0.0/8",)), "neither"),
            (Question("prove", url.format(closed_port()), made.ca, "", LOOP), "refused"),
            (Question("prove", url.format(at.port), str(tmp_path / "nothing.pem"), "", LOOP), "ca file"),
            (Question("prove", f"http://localhost:{at.port}", made.ca, "", LOOP), "not an https URL"),
            (Question("prove", f"https://localhost:{at.port}/\r\nX: y", made.ca, "", LOOP), "not an https URL"),
            (Question("prove", "https://there-is-none.invalid/", made.ca, "", LOOP), "no such name"),
        ]
        for (question, words), found in zip(cases, asked(*(q for q, _ in cases)), strict=True):
            assert found.verdict == "hidden", question
            assert words in found.found, (question, found)
    with stand(b"SSH-2.0\r\n\r\n", good) as at:
        (found,) = asked(Question("prove", f"https://localhost:{at.port}/", made.ca, "", LOOP))
    assert (found.verdict, found.found) == ("hidden", "127.0.0.1 does not speak HTTP")


def test_a_proof_through_a_tunnel(tmp_path: Path) -> None:
    """A split VPN at home reaches the intranet too, with the right certificate from a private address."""
    made = papers(tmp_path)
    tunnel = (Tunnel("wg0", False),)
    with stand(OK, made.context("localhost")) as at:
        url = f"https://localhost:{at.port}/"
        bare, named = Question("prove", url, made.ca, "", LOOP), Question("prove", url, made.ca, "", LOOP, vpn=True)
        for network, verdicts in (
            (HERE, ["yes", "yes"]),
            (Network(True, addresses=("10.1.2.3/24",), vpn=tunnel), ["hidden", "yes"]),
            (Network(True, addresses=("10.1.2.3/24",)), ["hidden", "yes"]),
            (Network(True, addresses=Hidden("no"), vpn=tunnel), ["hidden", "yes"]),
            (Network(True, addresses=Hidden("no"), vpn=Hidden("no")), ["hidden", "yes"]),
            (Network(True, addresses=Hidden("no"), vpn=()), ["yes", "yes"]),
        ):
            assert [a.verdict for a in asked(bare, named, network=network)] == verdicts, network


def test_a_home_in_the_ca_path(tmp_path: Path) -> None:
    made = papers(tmp_path)
    with stand(OK, made.context("localhost")) as at:
        question = Question("prove", f"https://localhost:{at.port}/", "~/papers/ca.pem", "", LOOP)
        (found,) = asked(question, system=System(home=tmp_path))
    assert found.verdict == "yes"


NEAR = [
    ("10.0.0.1", (), True),
    ("172.16.0.1", (), True),
    ("172.32.0.1", (), False),
    ("192.168.1.1", (), True),
    ("::ffff:192.168.1.1", (), True),
    ("fd00::1", (), True),
    ("fe80::1%eth0", (), False),
    ("2001:db8::1", (), False),
    ("2001:db8::1", ("2001:db8::/32",), True),
    ("127.0.0.1", (), False),
    ("100.64.0.1", (), False),
    ("100.64.0.1", ("100.64.0.0/10",), True),
    ("198.18.0.1", (), False),
    ("203.0.113.5", ("203.0.113.0/24",), True),
    ("203.0.113.5", ("10.0.0.0/8",), False),
    ("8.8.8.8", (), False),
]


@pytest.mark.parametrize(("address", "subnets", "near"), NEAR)
def test_what_is_near(address: str, subnets: tuple[str, ...], near: bool) -> None:
    assert Ground(subnets).near(address) is near


def test_roots_of_the_system_are_used() -> None:
    """A context without roots verifies nothing, and would say so of every proof."""
    context = dial.verified(None)
    assert context.check_hostname
    if any(os.path.isfile(name) for name in dial.ROOTS):
        assert context.cert_store_stats()["x509_ca"] > 0 or os.listdir("/etc/ssl/certs")
