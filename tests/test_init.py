"""`init`: the first profiles, and what becomes of a proxy that stands in npm's file."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import keyring_stand
from loopback import closed_port, stand
from roamrc import cli, probes
from roamrc.model import Profile
from roamrc.places import find
from roamrc.reading import profiles
from roamrc.rules import clues
from roamrc.setup import starters
from roamrc.system import System

ALIVE = b"HTTP/1.1 200 OK\r\n\r\n"


class Home:
    """A home in which somebody types."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.capsys = home, capsys
        self.npmrc = home / ".npmrc"
        self.folder = home / ".config/roamrc/profiles"

    def type(self, *words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def profile(self, name: str) -> Profile:
        found, faults = profiles.read(self.folder / f"{name}.yaml")
        assert found, faults
        return found


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    return Home(tmp_path, capsys)


def keyring(home: Path, patch: pytest.MonkeyPatch, backend: str) -> Path:
    """roamrc's child finds this backend by the keyring library's own means; returns its store."""
    patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    patch.setenv("XDG_DATA_HOME", str(home))
    folder = home / ".config/python_keyring"
    folder.mkdir(parents=True)
    path = Path(keyring_stand.__file__).parent
    (folder / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring=keyring_stand.{backend}\nkeyring-path={path}\n")
    return home / "store.json"


class Terminal(io.StringIO):
    """A terminal at which somebody has typed ahead."""

    def isatty(self) -> bool:
        return True


def knowable() -> bool:
    """Whether the machine of the tests stands in a network that can be learnt at all."""
    try:
        clues.clue(probes.observe(System.real(), 0.2))
    except clues.Unknowable:
        return False
    return True


def test_the_starters_are_shown_and_written(home: Home) -> None:
    code, said, _ = home.type("init", "--yes")
    assert code == 0
    for name, data in profiles.starters().items():
        assert (home.folder / name).read_bytes() == data
        assert f"--- ~/.config/roamrc/profiles/{name}" in said
    assert said.index("priority: 50") < said.index("wrote ")
    assert (home.folder / "schema/profile.json").exists()
    code, said, _ = home.type("init", "--yes")
    assert (code, "nothing was written" in said) == (0, True)


def test_nobody_to_ask_is_no(home: Home) -> None:
    assert home.type("init")[0] == 1
    code, said, _ = home.type("init", "--json")
    assert (code, json.loads(said)) == (1, {"version": 1, "written": [], "bound": False, "notes": []})
    assert not home.folder.exists()


@pytest.mark.parametrize(
    ("typed", "wrote", "proxy"), [("y\ny\n", True, "direct"), ("n\ny\n", True, "keep"), ("y\nn\n", False, "")]
)
def test_unknown_networks_are_asked_about(
    home: Home, monkeypatch: pytest.MonkeyPatch, typed: str, wrote: bool, proxy: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    code, said, _ = home.type("init")
    assert (code, home.folder.exists()) == (0 if wrote else 1, wrote)
    assert "networks that no profile knows" in said
    if wrote:
        found = home.profile("elsewhere")
        assert (found.apply.proxy, found.when[0][0].fact) == (proxy, "anywhere")


def test_a_dead_proxy_is_bound_to_no_network(home: Home) -> None:
    dead = f"http://127.0.0.1:{closed_port()}"
    home.npmrc.write_text(f"proxy={dead}\nfund=false\n")
    code, said, _ = home.type("init", "--yes")
    assert code == 0
    office = home.profile("office")
    assert (office.apply.proxy, office.when) == (dead, ())
    assert "roamrc learn office" in said
    assert "refuses" in said
    assert home.npmrc.read_text() == f"proxy={dead}\nfund=false\n"
    assert profiles.read(home.folder / "office.yaml")[1] == ()


@pytest.mark.parametrize("answer", [ALIVE, b"HTTP/1.1 407 No\r\n\r\n"])
def test_a_living_proxy_becomes_a_profile_of_this_network(home: Home, answer: bytes) -> None:
    with stand(answer) as proxy:
        home.npmrc.write_text(
            f"registry=https://r.example/\nhttps-proxy=http://127.0.0.1:{proxy.port}/\nproxy=http://x.example:1\n"
        )
        code, said, _ = home.type("init", "--yes", "--json")
    told = json.loads(said)
    assert code == 0
    office = home.profile("office")
    assert office.apply.proxy == f"http://127.0.0.1:{proxy.port}/"
    assert told["bound"] == bool(office.when)
    if knowable():
        assert office.when
    else:
        assert any("can't be bound" in n for n in told["notes"])


@pytest.mark.parametrize("answer", [b"HTTP/1.1 502 No\r\n\r\n", b"", b"HTTP/1.1 302 Found\r\n\r\n"])
def test_what_answers_like_no_proxy_is_none(home: Home, answer: bytes) -> None:
    with stand(answer) as proxy:
        home.npmrc.write_text(f"registry=https://r.example/\nproxy=http://127.0.0.1:{proxy.port}\n")
        assert home.type("init", "--yes")[0] == 0
    assert home.profile("office").when == ()


def test_the_password_goes_to_the_keyring(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = keyring(home.home, monkeypatch, "Kept")
    with stand(ALIVE) as proxy:
        home.npmrc.write_text(f"proxy=http://al%69ce:s3c%40ret@127.0.0.1:{proxy.port}\n")
        code, said, err = home.type("init", "--yes")
    assert code == 0, err
    office = home.profile("office")
    assert (office.apply.proxy, office.apply.login) == (f"http://127.0.0.1:{proxy.port}", "keyring:roamrc-127.0.0.1/alice")
    assert json.loads(store.read_text()) == {"roamrc-127.0.0.1\nalice": "s3c@ret"}
    assert "s3c" not in said + err
    assert "s3c" not in "".join(p.read_text() for p in home.folder.rglob("*") if p.is_file())
    assert home.type("login", "test", "office")[0] == 0


@pytest.mark.parametrize("backend", ["Locked", "Forgetful", "Talkative"])
def test_where_no_keyring_takes_it_the_password_stays_in_the_profile(
    home: Home, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    keyring(home.home, monkeypatch, backend)
    url = f"http://alice:s3cret@127.0.0.1:{closed_port()}"
    home.npmrc.write_text(f"proxy={url}\n")
    code, said, err = home.type("init", "--yes")
    assert (code, home.profile("office").apply.proxy, home.profile("office").apply.login) == (0, url, None)
    assert "in clear" in said
    assert "s3cret" not in said + err
    assert (home.folder / "office.yaml").stat().st_mode & 0o777 == 0o600


def test_a_variable_in_the_url_stays_one(home: Home) -> None:
    url = "http://${PU}:${PP}@p.invalid:3128"
    home.npmrc.write_text(f"proxy={url}\n")
    assert home.type("init", "--yes")[0] == 0
    assert home.profile("office").apply.proxy == url


def test_what_somebody_has_written_is_not_touched(home: Home) -> None:
    home.folder.mkdir(parents=True)
    (home.folder / "mine.yaml").write_text("when: []\napply: {proxy: direct}\n")
    home.npmrc.write_text("proxy=http://p.invalid:1\n")
    code, said, _ = home.type("init", "--yes")
    assert (code, "already" in said) == (0, True)
    assert [p.name for p in home.folder.iterdir()] == ["mine.yaml"]


def test_the_starters_that_run_wrote_are_still_for_init(home: Home) -> None:
    starters.write(find({}, home.home))
    home.npmrc.write_text(f"proxy=http://127.0.0.1:{closed_port()}\n")
    code, said, _ = home.type("init", "--yes", "--json")
    assert (code, json.loads(said)["written"]) == (0, ["office.yaml"])
    assert "127.0.0.1" in home.profile("office").apply.proxy


def test_a_folder_that_can_not_be_made_is_a_sentence(home: Home) -> None:
    (home.home / ".config").write_text("a file in the way")
    code, _, err = home.type("init", "--yes")
    assert code == 4
    assert "ROAMRC_CONFIG_HOME" in err
