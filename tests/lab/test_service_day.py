"""The real agent as a real systemd service on a laptop that roams: crash, log-out, removal, and npm's file right each time."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from lab import Lab, missing, systemd_box, until
from lab.desk import SHARED, Desk

pytestmark = pytest.mark.lab
OWN = "//npm.corp.test/:_authToken=${NPM_TOKEN}\nfund = false   ; mine\nproxy=http://left.over.test:1\n"
OFFICE = "when: {dns_suffix: corp.test, gateway: 10.10.0.1}\napply: {proxy: 'http://proxy.corp.test:3128'}\n"
HOME = "when: {gateway: 192.168.1.1}\napply: {proxy: direct}\n"
ROAMRC = f"{sys.executable} -m roamrc"


@pytest.fixture
def laptop() -> Iterator[tuple[Lab, Desk]]:
    """A Lab of its own: the box changes the laptop's /etc."""
    if why := missing() or systemd_box.missing():
        pytest.skip(why)
    with Lab(proxy="none", tls=False) as lab:
        lab.plug("office")
        with Desk(lab, share=SHARED) as desk:
            desk.exec("mkdir -p ~/.config/roamrc/profiles; cat > ~/.npmrc", input=OWN)
            for name, text in (("office", OFFICE), ("home", HOME)):
                desk.exec(f"cat > ~/.config/roamrc/profiles/{name}.yaml", input=text)
            yield lab, desk


def test_install_roam_crash_log_out_uninstall(laptop: tuple[Lab, Desk]) -> None:
    lab, desk = laptop

    def npmrc() -> str:
        return desk.exec("cat ~/.npmrc").stdout

    def office() -> bool:
        return "proxy=http://proxy.corp.test:3128\n" in npmrc()

    def home() -> bool:
        return "proxy.corp.test" not in npmrc() and "noproxy" in npmrc()

    def status() -> str:
        return desk.show("StatusText")

    desk.log_in()
    used = desk.exec(f"ROAMRC_DEBUG=1 {ROAMRC} use office")  # the user's word: a proxy that no profile names may go
    assert used.returncode == 0, used.stderr
    assert desk.exec(f"{ROAMRC} auto").returncode == 0
    result = desk.call("install", program=[sys.executable, "-m", "roamrc", "run"], env={"PATH": "/usr/local/bin:/usr/bin:/bin"})
    assert result["said"][-1] == "started roamrc.service", result
    until(office, 10, "the office's proxy")
    until(lambda: "office" in status(), 5, "the status text names the profile")

    lab.plug("home")
    until(home, 10, "no proxy at home")
    until(lambda: "home" in status(), 5, "the status text follows")

    before = desk.state()["pid"]
    desk.root(f"kill -STOP {before}")
    lab.plug("office")
    desk.root(f"kill -9 {before}")  # it has not seen the move
    until(office, 10, "the agent that came back has looked")
    until(lambda: desk.state()["running"] and desk.state()["pid"] != before, 10, "systemd knows the new one")
    assert desk.show("NRestarts") == "1"

    desk.log_out()
    lab.plug("home")
    assert office(), "nobody there to change it"
    desk.log_in()
    until(home, 15, "the next log-in brings the agent")
    assert npmrc().startswith(OWN.splitlines(keepends=True)[0])

    assert desk.exec(f"{ROAMRC} uninstall --yes").returncode == 0
    assert npmrc() == OWN
    assert (desk.show("LoadState"), desk.exec("ls ~/.config/roamrc/profiles").stdout) == ("not-found", "home.yaml\noffice.yaml\n")
    assert desk.exec("find ~/.config/systemd ~/.local/state/roamrc 2>/dev/null").stdout == ""
