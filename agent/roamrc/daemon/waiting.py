"""What a decision still waits for: a login, a gateway's MAC, an answer, a proxy that lives. Floor 3, reads only what it is
given."""

from __future__ import annotations

from ..formats import url
from ..formats.ini import Document
from ..look import Look
from ..model import Decision, Hidden, Question
from ..reconcile import Report
from ..slotted import replace
from ..targets import npm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..children.health import Health


def needs_login(d: Decision) -> bool:
    """Whether the profile applied puts a login into the proxy's URL."""
    p = d.profile
    return p is not None and d.action == "apply" and p.apply.sets_proxy and (p.apply.login is not None or "@" in p.apply.proxy)


def may_lend(seen: Look, settled: bool) -> bool:
    """A login waits for quiet or a proof, and for a gateway that answers on this link: right after a move the old suffix, address
    and route still stand."""
    return (settled or proven(seen.decision)) and not isinstance(seen.network.gateway_mac, Hidden)


def proven(d: Decision) -> bool:
    """Whether the profile applied has proven this network to be its own."""
    return any(
        d.profile is not None and j.profile == d.profile.name and any(c.fact == "prove" and c.verdict == "yes" for c in j.checks)
        for j in d.judged
    )


def hangs_on_mac(seen: Look) -> bool:
    """Whether the gateway's MAC, not answered yet, would change what is done: a profile that asks for it, or an override that
    ends with it."""
    if not seen.network.online or not isinstance(seen.network.gateway_mac, Hidden):
        return False
    asks = any(c.fact == "gateway_mac" and c.verdict == "hidden" for j in seen.decision.judged for c in j.checks)
    return (asks and seen.decision.action == "hold") or (seen.override is not None and seen.override.until_moved)


def still_open(seen: Look, report: Report) -> bool:
    """Whether something matters here that is not known yet, and that no event would tell of."""
    mac = seen.network.gateway_mac
    silent = isinstance(mac, Hidden) and "answer" in mac.why
    asks = any(c.fact == "gateway_mac" and c.verdict == "hidden" for j in seen.decision.judged for c in j.checks)
    dark = isinstance(seen.network.dns_suffixes, Hidden) and seen.network.online
    trouble = any(p.code in ("login", "file", "state", "in-repo") for p in report.problems)
    moving = seen.override is not None and seen.override.until_moved
    return trouble or dark or bool(seen.decision.questions) or (silent and (asks or moving or needs_login(seen.decision)))


def proxy_written(report: Report) -> tuple[str, str | None, str | None] | None:
    """The proxy URL as it stands in npm's file after this look, with the registry and CA file that npm uses with it."""
    d = report.decision
    if d.profile is None or d.action != "apply" or not d.profile.apply.sets_proxy or not report.plans:
        return None
    doc = Document(report.plans[-1].after or b"")
    proxy, registry, cafile = (doc.get(k) for k in ("https-proxy", "registry", "cafile"))
    if not isinstance(proxy, str) or not npm.is_proxy(proxy):
        return None
    return proxy, registry if isinstance(registry, str) else None, cafile if isinstance(cafile, str) else None


def inside_questions(report: Report) -> tuple[Question, ...]:
    """What must be asked to know which of npm's registries, as its file names them after this look, are inside here."""
    d = report.decision
    if d.profile is None or d.action != "apply" or not report.plans:
        return ()
    doc = Document(report.plans[-1].after or b"")
    return tuple(Question("private", host) for host in npm.doubtful(d.profile, doc.get, doc.keys()))


def to_try_first(seen: Look) -> tuple[str, str | None, str, str | None] | None:
    """Under `on_dead_proxy: hold`: the proxy that must have answered on this link before it is written (without its login), the
    registry that the profile names, its own name, and the CA file it names."""
    d = seen.decision
    if seen.setup.config.on_dead_proxy != "hold" or d.action != "apply" or d.profile is None or not d.profile.apply.sets_proxy:
        return None
    wants = d.profile.apply
    cafile = wants.npm.get("cafile")
    return url.without_login(wants.proxy), wants.registry, d.profile.name, cafile if isinstance(cafile, str) else None


def held_back(seen: Look, health: Health | None) -> Look:
    """The same look, holding for a proxy that is being tried (None), or is dead."""
    d = seen.decision
    if health is not None and not health.dead:
        return seen
    if health is None or health.problem is None:
        held = replace(d, action="hold", profile=None, because="waiting for the proxy's answer", waits=True)
    else:
        because = f"{health.message} (on_dead_proxy: hold)"
        held = replace(d, action="hold", profile=None, because=because, problems=(*d.problems, health.problem))
    return replace(seen, decision=held)
