"""An .npmrc as bytes, edited without loss: get, put, lift, restore, mark; what is not ours never moves. Floor 1.

Why no parser and serializer: `npm config set` is one, and it drops every comment and blank line, undoes duplicates, turns CRLF
into LF and what is not UTF-8 into U+FFFD. Here a line that is not asked for is not even decoded. What a line means is in
ini_line, what the whole file means in ini_whole, where a lifted line belongs in ini_prior.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache

from ..errors import RoamError
from ..model import Value
from .ini_line import bare, chars, edited, end, fold, key_of, reads, section, spell
from .ini_prior import Landmarks, Prior, Raw
from .ini_value import value_of, whole
from .ini_whole import decode, reach

__all__ = ["COMMENT", "TAIL", "Document", "Prior"]

COMMENT = b"# roamrc: "
TAIL = b"; see roamrc status"
"""A comment line is ours if it starts (without a blank) and ends with these very bytes; any other is the user's."""

_BOM = b"\xef\xbb\xbf"


class _Parse:
    """A text as it was read: its lines before the first section, the key of each, and where each key stands. Shared by all drafts
    of this text, so nothing in it is ever changed but `reach` and `values`, which are found when they are first asked for."""

    __slots__ = ("bom", "keys", "lines", "reach", "rest", "values", "where")

    def __init__(self, text: bytes) -> None:
        # A BOM belongs to no line, or removing the first would take it along. Before [ and = it does: it changes what npm reads.
        self.bom = _BOM if text.startswith(_BOM) and text[3:4] not in (b"[", b"=") else b""
        self.lines = text[len(self.bom) :].splitlines(keepends=True)
        self.keys: list[str | None] = []
        self.where: dict[str, list[int]] = {}
        for i, line in enumerate(self.lines):
            if line[0] == 0x5B and section(chars(line)) is not None:
                break
            key = key_of(line)
            self.keys.append(key)
            if key is not None:
                self.where.setdefault(key, []).append(i)
        self.rest = b"".join(self.lines[len(self.keys) :])
        del self.lines[len(self.keys) :]
        self.reach: set[str] | None = None
        self.values: dict[str, Value] = {}


_kept = lru_cache(maxsize=2)(_Parse)
"""A look drafts the same text five times, and the next look finds it again: of 10,000 lines 50 ms, against 1. Two: before and
after a switch."""


class Document:
    """A draft of one file. A key's lines are those before the first `[section]`; what stands after it is the section's."""

    __slots__ = ("_bom", "_keys", "_lines", "_parse", "_reach", "_rest", "_values", "guests")

    def __init__(self, text: bytes) -> None:
        found = _kept(text) if text else _Parse(text)
        self._bom, self._lines, self._keys, self._rest = found.bom, found.lines[:], found.keys[:], found.rest
        self._parse: _Parse | None = found  # until the first edit
        self._values = found.values  # what was asked for since the last edit
        self._reach: set[str] | None = None
        # Keys that are in the file only for now: a line that leaves again marks no place for the lines that came before it.
        self.guests: set[str] = set()

    @property
    def text(self) -> bytes:
        """The file's bytes: the very input as long as nothing was put."""
        body = b"".join(self._lines) + self._rest
        return self._bom + (self._eol(0) if self._bom and body[:1] in (b"[", b"=") else b"") + body

    def keys(self) -> list[str]:
        """The keys before the first section in order of first appearance, `[]` cut."""
        return list(self._parse.where if self._parse else dict.fromkeys(k for k in self._keys if k is not None))

    def get(self, key: str) -> Value:
        """What npm reads for a key: text with `${}` unexpanded, a tuple for an array, None where no line before the first
        section sets it.

        true, false and null come as these words; a number or an object (JSON in single quotes) as its JSON text.
        Where a section hides the key (`[proxy.x]` throws `proxy=…` away), it is the object that npm sees.
        """
        if key not in self._values:
            self._values[key] = self._read(key)
        return self._values[key]

    def put(self, key: str, value: Value, prior: Prior | None = None) -> None:
        """Afterwards `get(key) == value`, and no byte of another line moved; None removes every line of the key.

        A text replaces the value on the last line, the one that counts, and keeps its spacing and its comment; dead duplicates
        stay; an array's lines become one. A tuple keeps the lines that stay right. A new line goes where `prior` stood, if one is
        given, else to the end of the sectionless part. RoamError where npm can't hold the key or a section hides it; then
        nothing is changed.
        """
        where = self._where(key)
        if value is None:
            self._swap(where, [], 0)
            return self._stale(key)
        wanted = whole(value) if isinstance(value, str) else tuple(map(whole, value))
        if self.get(key) == wanted:
            return None
        saved = self._lines[:], self._keys[:]
        if not where:
            before = prior.lines[-1:] if prior else ()
            at = self._places(before, key)[0] if before else self._tail()
            self._insert(at, spell(key, wanted), before[0].eol if before else b"")
        elif isinstance(wanted, str):
            self._put_text(key, wanted, where)
        else:
            self._put_array(key, wanted, where)
        self._stale(key)
        if self.get(key) != wanted:
            self._lines, self._keys = saved
            self._stale(key)
            raise RoamError(f"{key!a} can't be set: a section of npm's file hides it", "roamrc doctor")
        return None

    def lift(self, key: str) -> Prior:
        """The key's raw lines with their places; empty where it has none."""
        where = self._where(key)
        foreign = self._foreign(key) if where else []
        marks, raws, j = Landmarks([self._keys[i] for i in foreign]), [], 0
        for i in where:
            while j < len(foreign) and foreign[j] < i:
                j += 1
            above = self._lines[foreign[j - 1]] if j else b""
            split = end(above) == b"\r" and j < len(foreign) and self._lines[foreign[j]] == b"\n"
            line, before = self._lines[i], end(self._lines[i - 1]) if i else b""
            raws.append(Raw(bare(line), end(line), before, j, *marks.at(j), split))
        return Prior(tuple(raws))

    def restore(self, key: str, prior: Prior) -> None:
        """The lifted lines back: in place of the key's present line where there is one, else by their landmarks, else at the end
        of the sectionless part; those still there stay. An empty Prior removes the key. RoamError where a kept line does not set
        this key."""
        for raw in prior.lines:
            if bare(raw.text) != raw.text or section(chars(raw.text)) is not None or key_of(raw.text) != key:
                raise RoamError(f"a line kept for {key!a} does not set it", "roamrc doctor")
        where, foreign, start, n = self._where(key), self._foreign(key), 0, 0
        fewer = len(where) < len(prior.lines)  # then a line that looks right may be one of ours in another's place
        for raw, i in zip(prior.lines, where, strict=False):
            if raw.text != bare(self._lines[i]) or (fewer and raw.index != bisect_left(foreign, i)):
                break
            start, n = i + 1, n + 1
        raws, where = list(prior.lines[n:]), where[n:]
        limit = len(self._lines)
        while raws and where:  # paired from the last, for that is the line that counts
            limit = where.pop()
            self._replace(limit, raws.pop().text)
        self._swap(where, [], 0)
        grown, here, last = 0, -1, -1
        for raw, place in zip(raws, self._places(raws, key, start, limit) if raws else [], strict=True):
            size = len(self._lines)
            here = here + 1 if place == last else place + grown
            self._insert_raw(here, raw)
            grown, last = grown + len(self._lines) - size, place
        self._stale(key)

    def mark(self, keys: Iterable[str], comment: str | None) -> None:
        """Our one comment line, directly above the first line that sets one of the keys; None, or no such line, and it is gone.

        Written as `# roamrc: COMMENT; see roamrc status`, a character that does not print as its escape.
        """
        wanted, text = set(keys), b""
        if comment is not None:
            plain = comment.removeprefix(COMMENT.decode()).removesuffix(TAIL.decode())
            shown = plain if plain.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in plain)
            text = COMMENT + shown.encode() + TAIL
        present = [i for i, line in enumerate(self._lines) if _ours(line)]
        first = self._first(wanted) if text else -1
        if first > 0 and present == [first - 1] and bare(self._lines[first - 1]) == text:
            return
        self._swap(present, [], 0)
        if first >= 0:
            self._insert(self._first(wanted), [text])

    def without(self, keys: Iterable[str]) -> bytes:
        """The text without these keys' lines and our comment: where it is equal for two files, only our lines differ."""
        gone = set(keys)
        kept = [line for line, key in zip(self._lines, self._keys, strict=True) if key not in gone and not _ours(line)]
        if kept and not self._rest and not end(self._lines[-1]) and bare(kept[-1]):
            kept[-1] = bare(kept[-1])  # as _remove does
        return self._bom + b"".join(kept) + self._rest

    # Below: lines by their number in the sectionless part.

    def _read(self, key: str) -> Value:
        where = self._where(key)
        hidden = bool(where) and key in self._reached()
        out = decode(self.text.splitlines()) if hidden else fold(self._lines[i] for i in where)
        return value_of(out[key]) if where and key in out else None

    def _where(self, key: str) -> list[int]:
        if self._parse is not None:
            return self._parse.where.get(key, [])[:]
        found, at = [], -1
        try:
            while True:
                at = self._keys.index(key, at + 1)
                found.append(at)
        except ValueError:
            return found

    def _first(self, keys: set[str]) -> int:
        return next((i for i, k in enumerate(self._keys) if k in keys), -1)

    def _foreign(self, key: str) -> list[int]:
        away = {key, *self.guests}
        return [i for i, k in enumerate(self._keys) if k not in away and not (k is None and _ours(self._lines[i]))]

    def _reached(self) -> set[str]:
        """The keys that a section, or a null or an object with a dot in its key, may hide: these alone need npm's whole parse."""
        if self._reach is None and self._parse is not None:
            self._reach = self._parse.reach
        if self._reach is None:
            names = {section(chars(line)) for line in self._rest.splitlines() if line.startswith(b"[")}
            for key, line in zip(self._keys, self._lines, strict=True):
                if key and "." in key and (b"null" in line or (b"{" in line and b"'" in line)):
                    names.add(key)
            self._reach = set().union(*(reach(n) for n in names if n is not None))
            if self._parse is not None:
                self._parse.reach = self._reach
        return self._reach

    def _stale(self, key: str) -> None:
        self._values = {}
        if "." in key:
            self._reach = None

    def _tail(self) -> int:
        """Where a new key goes: the end, but before the blank lines and comments that lead to the first section."""
        i = len(self._lines)
        while self._rest and i and self._lines[i - 1].strip()[:1] in (b"", b"#", b";"):
            i -= 1
        return i or len(self._lines)

    def _places(self, raws: Iterable[Raw], key: str, start: int = 0, limit: int | None = None) -> list[int]:
        """The line numbers for lifted lines, in their order, none before `start` or after `limit`."""
        foreign, places = self._foreign(key), []
        marks = Landmarks([self._keys[i] for i in foreign])
        for raw in raws:
            j = marks.place(raw)
            i = self._tail() if j is None else foreign[j - 1] + 1 if j else 0
            start = max(start, i if limit is None else min(i, limit))
            places.append(start)
        return places

    def _put_text(self, key: str, value: str, where: list[int]) -> None:
        many = isinstance(fold(self._lines[i] for i in where[:-1]).get(key), list)
        ways = [] if many else edited(bare(self._lines[where[-1]]), value)
        new = next((way for way in ways if reads(way, key, False, value)), None)
        if new is None:
            self._swap(where, spell(key, value), 0)
        else:
            self._replace(where[-1], new)

    def _put_array(self, key: str, value: tuple[str, ...], where: list[int]) -> None:
        found = self.get(key)
        have = found if isinstance(found, tuple) else (found or "",)
        n, m = len(have), len(value)
        if n == len(where) and m:  # a line each: those at both ends that stay right are kept
            p = next((i for i in range(min(n, m)) if have[i] != value[i]), min(n, m))
            s = next((i for i in range(min(n, m) - p) if have[n - 1 - i] != value[m - 1 - i]), min(n, m) - p)
            new = spell(key, value[p : m - s]) if m - s > p else []
            lines = [self._lines[i] for i in where]
            if value_of(fold([*lines[:p], *new, *lines[n - s :]])[key]) == value:
                return self._swap(where[p : n - s], new, where[p - 1] + 1 if p else where[0])
        return self._swap(where, spell(key, value), 0)

    def _swap(self, old: list[int], new: list[bytes], at: int) -> None:
        """Lines for lines, paired from the last, which is how `restore` pairs them again; at `at` where there is no old one."""
        paired = min(len(old), len(new))
        for i in range(1, paired + 1):
            self._replace(old[-i], new[-i])
        self._insert(old[0] if old else at, new[: len(new) - paired])
        for i in reversed(old[: len(old) - paired]):
            self._remove(i)

    def _splice(self, start: int, stop: int, blob: bytes) -> None:
        """Every edit ends here. A neighbour that no LF parts is split anew: a lone CR that comes to stand before a LF is one end
        with it."""
        self._parse, self._values = None, {}
        if start and not self._lines[start - 1].endswith(b"\n"):
            start, blob = start - 1, self._lines[start - 1] + blob
        if blob and not blob.endswith(b"\n"):
            blob, stop = blob + b"".join(self._lines[stop : stop + 1]), stop + 1
        lines = blob.splitlines(keepends=True)
        self._lines[start:stop], self._keys[start:stop] = lines, map(key_of, lines)

    def _replace(self, i: int, text: bytes) -> None:
        self._splice(i, i + 1, text + end(self._lines[i]))

    def _insert(self, i: int, texts: list[bytes], eol: bytes = b"") -> None:
        """`eol`: the line end of what stood there, which a line in its place keeps until that is back (differ, seed 22849)."""
        if not texts:
            return
        unended = i == len(self._lines) > 0 and not end(self._lines[-1])
        eol = eol if eol.endswith(b"\n") and not unended else self._eol(i)
        self._splice(i, i, b"".join(eol + t if unended else t + eol for t in texts))

    def _insert_raw(self, i: int, raw: Raw) -> None:
        last = i == len(self._lines) and not self._rest
        if last and i and not end(self._lines[-1]):
            return self._splice(i, i, (raw.before or self._eol(i)) + raw.text)
        blob = raw.text + (raw.eol or (b"" if last else self._eol(i)))
        if raw.split and i and end(self._lines[i - 1]) == b"\r\n":
            return self._splice(i - 1, i, self._lines[i - 1][:-1] + blob + b"\n")
        return self._splice(i, i, blob)

    def _remove(self, i: int) -> None:
        """A file without a final line end keeps having none, unless its last line would be a blank one, which is but its end."""
        if i and i == len(self._lines) - 1 and not end(self._lines[i]) and bare(self._lines[i - 1]):
            return self._splice(i - 1, i + 1, bare(self._lines[i - 1]))
        return self._splice(i, i + 1, b"")

    def _eol(self, i: int) -> bytes:
        """The line end for a new line: the neighbour's, the one above first."""
        rest = self._rest[:65536].splitlines(keepends=True)[:1]
        near = (*reversed(self._lines[max(0, i - 2) : i]), *self._lines[i : i + 1], *rest)
        return next((end(line) for line in near if end(line)), b"\n")


def _ours(line: bytes) -> bool:
    return line.startswith(COMMENT) and bare(line).endswith(TAIL)
