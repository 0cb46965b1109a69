"""The raw lines of a key as they stood, and where, so that they can go back after the file around them was edited. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import RoamError
from ..slotted import asdict, dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Raw:
    """One lifted line: its bytes, its end, the end of the line before it, and its landmarks.

    It stood `index` foreign lines into the sectionless part: `gap` of them after the one that sets the key `above`, and `lead`
    before the one that sets `below`. `split`: it stood between a lone CR and a LF, which are one line end without it.
    A landmark is the name of a key and never a line: a line may be a token.
    """

    text: bytes
    eol: bytes
    before: bytes
    index: int
    gap: int
    lead: int
    above: str | None
    below: str | None
    split: bool


@dataclass(frozen=True, slots=True, repr=False)
class Prior:
    """A key's lines before we touched it, in order; empty where it had none. May hold secrets, so it has no printable form."""

    lines: tuple[Raw, ...] = ()

    def __repr__(self) -> str:
        return f"Prior({len(self.lines)} lines)"

    def to_json(self) -> dict[str, object]:
        """For the ledger: bytes as latin-1 text."""
        return {"lines": [{k: _plain(v) for k, v in asdict(r).items()} for r in self.lines]}

    @classmethod
    def from_json(cls, data: object) -> Prior:
        """The same back. RoamError where it is not what to_json wrote."""
        try:
            if not isinstance(data, Mapping) or not isinstance(data["lines"], list):
                raise TypeError
            return cls(tuple(_raw(**line) for line in data["lines"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise RoamError("the lines kept from npm's file are damaged", "roamrc doctor") from None


def _plain(value: object) -> object:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _raw(
    text: str, eol: str, before: str, index: int, gap: int, lead: int, above: str | None, below: str | None, split: bool
) -> Raw:
    # A line end inside `text` would plant lines of its own into npm's file.
    if "\n" in text or "\r" in text or not {eol, before} <= {"", "\n", "\r", "\r\n"} or min(index, gap, lead) < 0:
        raise ValueError
    if not (all(type(n) is int for n in (index, gap, lead)) and isinstance(split, bool)):
        raise TypeError
    if not (isinstance(above, str | None) and isinstance(below, str | None)):
        raise TypeError
    return Raw(text.encode("latin-1"), eol.encode(), before.encode(), index, gap, lead, above, below, split)


class Landmarks:
    """The keys of the foreign lines in order (None: a comment or a blank line), and the nearest key on either side of a place."""

    __slots__ = ("_above", "_at", "_below", "_keys")

    def __init__(self, keys: Sequence[str | None]) -> None:
        n = len(keys)
        self._keys, self._above, self._below = keys, [-1] * (n + 1), [n] * (n + 1)
        self._at: dict[str, list[int]] = {}
        for i, key in enumerate(keys):
            self._above[i + 1] = self._above[i] if key is None else i
            if key is not None:
                self._at.setdefault(key, []).append(i)
        for i in range(n - 1, -1, -1):
            self._below[i] = self._below[i + 1] if keys[i] is None else i

    def _key(self, i: int) -> str | None:
        return self._keys[i] if 0 <= i < len(self._keys) else None

    def at(self, index: int) -> tuple[int, int, str | None, str | None]:
        """(gap, lead, above, below) of the place before foreign line `index`."""
        up, down = self._above[index], self._below[index]
        return index - up - 1, down - index, self._key(up), self._key(down)

    def place(self, raw: Raw) -> int | None:
        """The foreign line that a lifted line belongs before. Where it stood, if its landmarks stand there; else between the same
        two keys; else before the key below it, or at the end if there was none; else after the key above it; else None.

        Below goes first: two keys lifted and removed one after the other then come back in their order, whichever is first.
        """
        keys = self._keys
        if raw.index <= len(keys) and self.at(raw.index) == (raw.gap, raw.lead, raw.above, raw.below):
            return raw.index
        ups = self._at.get(raw.above, []) if raw.above is not None else [-1]
        both = [i for i in ups if self._key(self._below[i + 1]) == raw.below]
        downs = self._at.get(raw.below, []) if raw.below is not None else [len(keys)]
        if downs and not both:
            down = min(downs, key=lambda i: abs(i - raw.lead - raw.index))
            return max(down - raw.lead, self._above[down] + 1)
        if both or ups:
            up = min(both or ups, key=lambda i: abs(i + 1 + raw.gap - raw.index))
            return min(up + 1 + raw.gap, self._below[up + 1])
        return None
