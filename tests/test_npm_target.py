"""What npm needs: the noproxy forms against npm's own matcher, the registries that are inside, what is advised."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roamrc.formats.settings import bypass
from roamrc.model import Apply, Condition, Profile, Value
from roamrc.targets import npm

Ask = Callable[[list[tuple[str, str]]], list[bool]]


@pytest.fixture(scope="module")
def direct() -> Iterator[Ask]:
    """npm's own word on pairs of host and noproxy text: whether the host is asked without the proxy."""
    tools = shutil.which("node") and shutil.which("npm")
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False).stdout.strip() if tools else ""
    folder = Path(root) / "npm"
    if not tools or not (folder / "node_modules/@npmcli/agent/lib/proxy.js").is_file():
        pytest.skip("npm's matcher (npm 10 or later) is not there to ask")
    env = {k: v for k, v in os.environ.items() if k.lower() != "no_proxy"}
    argv = ["node", str(Path(__file__).parent / "oracle/noproxy.js"), str(folder)]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(pairs: list[tuple[str, str]]) -> list[bool]:
        assert child.stdin
        assert child.stdout
        child.stdin.write(json.dumps([(f"https://{host}/", text) for host, text in pairs]) + "\n")
        child.stdin.flush()
        return list(json.loads(child.stdout.readline()))

    yield ask
    assert child.stdin
    assert child.stdout
    child.stdin.close()
    child.wait(10)
    child.stdout.close()


HOST, IPV4, IPV6 = "registry.corp.test", "127.0.0.1", "[fd00::5]"
FORMS = [
    # text, what we make of it, a host that is meant, whether npm takes the raw text for it
    ("registry.corp.test", "registry.corp.test", HOST, True),
    ("REGISTRY.CORP.TEST", "registry.corp.test", HOST, False),
    ("corp.test", "corp.test", HOST, True),
    (".corp.test", ".corp.test", HOST, True),
    (".registry.corp.test", ".registry.corp.test", HOST, True),
    ("*.corp.test", ".corp.test", HOST, False),
    ("*.Corp.Test.", ".corp.test", HOST, False),
    ("corp.test.", "corp.test", HOST, True),
    (" corp.test ", "corp.test", HOST, True),
    ("test", "test", HOST, True),
    (".test", ".test", HOST, True),
    ("*corp.test", None, HOST, False),
    ("registry.*", None, HOST, False),
    ("*", None, HOST, False),
    (".", None, HOST, False),
    ("", None, HOST, False),
    ("registry.corp.test:4874", None, HOST, False),
    ("registry.corp.test:443", None, HOST, False),
    ("foo.test corp.test", None, HOST, False),
    ("foo;corp.test", None, HOST, False),
    ("foo|corp.test", None, HOST, False),
    ("https://registry.corp.test", None, HOST, False),
    ("<local>", None, HOST, False),
    ("10.0.0.0/8", None, "10.1.2.3", False),
    ("bücher.test", None, "bücher.test", False),
    ("127.0.0.1", "127.0.0.1", IPV4, True),
    ("127.0.0.0/8", None, IPV4, False),
    ("127.0.0.1:4874", None, IPV4, False),
    ("127.", None, IPV4, False),
    ("127.0.0.*", None, IPV4, False),
    ("0.0.1", "0.0.1", IPV4, True),
    ("fd00::5", "[fd00::5]", IPV6, False),
    ("[fd00::5]", "[fd00::5]", IPV6, True),
    ("FD00:0::5", "[fd00::5]", IPV6, False),
    ("[fd00::5]:443", None, IPV6, False),
    ("fd00::/8", None, IPV6, False),
    ("fe80::1%eth0", None, "[fe80::1]", False),
    ("localhost", "localhost", "localhost", True),
    ("::1", "[::1]", "[::1]", False),
]


@pytest.mark.parametrize(("text", "made", "host", "raw"), FORMS, ids=[repr(f[0]) for f in FORMS])
def test_noproxy_forms_as_npm_matches_them(direct: Ask, text: str, made: str | None, host: str, raw: bool) -> None:
    assert npm.entry(text) == made
    near = ("registry.xcorp.test", "test.example", "corp.test.example", "other.example", "[fd00::6]", "10.9.9.9")
    others = [n for n in near if made and not npm.within(n, made.strip("."))]
    found = direct([(host, text), *([(host, made), *((n, made) for n in others)] if made else [])])
    assert found[0] is raw, "what npm does with the text as it is written"
    if made:
        assert found[1], "npm takes our form for the host that is meant"
        assert not any(found[2:]), "and for no other"
    told = list(npm.ignored([text]))
    # 127.0.0.1 by its last labels works, and nobody means it
    assert bool(told) is (not raw), "told of exactly what npm ignores"


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
WRITTEN = st.one_of(NAME, NAME.map("*.{}".format), NAME.map(".{}".format), NAME.map(str.upper), st.text(max_size=12))


@given(WRITTEN, st.lists(LABEL, max_size=2))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_we_make_of_it_covers_what_is_below_it(direct: Ask, text: str, below: list[str]) -> None:
    made = npm.entry(text)
    if made is None or ":" in made or made.replace(".", "").isdigit() or made.endswith("-"):
        return
    host = ".".join([*below, made.strip(".")])
    labels = host.split(".")
    named = all(p and p[0].isalnum() and p[-1].isalnum() and "_" not in p for p in labels)
    if not named or host[-1].isdigit() or re.fullmatch("0x[0-9a-f]*", labels[-1]):
        return  # no host name that a URL takes as it is: one whose last label is a number, hexadecimal or not, is an address
    assert direct([(host, made)]) == [True], (text, made, host)
    assert npm.entry(made) == made, "made once, it stays"


def test_the_profiles_own_list_agrees_with_npm(direct: Ask) -> None:
    """`no_proxy` of a profile goes another way (`check` tells of it there), to the same forms."""
    for text, made, host, _ in FORMS:
        kept, wrong = bypass(text)
        assert bool(kept) or bool(wrong) or not text.strip()
        for entry in kept:
            assert npm.entry(entry) == entry
            if made:
                assert direct([(host, entry)]) == [True], (text, entry)


# ---- registries that are inside ------------------------------------------------------------------------------------------------


def get(lines: dict[str, Value]) -> npm.Get:
    return lines.get


def profile(*suffixes: str, proxy: str = "http://proxy.corp.test:8080") -> Profile:
    when = ((Condition("dns_suffix", suffixes),),) if suffixes else ((Condition("gateway", ("10.0.0.1",)),),)
    return Profile("office", Apply(proxy), when)


FILE: dict[str, Value] = {
    "registry": "https://npm.public.example/",
    "@corp:registry": "https://npm.corp.test/",
    "@x:registry": "http://10.1.2.3:4873",
    "@y:registry": "https://npm.${ZONE}.test/",
    "@z:registry": "http://localhost:4873/",
    "@o:registry": "https://npm.some.org/",
    "registryish": "https://no.test/",
}


def test_which_registries_are_asked_about() -> None:
    """Where the profile sets a proxy: those that it does not name itself; never one under the built-in default's suffix."""
    assert npm.doubtful(profile(), get(FILE), FILE) == ("npm.public.example", "npm.corp.test", "10.1.2.3")
    assert npm.doubtful(profile("corp.test"), get(FILE), FILE) == ("npm.public.example", "10.1.2.3")
    assert npm.doubtful(profile("corp.test"), get({}), ()) == ()
    for proxy in ("direct", "keep", "original"):
        assert npm.doubtful(profile(proxy=proxy), get(FILE), FILE) == ()


def test_what_is_inside_joins_noproxy() -> None:
    def entries(p: Profile, lines: dict[str, Value], private: set[str] | None = None, *, auto: bool = True) -> tuple[str, ...]:
        return npm.wanted(p, get(lines), lines, private=private or set(), auto=auto).entries[len(npm.LOCAL) :]

    assert entries(profile(), FILE) == ()
    assert entries(profile("corp.test"), FILE) == ("npm.corp.test",)
    assert entries(profile("orp.test"), FILE) == (), "whole labels"
    assert entries(profile(), FILE, {"10.1.2.3", "npm.corp.test"}) == ("npm.corp.test", "10.1.2.3")
    assert entries(profile("corp.test"), FILE, {"10.1.2.3"}, auto=False) == ()
    assert entries(profile(), FILE, {"npm.elsewhere.test"}) == (), "only what npm is configured with"
    assert entries(profile("org"), {}) == (), "npm's built-in default never joins"


# ---- advice --------------------------------------------------------------------------------------------------------------------


def test_the_list_is_linted_as_npm_reads_it() -> None:
    listed = ["localhost", "::1", "[::1]", "*.corp.test", "CORP.TEST", "10.0.0.0/8", "host:80", "*", "a b", "x\x1b[31m"]
    told = {a.message.split('"')[1]: a.hint for a in npm.ignored(listed)}
    assert told == {
        "*.corp.test": "write .corp.test",
        "CORP.TEST": "write corp.test",
        **dict.fromkeys(["10.0.0.0/8", "host:80", "*", "a b", "x\\x1b[31m"], "name the host or its domain"),
    }
    assert list(npm.ignored(["corp.test", ".corp.test", "::1", "[::1]", "corp.test."])) == []
