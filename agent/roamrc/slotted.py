"""Values with slots: what `dataclasses` does, in the part of it that is used here, at a twentieth of its price. Floor 0.

dataclasses imports inspect, ast, dis and tokenize, and compiles six functions for each class: of an idle agent that was 3 MB, of
`roamrc use` a third of the time. Here every class shares the same few functions. To a type checker these *are* dataclasses, so
that each value, `replace` included, is checked field by field.

The rules are those of dataclasses: fields in the order of their annotations, those of the base class first; a frozen value can't
be changed and can be hashed; two are equal where class and fields are; `field(default_factory=…)` makes a default anew for each
value, `field(repr=False)` keeps one out of what is printed, `field(compare=False)` out of what makes two equal. Every class has
slots; class variables are written without an annotation.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import asdict as asdict
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
else:
    from _operator import attrgetter, call
    from itertools import repeat

    REQUIRED = object()

    class Field:
        """What is known of a field beside its name."""

        __slots__ = ("compare", "default", "factory", "repr")

        def __init__(self, default=REQUIRED, default_factory=None, repr=True, compare=True):
            self.default, self.factory, self.repr, self.compare = default, default_factory, repr, compare

        def value(self, cls, name):
            """What a field holds that was not given."""
            if self.factory is not None:
                return self.factory()
            if self.default is REQUIRED:
                raise TypeError(f"{cls.__qualname__}() lacks {name!r}")
            return self.default

    field, PLAIN = Field, Field()

    def dataclass(*, frozen=False, slots=True, repr=True):
        """The class anew, with slots and the functions below; its own methods go before them."""
        assert slots, "every value has slots"

        def made(cls):
            own = tuple(cls.__annotations__)
            space = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__", *own)}
            given = {n: vars(cls).get(n, PLAIN) for n in own}
            fields = {n: f if isinstance(f, Field) else Field(f) for n, f in given.items()}
            fields = {**getattr(cls, "__fields__", {}), **fields}
            space |= {"__slots__": own, "__qualname__": cls.__qualname__, "__fields__": fields, "__match_args__": tuple(fields)}
            space["__compared__"] = attrgetter("__class__", *(n for n, f in fields.items() if f.compare))
            shared = {"__init__": _init, "__eq__": _eq, "__hash__": None}
            if repr:
                shared["__repr__"] = _repr
            if frozen:
                shared |= {"__hash__": _hash, "__setattr__": _frozen, "__delattr__": _frozen}
            # a class that defines __eq__ alone has __hash__ None in its own space, which is no word of its author's
            written = {k for k in shared if k in space and not (k == "__hash__" and space[k] is None)}
            kind = type(cls)(cls.__name__, cls.__bases__, {**space, **{k: v for k, v in shared.items() if k not in written}})
            kind.__puts__ = tuple([getattr(kind, n).__set__ for n in fields])
            return kind

        return made

    def _init(self, *values, **named):
        cls = self.__class__
        names, given = cls.__match_args__, len(values)
        if given < len(names):
            fields = cls.__fields__
            values += tuple([named.pop(n) if n in named else fields[n].value(cls, n) for n in names[given:]])
        elif given > len(names):
            raise TypeError(f"{cls.__qualname__}() takes {len(names)} values, and {given} were given")
        any(
            map(call, cls.__puts__, repeat(self), values)
        )  # past a frozen class's own, which object.__setattr__ takes twice as long for
        if named:
            raise TypeError(f"{cls.__qualname__}() does not take {', '.join(named)}, or not twice")
        if hasattr(cls, "__post_init__"):
            self.__post_init__()

    def _eq(self, other):
        return self.__compared__(self) == self.__compared__(other) if other.__class__ is self.__class__ else NotImplemented

    def _hash(self):
        return hash(self.__compared__(self))

    def _repr(self):
        shown = (f"{n}={getattr(self, n)!r}" for n, f in self.__fields__.items() if f.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _frozen(self, name, *_):
        raise AttributeError(f"{self.__class__.__qualname__} is frozen: {name!r} can't be changed")

    def replace(value, /, **changes):
        """The same value but for some fields."""
        return value.__class__(*[changes.pop(n) if n in changes else getattr(value, n) for n in value.__match_args__], **changes)

    def asdict(value):
        """A value as a dictionary, and so are the values in it, in its tuples, lists and mappings."""
        if hasattr(value, "__fields__"):
            return {n: asdict(getattr(value, n)) for n in value.__match_args__}
        if isinstance(value, list | tuple):
            return type(value)(asdict(v) for v in value)
        return {k: asdict(v) for k, v in value.items()} if isinstance(value, dict) else value
