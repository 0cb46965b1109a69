"""A laptop that roams, in private Linux namespaces: real DHCP, DNS, squid, VPN, npm registries and a real `npm install`.

    with Lab() as lab:
        lab.plug("office"); lab.exec(["npm", "install", "lab-hello"]); lab.vpn_up("split"); lab.offline()

nets.py      the networks, as text: addresses, the build script, what dnsmasq and squid are told
spaces.py    the namespaces: made, entered, gone with the test, also after kill -9
lab.py       Lab: what a test does (plug, move the cable, VPN, behave) and what it asserts (requests, proxy_log, captured)
agent.py     the real agent on the laptop, and commands beside it
day.py       the profiles of the laptop's user, and what npm's file must hold under each
inside.py registry.py proxy.py trap.py tun.py   the programs in the namespaces; each stands alone, on the standard library
desktop.py keyringbox.py systemd_box.py   NetworkManager, a Secret Service and systemd, each for real

In a test ask for the fixture `lab` (one Lab a session, put back before each test); a test that changes /etc makes its own Lab().
"""

from .lab import Lab
from .nets import LAPTOP_MAC, NETS, PROXY_PASSWORD, PROXY_USER
from .spaces import LabError, missing
from .wait import until

__all__ = ["LAPTOP_MAC", "NETS", "PROXY_PASSWORD", "PROXY_USER", "Lab", "LabError", "missing", "until"]
