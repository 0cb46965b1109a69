"""Our values against dataclasses' own: the same words, the same rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from roamrc import slotted
from roamrc.slotted import asdict, dataclass, field, replace


def base(dataclass: Any, field: Any) -> Any:
    @dataclass(frozen=True, slots=True)
    class Base:
        a: int
        b: str = "b"
        secret: str = field(default="", repr=False)
        many: list[int] = field(default_factory=list)
        where: str = field(default="", compare=False)

    return Base


def derived(dataclass: Any, field: Any) -> Any:
    @dataclass(frozen=True, slots=True)
    class Derived(base(dataclass, field)):  # type: ignore[misc]
        c: tuple[int, ...] = ()

        @property
        def total(self) -> int:
            return self.a + sum(self.c)

    return Derived


def changing(dataclass: Any, field: Any) -> Any:
    @dataclass(slots=True)
    class Changing:
        a: float
        b: float = 0.0

        def __post_init__(self) -> None:
            self.b = self.a

    return Changing


CLASSES = (base, derived, changing)
OURS, THEIRS = (slotted.dataclass, slotted.field), (dataclasses.dataclass, dataclasses.field)


@pytest.mark.parametrize("make", CLASSES)
@pytest.mark.parametrize(
    "values",
    [
        ((), {}), ((1,), {}), ((1, "x"), {}), ((1,), {"b": "x"}), ((), {"b": "x", "a": 1}), ((1,), {"a": 2}), ((1,), {"z": 1}),
        ((1, "x", "y", [1], "w", (2,)), {}), ((1, "x", "y", [1], "w", (2,), 3), {}), ((1,), {"secret": "hidden", "many": [3]}),
    ],
)  # fmt: skip
def test_what_is_made_and_what_is_refused_is_the_same(
    make: Callable[..., Any], values: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    def said(kit: tuple[Any, Any]) -> object:
        args, named = values
        try:
            made = make(*kit)(*args, **named)
        except TypeError:
            return TypeError
        text = repr(made).rpartition(".")[2]
        return text, {n: getattr(made, n) for n in made.__match_args__}

    assert said(OURS) == said(THEIRS)


@pytest.mark.parametrize("make", [base, derived])
def test_a_frozen_value_does_not_change_and_two_of_the_same_are_one(make: Callable[..., Any]) -> None:
    kind, other = make(*OURS), make(*OURS)
    value = kind(1, many=())
    with pytest.raises(AttributeError):
        value.a = 2
    with pytest.raises(AttributeError):
        del value.a
    with pytest.raises(AttributeError):
        value.new = 2
    assert value == kind(1, many=())
    assert value == kind(1, many=(), where="elsewhere")
    assert hash(value) == hash(kind(1, many=(), where="elsewhere"))
    assert value != kind(2, many=())
    assert value != other(1, many=())  # another class
    assert hash(value) == hash(kind(1, many=()))
    assert len({value, kind(1, many=()), kind(1, "c", many=())}) == 2
    assert "hidden" not in repr(kind(1, secret="hidden"))


def test_a_changing_value_has_slots_and_no_hash() -> None:
    value = changing(*OURS)(1.0)
    assert value.b == 1.0
    value.b = 2.0
    with pytest.raises(AttributeError):
        value.new = 1
    with pytest.raises(TypeError):
        hash(value)


def test_a_default_made_anew_is_nobody_elses() -> None:
    kind = base(*OURS)
    first, second = kind(1), kind(1)
    first.many.append(1)
    assert (first.many, second.many) == ([1], [])


def test_replace_and_asdict_do_as_theirs_do() -> None:
    def told(kit: tuple[Any, Any], replace: Any, asdict: Any) -> object:
        kind = derived(*kit)
        inner = kind(1, c=(1, 2))
        value = kind(2, many=[inner, {"k": inner}], c=(inner, 3))
        with pytest.raises(TypeError):
            replace(value, none=1)
        return asdict(value), asdict(replace(value, a=5, secret="s")), inner.total

    assert told(OURS, replace, asdict) == told(THEIRS, dataclasses.replace, dataclasses.asdict)


def test_what_a_class_says_of_itself_goes_first() -> None:
    @dataclass(frozen=True, slots=True, repr=False)
    class Own:
        a: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    @dataclass(frozen=True, slots=True, repr=False)
    class Quiet:
        a: int = field(default=1)

    assert Own(1) == Own(2)
    assert hash(Own(1)) == 7
    assert "=" not in repr(Quiet())
    assert "Quiet" in repr(Quiet())
    assert asdict(Quiet()) == {"a": 1}
