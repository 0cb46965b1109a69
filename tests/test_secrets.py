"""Logins: where they come from, how they are written into a URL, and all the places where they must not show."""

from __future__ import annotations

import copy
import os
import pickle
import select
import shlex
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.wait import until
from roamrc.children import secrets
from roamrc.errors import Refused, RoamError
from roamrc.formats import reference, url
from roamrc.formats.login import Login, decode, encode
from roamrc.system import System

PROXY = "http://proxy.corp.test:8080"
ALICE = "http://alice@proxy.corp.test:8080"
SECRET = "hunter2-9f3c"

TEXT = st.text(st.characters(codec="utf-8"), min_size=1)


def system(tmp_path: Path, **env: str) -> System:
    return System(env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **env}, home=tmp_path)


# --- encoding ---


@given(TEXT)
def test_encoding_is_undone_by_decoding(text: str) -> None:
    assert decode(encode(text)) == text
    assert unquote(encode(text)) == text
    assert encode(text) == quote(text, safe="")
    assert set(encode(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-%")


@given(TEXT, TEXT)
def test_a_login_comes_out_of_the_url_as_it_went_in(user: str, password: str) -> None:
    full = url.with_login(PROXY + "/x?y#z", Login(user, password))
    assert url.user_password(full) == (user, password)
    assert url.without_login(full) == PROXY + "/x?y#z"
    assert url.host_port(full) == ("http", "proxy.corp.test", 8080)
    assert url.with_login(full, Login("b", "c")) == "http://b:c@proxy.corp.test:8080/x?y#z"


@given(st.text())
def test_decoding_takes_anything(text: str) -> None:
    assert decode(encode("a") + text.replace("%", "%25").encode("utf-8", "replace").decode()) is not None


def test_the_hard_characters() -> None:
    hard = "p@:/#?%&; \"'\\${X}=é!*()+,~^|<>[]`"
    info = Login("DOM\\us@er", hard).userinfo()
    assert info.startswith(
        "DOM%5Cus%40er:p%40%3A%2F%23%3F%25%26%3B%20%22%27%5C%24%7BX%7D%3D%C3%A9%21%2A%28%29%2B%2C~%5E%7C%3C%3E%5B%5D%60"
    )
    assert Login("us", None).userinfo() == "us"
    assert Login("a", "b\0\r\n\t").userinfo() == "a:b%00%0D%0A%09"
    assert decode("%zz%4") == "%zz%4"


# --- URLs ---

SPLIT = [
    ("http://proxy:8080", ("http", "proxy", 8080), None),
    ("http://proxy", ("http", "proxy", 80), None),
    ("https://Proxy.Corp.Test/", ("https", "proxy.corp.test", 443), None),
    ("HTTP://u@PROXY:80", ("http", "proxy", 80), "u"),
    ("http://u:p@proxy:1/", ("http", "proxy", 1), "u:p"),
    ("http://u:p@q@proxy:1", ("http", "proxy", 1), "u:p@q"),
    ("http://u:p@[::1]:8080", ("http", "::1", 8080), "u:p"),
    ("http://[FE80::1]", ("http", "fe80::1", 80), None),
    ("http://${PU}:${PP}@proxy:3128", ("http", "proxy", 3128), "${PU}:${PP}"),
    ("http://${HOST}:3128", ("http", "${HOST}", 3128), None),
    ("http://u:@proxy", ("http", "proxy", 80), "u:"),
    ("http://@proxy", ("http", "proxy", 80), ""),
    ("http://proxy:8080/a@b", ("http", "proxy", 8080), None),
    ("http://proxy\\x:1", ("http", "proxy", 80), None),
    ("http://proxy:08080", ("http", "proxy", 8080), None),
    ("http://proxy:", ("http", "proxy", 80), None),
    ("socks5://proxy:1080", ("socks5", "proxy", 1080), None),
    ("socks5://proxy", None, None),
    ("http://proxy:0", None, None),
    ("http://proxy:65536", None, None),
    ("http://proxy:٣", None, None),
    ("http://proxy:8o", None, None),
    ("http://u:p@:80", None, None),
    ("http://", None, None),
    ("http://[::1", None, None),
    ("http://[::1]x", None, None),
    ("proxy:8080", None, None),
    ("1http://proxy", None, None),
    ("http://pro\nxy:80", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("text", "place", "info"), SPLIT)
def test_urls_are_split_as_npm_splits_them(text: str, place: tuple[str, str, int] | None, info: str | None) -> None:
    assert url.host_port(text) == place
    if place:
        assert url.userinfo(text) == info
        assert str(url.split(text)) == text


@given(st.text())
def test_no_text_breaks_the_urls(text: str) -> None:
    for function in (url.split, url.host_port, url.userinfo, url.user_password, url.without_login, url.masked):
        function(text)
    if (parts := url.split(text)) is not None:
        assert str(parts) == text
        assert url.userinfo(url.without_login(text)) is None or "@" in parts.host


MASKED = [
    ("http://u:p@h:1/x", "http://u:***@h:1/x"),
    ("http://u@h:1", "http://u@h:1"),
    ("http://h:1", "http://h:1"),
    ("http://h:1/@scope/x", "http://h:1/@scope/x"),
    ("u:p@h:1", "u:***@h:1"),
    ("//u:p@h", "//u:***@h"),
    ("http://u:p/q@h", "http://u:***@h"),
    ("http://u:12#q@h", "http://u:***@h"),
    ("u:p://x@h", "u:***@h"),
    ("http://u:p@q@h", "http://u:***@h"),
    ("u://p:@h:1", "u:***@h:1"),
    ("ftp://h/x", "ftp://h/x"),
]


@pytest.mark.parametrize(("text", "shown"), MASKED)
def test_masked(text: str, shown: str) -> None:
    assert url.masked(text) == shown


@given(st.text("ab:@/?#\\%&é;$ {}", max_size=12), st.sampled_from(["http://", "", "//", "HTTPS://"]))
def test_a_password_is_never_left_in_a_masked_url(salt: str, scheme: str) -> None:
    """Also where it is not encoded, so that npm itself would cut it."""
    at = len(salt) // 2
    password = f"{salt[:at]}Z9Z9{salt[at:]}"
    assert "Z9Z9" not in url.masked(f"{scheme}u:{password}@h:1")
    if (parts := url.split(f"{scheme}u:{password}@h:1")) is not None and parts.userinfo:
        assert "Z9Z9" not in repr(parts)


def test_variables() -> None:
    env = {"A": "1", "B": "${A}"}
    assert url.expand("x${A}-${B}y", env) == ("x1-${A}y", None)
    assert url.expand("${C}${A}${D}", env) == ("${C}1${D}", "C")
    assert url.expand("a${A", env) == ("a${A", None)


# --- references ---

GOOD = {
    "keyring:corp-proxy/alice": reference.Reference("keyring", "corp-proxy", "alice"),
    "keyring:https://p.test/DOM\\al": reference.Reference("keyring", "https://p.test", "DOM\\al"),
    "keyring:corp": reference.Reference("keyring", "corp"),
    "env:U,P": reference.Reference("env", "U", password="P"),
    "env:CORP_USER, CORP_PASS": reference.Reference("env", "CORP_USER", password="CORP_PASS"),
    "command:pass show 'corp proxy'": reference.Reference("command", argv=("pass", "show", "corp proxy")),
    "file:~/.corp": reference.Reference("file", "~/.corp"),
    "file:/etc/corp": reference.Reference("file", "/etc/corp"),
}
BAD = [
    "", "keyring", "keyring:", "keyring:/u", "keyring:s/", "keyring:s\n/u", "KEYRING:s/u", "env:U",
    "env:U,P,Q", "env:U,", "env:1,2", "env:U-V,P", "command:", "command: ", "command:'x", "command:''",
    "file:", "file:x", "file:~u/x", "file:./x", "alice:Z9Z9", "Z9Z9", "env:alice,Z9Z9!", "file:Z9Z9",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_good_references(text: str) -> None:
    assert reference.parse(text) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_bad_references(text: str) -> None:
    """A password in the wrong place is a bad reference too, and is not repeated."""
    with pytest.raises(RoamError) as e:
        reference.parse(text)
    assert e.value.hint.startswith("login: ")
    assert "Z9Z9" not in str(e.value)
    assert secrets.check_reference(text, PROXY) == [(e.value.sentence, e.value.hint)]


CHECKED = [
    ("keyring:s/u", PROXY, ""),
    ("keyring:s", ALICE, ""),
    ("keyring:s/alice", ALICE, ""),
    ("keyring:s", PROXY, "names no user"),
    ("keyring:s/bob", ALICE, "another user"),
    ("keyring:s", "http://${PU}@h:1", "variable"),
    ("command:x", "http://${PU}@h:1", "variable"),
    ("env:U,P", "http://${PU}@h:1", ""),
    ("file:/x", "http://alice:Z9Z9@h:1", "has a password"),
]


@pytest.mark.parametrize(("text", "proxy", "words"), CHECKED)
def test_a_reference_is_checked_against_its_url(text: str, proxy: str, words: str) -> None:
    faults = secrets.check_reference(text, proxy)
    assert [words in f[0] for f in faults] == ([True] if words else [])
    assert "Z9Z9" not in str(faults)


# --- Login ---


def test_a_login_has_no_printable_form() -> None:
    login = Login("alice", SECRET)
    shown = [repr(login), str(login), f"{login}", f"{login!r:>20}", "%s" % login, repr([login])]  # noqa: UP031
    try:
        raise ValueError(login)
    except ValueError as e:
        shown.append("".join(traceback.TracebackException.from_exception(e, capture_locals=True).format()))
    assert all("Login(***)" in text.replace("  ", "") for text in shown)
    assert SECRET not in "".join(shown).replace(f"SECRET = '{SECRET}'", "")
    assert not hasattr(login, "__dict__")
    with pytest.raises(TypeError):
        vars(login)
    refused: list[Callable[[], object]] = [
        lambda: pickle.dumps(login), lambda: copy.copy(login), lambda: copy.deepcopy(login), lambda: hash(login),
        lambda: login.__getstate__(),
    ]  # fmt: skip
    for attempt in refused:
        with pytest.raises(TypeError) as refusal:
            attempt()
        assert SECRET not in str(refusal.value)
    assert login == Login("alice", SECRET)
    assert login != Login("alice", "x")
    assert login != "alice"
    assert (login.user, login.password) == ("alice", SECRET)


@pytest.mark.parametrize(("user", "password"), [("", SECRET), ("u", ""), ("u", SECRET + "\udce9"), ("\udce9" + SECRET, "p")])
def test_no_login_from_what_no_url_could_carry(user: str, password: str) -> None:
    with pytest.raises(Refused) as e:
        Login(user, password)
    assert not leaks(e.value)


def leaks(error: BaseException) -> bool:
    """Whether the secret is in the error's text, in what it carries, or in an error behind it."""
    text, behind = "", [error]
    while behind:
        one = behind.pop()
        text += str(one) + repr(one) + repr(one.args) + repr(getattr(one, "__dict__", ""))
        behind += [e for e in (one.__cause__, one.__context__) if e is not None]
    return SECRET in text


# --- file: ---


def secret_file(path: Path, data: bytes, mode: int = 0o600) -> str:
    path.write_bytes(data)
    path.chmod(mode)
    return f"file:{path}"


@pytest.mark.parametrize(
    ("data", "proxy", "login"),
    [
        (b"alice:s3cret\n", PROXY, ("alice", "s3cret")),
        (b"alice:s3:c:ret", PROXY, ("alice", "s3:c:ret")),
        (b"DOM\\alice: s3cret \r\nmore\n", PROXY, ("DOM\\alice", " s3cret ")),
        (b"s3cret\n", ALICE, ("alice", "s3cret")),
        (b"alice:s3cret\n", ALICE, ("alice", "alice:s3cret")),
        ("é:ü\n".encode(), PROXY, ("é", "ü")),
        (b"x\n", "http://DOM%5Cal@h:1", ("DOM\\al", "x")),
    ],
)
def test_files(tmp_path: Path, data: bytes, proxy: str, login: tuple[str, str]) -> None:
    assert secrets.fetch(secret_file(tmp_path / "f", data), proxy, system(tmp_path)) == Login(*login)
    assert secrets.fetch("file:~/f", proxy, system(tmp_path)) == Login(*login)


@pytest.mark.parametrize(
    ("data", "proxy", "words"),
    [
        (b"", PROXY, "gives nothing"),
        (b"\nalice:x", PROXY, "gives nothing"),
        (b":" + SECRET.encode(), PROXY, "no user"),
        (b"alice:", PROXY, "no password"),
        (SECRET.encode(), PROXY, "one word"),
        (b"", ALICE, "gives nothing"),
        (b"alice:" + SECRET.encode() + b"\xe9", PROXY, "not UTF-8"),
    ],
)
def test_files_without_a_login(tmp_path: Path, data: bytes, proxy: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as e:
        secrets.fetch(secret_file(tmp_path / "f", data), proxy, system(tmp_path))
    assert e.value.hint
    assert not leaks(e.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601])
def test_a_file_that_others_can_read(tmp_path: Path, mode: int) -> None:
    text = secret_file(tmp_path / "a b", b"alice:" + SECRET.encode(), mode)
    with pytest.raises(Refused, match="read by others") as e:
        secrets.fetch(text, PROXY, system(tmp_path))
    assert e.value.hint == f"chmod 600 '{tmp_path}/a b'"


def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    text = secret_file(tmp_path / "f", b"alice:x")
    os.chown(tmp_path / "f", 12345, -1)
    with pytest.raises(Refused, match="another user"):
        secrets.fetch(text, PROXY, system(tmp_path))


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    (tmp_path / "loop").symlink_to("loop")
    for name, words in (("fifo", "is no file"), (".", "is no file"), ("nothing", "no such file"), ("loop", "can't be read")):
        with pytest.raises(Refused, match=words) as e:
            secrets.fetch(f"file:{tmp_path}/{name}", PROXY, system(tmp_path))
        assert e.value.hint
    with pytest.raises(Refused, match="is no file"):
        secrets.fetch("file:/dev/zero", PROXY, system(tmp_path))


# --- env: ---


def test_env(tmp_path: Path) -> None:
    there = system(tmp_path, U="DOM\\u", P="p:w x\n")
    assert secrets.fetch("env:U,P", PROXY, there) == Login("DOM\\u", "p:w x")
    assert secrets.fetch("env:U,P", ALICE, there) == Login("DOM\\u", "p:w x")
    for missing in ("env:U,Q", "env:Q,P"):
        with pytest.raises(Refused, match="Q is not set") as e:
            secrets.fetch(missing, PROXY, there)
        assert not leaks(e.value)


# --- command: ---


def command(code: str) -> str:
    return "command:" + shlex.join(["sh", "-c", code])


@pytest.mark.parametrize(
    ("code", "proxy", "login"),
    [
        ("echo alice:s3:cret; echo more", PROXY, ("alice", "s3:cret")),
        ("echo bob:s3:cret", ALICE, ("alice", "bob:s3:cret")),
        ("printf 'alice: x '", PROXY, ("alice", " x ")),
        ("printf 'alice:é\\n' >&1; echo noise >&2", PROXY, ("alice", "é")),
        ("read x || echo alice:nothing-to-read", PROXY, ("alice", "nothing-to-read")),
        ("echo alice:$TOKEN", PROXY, ("alice", "from the env")),
        ("echo alice:x; sleep 30 & exit 0", PROXY, ("alice", "x")),
    ],
)
def test_commands(tmp_path: Path, code: str, proxy: str, login: tuple[str, str]) -> None:
    assert secrets.fetch(command(code), proxy, system(tmp_path, TOKEN="from the env")) == Login(*login)


def test_there_is_no_shell(tmp_path: Path) -> None:
    assert secrets.fetch("command:printf %s a:$HOME;x", PROXY, system(tmp_path)) == Login("a", "$HOME;x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (command("exit 3"), "exit code 3"),
        (command(f"echo alice:{SECRET}; echo bad {SECRET} >&2; exit 1"), r"exit code 1: bad \*\*\*"),
        (command(f"echo {SECRET}; printf 'x\\033[1m{SECRET}\\n2' >&2; exit 1"), r"exit code 1: x\\x1b\[1m\*\*\*"),
        (command("kill -9 $$"), "SIGKILL"),
        (command("true"), "gives nothing"),
        (command(f"echo {SECRET}"), "one word"),
        (command(f"printf '{SECRET}\\351\\n'"), "not UTF-8"),
        (command("sleep 60"), "no answer in"),
        (command("sleep 60 & sleep 60"), "no answer in"),
        ("command:yes " + SECRET, "prints more"),
        ("command:there-is-no-such-program", "can't be started: no such file"),
        ("command:/etc", "can't be started: permission denied"),
    ],
)
def test_commands_that_fail(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as e:
        secrets.fetch(text, PROXY, system(tmp_path), limit=1.0)
    assert e.value.hint
    assert not leaks(e.value)
    assert e.value.code == 4


def test_a_command_that_is_given_up_leaves_nobody_behind(tmp_path: Path) -> None:
    """Neither the command nor what it started; also when roamrc itself is killed."""
    text = command(f"echo $$ > {tmp_path}/pid; sleep 60 & echo $! >> {tmp_path}/pid; wait")
    fetching = secrets.start(text, PROXY, system(tmp_path))
    assert fetching.poll() is None
    until(lambda: (tmp_path / "pid").exists() and len((tmp_path / "pid").read_text().split()) == 2)
    pids = (tmp_path / "pid").read_text().split()
    fetching.close()
    until(lambda: all(gone(pid) for pid in pids))
    (tmp_path / "pid").unlink()
    code = (
        "import sys\nfrom roamrc import system\nfrom roamrc.children import secrets\n"
        "secrets.fetch(sys.argv[1], 'http://h:1', system.System())"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, text])
    until(lambda: (tmp_path / "pid").exists() and len((tmp_path / "pid").read_text().split()) == 2)
    pids = (tmp_path / "pid").read_text().split()
    parent.kill()
    parent.wait()
    until(lambda: all(gone(pid) for pid in pids))


def gone(pid: str) -> bool:
    if not os.path.isdir("/proc/self"):
        return subprocess.run(["ps", "-p", pid], capture_output=True, check=False).returncode != 0
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# --- keyring: ---


@pytest.fixture
def keyring_with(tmp_path: Path) -> Callable[[str], System]:
    pytest.importorskip("keyring")

    def made(backend: str) -> System:
        folder = tmp_path / "config" / "python_keyring"
        folder.mkdir(parents=True, exist_ok=True)
        here = Path(__file__).parent
        (folder / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring=keyring_stand.{backend}\nkeyring-path={here}\n")
        return system(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"), XDG_DATA_HOME=str(tmp_path))

    return made


def test_a_keyring_keeps_gives_and_forgets(keyring_with: Callable[[str], System]) -> None:
    there = keyring_with("Kept")
    password = 'p@:/#?%&; "é\u202e\n'
    with pytest.raises(Refused, match='"corp" has no password for "alice"') as e:
        secrets.fetch("keyring:corp/alice", PROXY, there, "office")
    assert e.value.hint == "roamrc login set office"
    secrets.store("keyring:corp/alice", PROXY, password, there)
    assert secrets.fetch("keyring:corp/alice", PROXY, there) == Login("alice", password)
    assert secrets.fetch("keyring:corp", ALICE, there) == Login("alice", password)
    assert secrets.forget("keyring:corp/alice", PROXY, there) is True
    assert secrets.forget("keyring:corp/alice", PROXY, there) is False


@pytest.mark.parametrize(
    ("backend", "words"),
    [("Locked", "locked"), ("Prompting", "no answer in 1.5 s; is it locked"), ("Crashing", "without an answer")],
)
def test_a_keyring_that_does_not_give(keyring_with: Callable[[str], System], backend: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as e:
        secrets.fetch("keyring:corp/alice", PROXY, keyring_with(backend), "office", limit=1.5)
    assert "roamrc login test office" in e.value.hint


def test_no_store_in_this_session(tmp_path: Path) -> None:
    pytest.importorskip("keyring")
    with pytest.raises(Refused, match="no keyring that could hold"):
        secrets.fetch("keyring:corp/alice", PROXY, system(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"))


def test_without_the_library() -> None:
    """The extra is not installed: a sentence and the command, not a traceback."""
    asked = "{'op': 'get', 'service': 's', 'user': 'u'}"
    code = f"import sys; sys.modules['keyring'] = None\nfrom roamrc.children import stores\nprint(stores.answer({asked}))"
    p = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert p.stdout == "{'fault': 'library'}\n"
    with pytest.raises(Refused, match="not installed") as e:
        secrets._checked({"fault": "library"}, reference.parse("keyring:s/u"), "office")
    assert "pip install keyring" in e.value.hint


def test_storing_that_fails(keyring_with: Callable[[str], System]) -> None:
    for backend, words in (("Talkative", r"fails \(RuntimeError\)"), ("Forgetful", "does not give it back")):
        with pytest.raises(Refused, match=words) as e:
            secrets.store("keyring:corp/alice", PROXY, SECRET, keyring_with(backend))
        assert not leaks(e.value)
    for text in ("env:U,P", "file:/x", "command:x"):
        with pytest.raises(Refused, match="yours to write"):
            secrets.store(text, PROXY, SECRET, keyring_with("Kept"))
        with pytest.raises(Refused, match="yours to write"):
            secrets.forget(text, PROXY, keyring_with("Kept"))
    with pytest.raises(Refused, match="names no user"):
        secrets.store("keyring:corp", PROXY, SECRET, keyring_with("Kept"))


# --- nowhere else ---


def test_the_secret_is_in_no_argv_and_no_environment(keyring_with: Callable[[str], System], tmp_path: Path) -> None:
    if not os.path.isdir("/proc/self"):
        pytest.skip("no /proc here")
    there = keyring_with("Prompting")
    there = System(
        env={**there.env, "KEYRING_PROPERTY_KEYRING_KEY": SECRET, "https_proxy": f"http://u:{SECRET}@h:1"}, home=tmp_path
    )
    child = secrets._child(reference.parse("keyring:corp/alice"), {"op": "set", "user": "alice", "password": SECRET}, there)
    folder = Path(f"/proc/{child._process.pid}")  # type: ignore[union-attr]
    until(lambda: b"stores" in (folder / "cmdline").read_bytes())
    shown = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    assert SECRET.encode() not in shown
    assert SECRET not in repr(child)
    child.close()


def test_an_agent_need_not_wait(keyring_with: Callable[[str], System]) -> None:
    there = keyring_with("Kept")
    secrets.store("keyring:corp/alice", PROXY, SECRET, there)
    fetching = secrets.start("keyring:corp/alice", PROXY, there)
    assert fetching.poll() is None
    poller = select.poll()
    poller.register(fetching.fileno(), select.POLLIN)
    assert poller.poll(10_000)
    found: list[Login] = []

    def there_is_one() -> bool:
        found.extend(filter(None, [fetching.poll()]))
        return bool(found)

    until(there_is_one)
    assert found[0] == Login("alice", SECRET)
    assert SECRET not in repr(fetching)
    fetching.close()
    at_once = secrets.start("env:U,P", PROXY, System(env={"U": "u", "P": "p"}))
    assert (at_once.fileno(), at_once.poll()) == (-1, Login("u", "p"))
    at_once.close()
