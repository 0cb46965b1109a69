"""Since when a link is the one it is: how often it lost its carrier, remembered from look to look. Floor 2.

Incident: the kernel drops its neighbours with the carrier, but hears of a loss once a second at most (linkwatch); and
NetworkManager ignores one under 6 s. A cable moved quicker than that leaves the old gateway's MAC in the table, for a minute and
more: the new network would pass for the old one. So after a loss an entry counts only if it was confirmed since.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping

from ..formats.rtnetlink import Link

Memory = MutableMapping[str, str]

SLEEP = 0.5
"""Seconds in suspend that were a sleep: a card may keep its carrier over it."""

TICK = 2
"""Ticks by which the kernel's "confirmed so long ago" may be wrong: it is cut off, and counted in jiffies before that."""


def note(memory: Memory, links: Iterable[Link], slept: float, now: float) -> None:
    """Remember of each link how often it lost its carrier, and when (`now`, s) that was first seen to be more than before. What
    happened before the first look is not known."""
    first = "slept" not in memory
    if first or slept - float(memory["slept"]) >= SLEEP:
        memory["woke"] = "" if first else repr(now)
        memory["slept"] = repr(slept)
    known = {key: value for key, value in memory.items() if key.startswith("losses ")}
    for link in links:
        key, count = f"losses {link.index}", str(link.losses)
        said = known.pop(key, None)
        if said is None:
            memory[key] = f"{count} "
        elif said.partition(" ")[0] != count:
            memory[key] = f"{count} {now!r}"
            forget(memory, link.index)
    for key in known:  # gone: containers come and go by the thousand
        del memory[key]
        forget(memory, int(key.split()[1]))


def since(memory: Memory, indexes: Iterable[int]) -> float | None:
    """When the links (an uplink, and the card below it) last lost their carrier or the machine woke, in monotonic seconds; None
    where nothing of that was seen."""
    told = [memory.get("woke", ""), *(memory.get(f"losses {i}", "").partition(" ")[2] for i in indexes)]
    return max((float(t) for t in told if t), default=None)


def trusted(memory: Memory, index: int, gateway: str, when: float) -> bool:
    """Whether the gateway's entry was found to be of this connection already."""
    return memory.get(f"trust {index} {gateway}") == repr(when)


def trust(memory: Memory, index: int, gateway: str, when: float) -> None:
    """The gateway's entry is of the connection that lasts since `when`; so are those that follow it."""
    memory[f"trust {index} {gateway}"] = repr(when)


def other(memory: Memory, index: int, gateway: str, when: float, mac: str) -> bool:
    """Whether the entry held another MAC after the loss: then this one was learned since."""
    before = memory.setdefault(f"old {index} {gateway}", f"{when!r} {mac}")
    if before.partition(" ")[0] == repr(when):
        return before.partition(" ")[2] != mac
    memory[f"old {index} {gateway}"] = f"{when!r} {mac}"
    return False


def confirmed(ticks: int | None, hertz: int, when: float, now: float) -> bool:
    """Whether an entry that was confirmed `ticks` ago (nda_cacheinfo.ndm_confirmed, in 1/`hertz` s) was so after `when`."""
    return ticks is not None and now - (ticks + TICK) / hertz >= when


def unheard(memory: Memory | None, index: int, gateway: str, given_up: bool) -> bool:
    """Whether the kernel has given this gateway up, now or since it last answered: asked anew, an entry is "incomplete", as one
    is that was never asked before."""
    key = f"silent {index} {gateway}"
    if memory is not None and given_up:
        memory[key] = "yes"
    return given_up or (memory is not None and key in memory)


def heard(memory: Memory | None, index: int, gateway: str) -> None:
    """The gateway answers (again)."""
    if memory is not None:
        memory.pop(f"silent {index} {gateway}", None)


def forget(memory: Memory, index: int) -> None:
    """What was believed of a link and its neighbours."""
    for key in [k for k in memory if k.startswith((f"trust {index} ", f"old {index} ", f"silent {index} ", f"kind {index} "))]:
        del memory[key]
