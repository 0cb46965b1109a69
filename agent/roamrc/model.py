"""The values that flow down the line, frozen; no value knows where it came from or what will be done with it. Floor 0.

A fact has three states that are never mixed: a value, None (the network has no such thing) and Hidden (the machine does not
tell). A setting has three as well: str or tuple (must be this), None (must not be there), missing from the mapping (not ours).
"""

from __future__ import annotations

from collections.abc import Mapping

from .slotted import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias


Verdict: TypeAlias = "Literal['yes', 'no', 'hidden', 'unasked']"
Outcome: TypeAlias = "Literal['yes', 'no', 'blind', 'fallback']"
Action: TypeAlias = "Literal['apply', 'keep', 'hold']"
Value = str | tuple[str, ...] | None
"""What a key of an ini file holds: text, the lines of a `key[]` array, or None (absent). true, false and null are their words."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A fact that the machine does not tell, and why, in words a user understands ("behind NAT", "netlink: permission
    denied")."""

    why: str


BEHIND_NAT = "behind NAT"
"""Why all facts are hidden in WSL and behind a hypervisor: nothing can be learnt there, only chosen by hand."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel with routes. `default`: it carries a default or half-default (def1) route. `mesh`: neither that nor a private
    route outside 100.64.0.0/10 and fd7a:115c:a1e0::/48, so it is matched by its name alone and is no `vpn: true`. `device` is
    its interface where `name` is another (macOS: the name its owner gave it); a glob may match either."""

    name: str
    default: bool
    mesh: bool = False
    device: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """The connection that a login is lent to: one interface from carrier to carrier loss, sleep, or another gateway MAC.

    All fields are level-triggered (kernel counters), so that a flap between two looks is still seen: `boot` id, interface
    `index`, `losses` of carrier since it was made, `slept` seconds in suspend since boot, `mac` of the gateway where it is
    known, "" where it has stopped answering. A Wi-Fi `network` with a key is one link from access point to access point, and
    counts no losses: who lacks the key can't bring its carrier back.
    """

    boot: str
    index: int
    losses: int
    slept: float
    mac: str | None
    network: str = ""

    def same(self, other: Link) -> bool:
        """Whether nothing came between: a MAC not known on one side is no difference; suspend is compared within half a
        second."""
        return (
            (self.boot, self.index, self.losses, self.network) == (other.boot, other.index, other.losses, other.network)
            and abs(self.slept - other.slept) < 0.5
            and (self.mac is None or other.mac is None or self.mac == other.mac)
        )


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of the network at one look (contract.md, "What the facts mean"): the physical uplink, and what lies over it.

    `addresses` are the physical interface's own, not link-local, as "10.1.2.3/24" (JSON shows them without the length);
    `dns_suffixes` are lower case, without trailing dots, in order; MACs are lower case, zero-padded. `via` tells by which
    means each fact is known.
    """

    online: bool
    interface: str | Hidden | None = None
    kind: str | Hidden | None = None
    ssid: str | Hidden | None = None
    bssid: str | Hidden | None = None
    dns_suffixes: tuple[str, ...] | Hidden = ()
    gateway: str | Hidden | None = None
    gateway_mac: str | Hidden | None = None
    addresses: tuple[str, ...] | Hidden = ()
    vpn: tuple[Tunnel, ...] | Hidden = ()
    via: Mapping[str, str] = field(default_factory=dict)
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of an item: `fact` must be any of `wanted` (texts as written, True or False for vpn). `where` is "file:line:col
    path"."""

    fact: str
    wanted: tuple[str | bool, ...]
    where: str = ""


Item = tuple[Condition, ...]
"""The keys of one item are all-of; `anywhere` is an item of the one condition that always holds."""


@dataclass(frozen=True, slots=True)
class Prove:
    """An address that only the real network answers over verified TLS; `ca` is a file of the user's, else the system's roots."""

    url: str
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """What a profile wants: `proxy` is a URL, or direct, keep, original; `npm` maps any other key to its value (None: must be
    absent)."""

    proxy: str = field(repr=False)  # a password may stand in it
    login: str | None = None
    no_proxy: tuple[str, ...] = ()
    registry: str | None = None
    npm: Mapping[str, Value] = field(default_factory=dict)

    @property
    def sets_proxy(self) -> bool:
        return self.proxy not in ("direct", "keep", "original")


@dataclass(frozen=True, slots=True)
class Profile:
    """A file of profiles/: when it holds and what it then wants. `broken` says why it can't be judged (its last good version
    is not known); `proof` is the place of its `prove`."""

    name: str
    apply: Apply
    when: tuple[Item, ...] = ()
    unless: tuple[Item, ...] = ()
    prove: Prove | None = None
    priority: int = 0
    because: str | None = None
    path: str = ""
    broken: str | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A profile named by hand. `until` is a Unix time; `until_moved` ends it when the physical gateway differs from `mac`, else
    `gateway` and `subnets`, as they were at `use`."""

    profile: str
    since: float
    until: float | None = None
    until_moved: bool = False
    mac: str | None = None
    gateway: str | None = None
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Something only the network can answer, asked by the edges: `fact` is resolves, reachable, prove, or private (does a
    registry's host have private addresses here?).

    For prove: `subnets` are the profile's own conditions (an answer from inside one counts as one from a private address),
    `vpn` tells that the item names a tunnel, so that the answer may come through one.
    """

    fact: str
    wanted: str
    ca: str | None = None
    profile: str = ""
    subnets: tuple[str, ...] = ()
    vpn: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """yes, no or hidden, what was found, and by which means."""

    verdict: Verdict
    found: str
    via: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition held against one fact: what was wanted, what was found, and whether it says anything about *which* network
    this is."""

    fact: str
    wanted: str
    found: str
    verdict: Verdict
    via: str = ""
    where: str = ""
    identifies: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """A profile's verdict with every check that led to it; `held` are those of the items that hold."""

    profile: str
    verdict: Outcome
    checks: tuple[Check, ...] = ()
    held: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user should see in `status`: a short code, a sentence, and the command that cures it."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """One finding of `doctor`: which check, its result (only "fail" is a fault), a sentence, and the command that cures it."""

    check: str
    result: Literal["ok", "warn", "fail", "skip"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What shall be done here, by which profile, why, and the trail of the profiles that might have been it.

    `waits`: a fallback would win and is held back for a moment of quiet. `questions` are open: answer them and decide again.
    """

    action: Action
    profile: Profile | None
    because: str
    judged: tuple[Judgement, ...] = ()
    problems: tuple[Problem, ...] = ()
    questions: tuple[Question, ...] = ()
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """One key of one file, before and after, as npm parses them; why is the profile or "original"."""

    target: str
    path: str
    key: str
    before: Value
    after: Value
    why: str
