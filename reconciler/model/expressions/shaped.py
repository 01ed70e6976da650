"""Expressions over a document whose shape is known: a key that it does not have is found before there is a document.

The shape comes from a JSON schema. Only what is certain is an error: of what cannot be told (`ANYTHING`) nothing is
said, and what the engine reads in a way that is not known here is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from reconciler.model.expressions.engine import KNOWN, Fault
from reconciler.model.expressions.program import ExpressionError, Program, literal_text
from reconciler.model.expressions.tokens import MACROS, Token
from reconciler.model.names import near_matches

_SAID = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a number",
    "null": "null",
    "number": "a number",
    "object": "a group of keys",
    "string": "a text",
}
_SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC)
_NUMBERS = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be. `kinds`: JSON's own words for types; empty: anything. `keys`: those of an object that has
    no others. `item`: of a list, or of an object's values. `words`: the only texts that there are. `path`, `text`: how
    the expression came to it, and which text it is if it is written out. `texts`: those of a list that is. `quotient`:
    of whole numbers, and so whole; `fraction`: a number that is written out and is not."""

    kinds: frozenset[str] = frozenset()
    keys: Mapping[str, Shape] | None = None
    item: Shape | None = None
    words: tuple[str, ...] = ()
    path: str = ""
    text: str | None = None
    texts: tuple[str, ...] = field(default=(), compare=False)
    quotient: bool = False
    fraction: bool = False

    @property
    def said(self) -> str:
        return " or ".join(dict.fromkeys(_SAID[kind] for kind in sorted(self.kinds - {"null"} or self.kinds)))

    def only(self, *kinds: str) -> bool:
        """Whether it certainly is one of these, or null."""
        return bool(self.kinds) and self.kinds <= {*kinds, "null"}

    def never(self, *kinds: str) -> bool:
        """Whether it certainly is none of these."""
        return bool(self.kinds) and not self.kinds & set(kinds)


ANYTHING = Shape()
_BOOL, _TEXT, _INTEGER, _NUMBER, _NULL = (
    Shape(frozenset({kind})) for kind in ("boolean", "string", "integer", "number", "null")
)
_RESULTS: Mapping[str, Shape] = {
    **dict.fromkeys(("contains", "endsWith", "has", "matches", "startsWith"), _BOOL),
    **dict.fromkeys(("lower", "string", "trim", "upper"), _TEXT),
    **dict.fromkeys(("int", "size"), _INTEGER),
    "double": _NUMBER,
}
_PREDICATES = frozenset({"all", "exists", "exists_one", "existsOne", "filter"})


def shape_of(schema: Mapping[str, Any]) -> Shape:
    """The shape that a JSON schema describes, as far as expressions can tell; its definitions do not contain
    themselves."""
    return _shape(schema, schema.get("$defs", {}))


def _shape(part: Mapping[str, Any], parts: Mapping[str, Any]) -> Shape:
    if "$ref" in part:
        return _shape(parts[part["$ref"].rpartition("/")[2]], parts)
    if "anyOf" in part:
        members = [_shape(member, parts) for member in part["anyOf"]]
        if not all(member.kinds for member in members):
            return ANYTHING
        kinds = frozenset[str]().union(*(member.kinds for member in members))
        filled = [member for member in members if member.kinds != {"null"}]
        return replace(filled[0], kinds=kinds) if len(filled) == 1 else Shape(kinds)
    words = tuple(part.get("enum", (part["const"],) if "const" in part else ()))
    kind = part.get("type", "string" if words else None)
    if kind is None:
        return ANYTHING
    keys = {key: _shape(of, parts) for key, of in part["properties"].items()} if "properties" in part else None
    inner = part.get("items") if kind == "array" else part.get("additionalProperties")
    item = _shape(inner, parts) if isinstance(inner, Mapping) else None
    return Shape(frozenset({kind}), keys, item, words)


def check_shaped(program: Program, known: Mapping[str, Shape]) -> ExpressionError | None:
    """Why the expression cannot say yes or no about documents of these shapes, by their names; None if it may."""
    for name in program.functions:
        if name not in KNOWN:
            near = _meant(name, KNOWN)
            return ExpressionError(f"`{name}` is not a function", near or f"known are {', '.join(sorted(KNOWN))}")
    try:
        result = _Reading(program.tokens, known).whole()
    except _Lost:
        result = ANYTHING
    except ExpressionError as error:
        return error
    if not known.keys() & set(program.names.plain):
        names = " or ".join(f"`{name}`" for name in known)
        return ExpressionError(f"it does not look at {names}", f"write what should not be, as in {names} ...")
    if result.never("boolean"):
        return ExpressionError(f"it gives {result.said}, not true or false", "compare it with something")
    return _rehearse(program, known)


def _rehearse(program: Program, known: Mapping[str, Shape]) -> ExpressionError | None:
    """What only the engine knows: whether it can be run at all on a document in which everything is filled, whatever
    stands where anything may."""
    faults: set[Fault | None] = set()
    for anything in _ANYTHING:
        values = {name: _sample(shape, anything) for name, shape in known.items()}
        result, fault = program.run(values, _SOME_DAY)
        faults.add(fault)
        if fault is None and result is not None and not isinstance(result, bool):
            return ExpressionError("it does not give true or false", "compare it with something")
    if faults <= {Fault.TYPES, Fault.UNDEFINED}:
        return ExpressionError(
            "the types do not fit each other", "only like goes with like: convert with int(...) or string(...)"
        )
    return None


def _sample(shape: Shape, anything: Any) -> Any:
    if shape.keys is not None:
        return {key: _sample(of, anything) for key, of in shape.keys.items()}
    kinds = shape.kinds
    if not kinds:
        return anything
    if "array" in kinds:
        return [_sample(shape.item, anything)] if shape.item else []
    if "object" in kinds:
        return {"text": _sample(shape.item, anything)} if shape.item else {}
    if "string" in kinds:
        return shape.words[0] if shape.words else "text"
    return True if "boolean" in kinds else 1 if "integer" in kinds else 1.5 if "number" in kinds else None


_ANYTHING: tuple[Any, ...] = ("text", 1, True, [], {})


class _Lost(Exception):
    """Here the expression goes on in a way that is not read here."""


class _Reading:
    """One walk along the grammar of CEL, lowest precedence first; each step gives the shape of what it has read."""

    def __init__(self, tokens: tuple[Token, ...], known: Mapping[str, Shape]) -> None:
        self.tokens, self.at = tokens, 0
        self.known = {name: replace(shape, path=name) for name, shape in known.items()}
        self.names = dict(self.known)

    def whole(self) -> Shape:
        result = self._choice()
        if self._here.kind != "end":
            raise _Lost
        return result

    @property
    def _here(self) -> Token:
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    def _take(self, *texts: str) -> str:
        """The next sign or word if it is one of these, which is then behind us; else ""."""
        here = self._here
        if here.kind in ("sign", "name") and here.text in texts:
            self.at += 1
            return here.text
        return ""

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise _Lost

    def _choice(self) -> Shape:
        condition = self._either()
        if not self._take("?"):
            return condition
        _want_bool(condition, "the condition before `?`")
        first = self._choice()
        self._need(":")
        second = self._choice()
        return replace(first, text=None) if first.kinds == second.kinds else ANYTHING

    def _either(self) -> Shape:
        return self._logic(self._both, "||")

    def _both(self) -> Shape:
        return self._logic(self._compared, "&&")

    def _logic(self, operand: Callable[[], Shape], sign: str) -> Shape:
        found = operand()
        while self._take(sign):
            _want_bool(found, f"what stands before `{sign}`")
            found = operand()
            _want_bool(found, f"what stands behind `{sign}`")
        return found

    def _compared(self) -> Shape:
        left = self._sum()
        while sign := self._take("==", "!=", "<", "<=", ">", ">=", "in"):
            right = self._sum()
            _check_comparison(left, sign, right)
            left = _BOOL
        return left

    def _sum(self) -> Shape:
        found = self._product()
        while self._take("+", "-"):
            other = self._product()
            found = _number_of(found, other) if found.only(*_NUMBERS) else Shape(found.kinds)
        return found

    def _product(self) -> Shape:
        found = self._signed()
        while sign := self._take("*", "/", "%"):
            found = _number_of(found, self._signed())
            found = replace(found, quotient=sign == "/" and found.only("integer"))
        return found

    def _signed(self) -> Shape:
        if self._take("!"):
            found = self._signed()
            _want_bool(found, "what stands behind `!`")
            return _BOOL
        if self._take("-"):
            return replace(self._signed(), path="")
        return self._member()

    def _member(self) -> Shape:
        found = self._primary()
        while sign := self._take(".", "["):
            if sign == "[":
                index = self._choice()
                self._need("]")
                found = _key_of(found, index.text) if index.text is not None else _item_of(found)
                continue
            name = self._here
            if name.kind != "name":
                raise _Lost
            self.at += 1
            if not self._take("("):
                found = _key_of(found, name.text)
            elif name.text in MACROS:
                found = self._macro(found, name.text)
            else:
                self._arguments(")")
                found = _RESULTS.get(name.text, ANYTHING)
        return found

    def _macro(self, of: Shape, name: str) -> Shape:
        if of.never("array", "object"):
            why = f"{_path(of)} is {of.said}, and `{name}` looks into a list"
            raise ExpressionError(why, "compare it with something")
        bound = self._here
        self.at += 1
        self._need(",")
        item = (of.item or ANYTHING) if "array" in of.kinds else ANYTHING
        before = self.names
        self.names = {**before, bound.text: replace(item, path=bound.text)}
        given = self._arguments(")")
        self.names = before
        if name in _PREDICATES or len(given) > 1:
            _want_bool(given[0], f"the condition of `{name}`")
        if name == "filter":
            return replace(of, path="")
        return Shape(frozenset({"array"}), item=replace(given[-1], path="")) if name == "map" else _BOOL

    def _arguments(self, end: str) -> list[Shape]:
        given: list[Shape] = []
        while not self._take(end):
            given.append(self._choice())
            if not self._take(","):
                self._need(end)
                break
        return given

    def _primary(self) -> Shape:
        token = self._here
        self.at += 1
        if token.kind == "string":
            text = literal_text(token.text)
            return ANYTHING if text is None else Shape(frozenset({"string"}), text=text)
        if token.kind == "number":
            return _INTEGER if token.text.isdigit() else _fraction(token.text)
        if token.kind == "name":
            return self._named(token.text)
        if token.text == "(":
            found = self._choice()
            self._need(")")
            return found
        if token.text == "[":
            items = self._arguments("]")
            one = items[0] if items and len({item.kinds for item in items}) == 1 else ANYTHING
            texts = tuple(item.text for item in items if item.text is not None)
            return Shape(frozenset({"array"}), item=replace(one, text=None), texts=texts)
        raise _Lost

    def _named(self, name: str) -> Shape:
        if name in ("true", "false"):
            return _BOOL
        if name == "null":
            return _NULL
        if self._take("("):
            self._arguments(")")
            return _RESULTS.get(name, ANYTHING)
        if name in self.names:
            return self.names[name]
        raise ExpressionError(f"`{name}` is not known here", self._instead_of(name))

    def _instead_of(self, name: str) -> str:
        inside = {f"{path}.{key}": key for path, shape in self.known.items() for key in shape.keys or ()}
        exact = next((path for path, key in inside.items() if key == name), None)
        if exact is not None:
            return f"write `{exact}`"
        return _meant(name, self.names) or f"known are {', '.join(f'`{known}`' for known in self.names)}"


def _fraction(text: str) -> Shape:
    """A number that is written with a point, an exponent or a letter."""
    try:
        return replace(_NUMBER, fraction=not float(text).is_integer())
    except ValueError:
        return _NUMBER


def _key_of(shape: Shape, key: str) -> Shape:
    if "array" in shape.kinds and shape.only("array"):
        raise ExpressionError(
            f"{_path(shape)} is a list, and has no key `{key}`",
            f"look into it: {shape.path or 'it'}.exists(x, x.{key} ...)",
        )
    if shape.never("object"):
        raise ExpressionError(f"{_path(shape)} is {shape.said}, and has no key `{key}`", "compare it with something")
    if shape.keys is None:
        return replace(shape.item, path=f"{shape.path}.{key}") if shape.item else ANYTHING
    if key not in shape.keys:
        known = ", ".join(f"`{name}`" for name in shape.keys)
        raise ExpressionError(f"{_path(shape)} has no key `{key}`", _meant(key, shape.keys) or f"its keys are {known}")
    return replace(shape.keys[key], path=f"{shape.path}.{key}" if shape.path else key)


def _item_of(shape: Shape) -> Shape:
    return replace(shape.item, path=f"{shape.path}[...]") if shape.item else ANYTHING


def _check_comparison(left: Shape, sign: str, right: Shape) -> None:
    if sign == "in":
        _check_words(left, right.texts)
        if right.only("array") and right.item:
            _check_alike(left, right.item, "never is in that list")
        return
    if sign in ("==", "!="):
        for one, other in ((left, right), (right, left)):
            _check_words(one, (other.text,) if other.text is not None else ())
    if (left.quotient and right.fraction) or (left.fraction and right.quotient):
        hint = "multiply first, as in 100 * a / b > 30, or convert: double(a) / double(b) > 0.3"
        raise ExpressionError("whole numbers are divided into a whole number, 1 / 3 into 0", hint)
    if left.kinds != {"null"} and right.kinds != {"null"}:
        _check_alike(left, right, "never compares with")


def _check_alike(left: Shape, right: Shape, says: str) -> None:
    kinds = [{"number" if kind in _NUMBERS else kind for kind in side.kinds - {"null"}} for side in (left, right)]
    if all(kinds) and not kinds[0] & kinds[1]:
        named, other = (left, right) if left.path else (right, left)
        what = f"{says} {other.said}" if says.endswith("with") else says
        raise ExpressionError(f"{_path(named)} is {named.said}, which {what}", "only like goes with like")


def _check_words(shape: Shape, texts: Iterable[str]) -> None:
    for text in texts:
        if shape.words and text not in shape.words:
            known = " or ".join(f'"{word}"' for word in shape.words)
            fix = _meant(text, shape.words) or f"it is {known}"
            raise ExpressionError(f'{_path(shape)} never is "{text}"', fix)


def _want_bool(shape: Shape, what: str) -> None:
    if shape.never("boolean"):
        raise ExpressionError(f"{what} is {shape.said}, not true or false", "compare it with something")


def _number_of(*shapes: Shape) -> Shape:
    return _INTEGER if all(shape.only("integer") for shape in shapes) else ANYTHING


def _path(shape: Shape) -> str:
    return f"`{shape.path}`" if shape.path else "what is compared"


def _meant(name: str, known: Iterable[str]) -> str:
    near = near_matches(name, known)
    return f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
