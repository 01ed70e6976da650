"""An adapter's options: keys beside `type` become the adapter's own pydantic model.

The models are not ours, so their fields are read by annotation: texts as they are written, `true` and `false` only
where a bool is wanted, secrets only from the environment or from a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from reconciler.config.collect import Problems, listed, shown
from reconciler.config.reading import path_text
from reconciler.config.tree import Mapping, Node, Pair, Scalar, Sequence
from reconciler.model.problems import Place

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:token|secret|password|passwd|pwd|passphrase|api_?key|private_key|access_key)$", re.I
)
_URL_PASSWORD = re.compile(r"//[^/@\s:]*:([^/@\s]+)@|[?&](?:password|passwd|pwd|token|secret|api_?key)=([^&\s]+)", re.I)
_OUTSIDE = re.compile(r"(?:\$\{(?:env|file):[^{}]+\})+")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")

# Beginning of the validation library's error type -> what is wanted instead. Its own sentences quote the input.
_WANTED: tuple[tuple[str, str], ...] = (
    ("int", "a whole number is wanted"),
    ("float", "a number is wanted"),
    ("decimal", "a number is wanted"),
    ("bool", "`true` or `false` is wanted"),
    ("string_too_short", "the text is too short"),
    ("string_too_long", "the text is too long"),
    ("string", "a text of another form is wanted"),
    ("url", "an address (URL) is wanted"),
    ("path", "a path is wanted"),
    ("list", "a list is wanted"),
    ("tuple", "a list is wanted"),
    ("set", "a list is wanted"),
    ("dict", "a mapping is wanted"),
    ("model", "a mapping is wanted"),
    ("greater_than", "the number is too small"),
    ("less_than", "the number is too large"),
    ("date", "a date is wanted"),
    ("time", "a duration or a time is wanted"),
)


def read_options(
    model: type[BaseModel], section: Mapping, own: frozenset[str], address: str, problems: Problems
) -> BaseModel | None:
    """The adapter's options from what `section` holds beside our `own` keys; None if there is a problem, noted.

    An error of the type `say` that a model raises (`PydanticCustomError("say", "...")`) is shown as it is: its author
    promises that it quotes no value. `inside` in its context: the keys that lead on from where it was raised.
    """
    before = len(problems.found)
    fields = _by_key(model)
    data: dict[str, Any] = {}
    for key, pair in section.items.items():
        if key in own:
            continue
        path = path_text(address, [key])
        if key in fields:
            check_secret(key, fields[key].annotation, pair.value, path, problems)
            data[key] = _plain(pair.value, fields[key].annotation, path, problems)
        elif model.model_config.get("extra") == "allow":
            data[key] = _plain(pair.value, str, path, problems)
        else:
            _unknown(key, pair, path, (*own, *fields), problems)
    missing = [key for key, field in fields.items() if field.is_required() and key not in section.items]
    for key in missing:
        problems.add("E112", f"{shown(path_text(address, [key]))} is missing", section.where)
    if len(problems.found) > before:
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for kind, loc, message in _worth_saying(error, section, fields):
            _note(kind, loc, message, section, address, fields, problems)
        return None


_Found = tuple[str, tuple[str | int, ...], str]
"""The library's name of an error, the keys that lead there, its sentence."""


def _worth_saying(error: ValidationError, section: Mapping, fields: AnyMapping[str, FieldInfo]) -> list[_Found]:
    """Nothing of a value that could not be had, which has been noted; and of an option that takes several forms not
    what each of them misses, but what the mapping that stands there does, or once that it is none of them."""
    by_key: dict[tuple[str | int, ...], list[_Found]] = {}
    for found in error.errors(include_url=False, include_input=False):
        loc = (*found["loc"], *found.get("ctx", {}).get("inside", ()))
        by_key.setdefault(loc[:1], []).append((found["type"], loc, found["msg"]))
    said: list[_Found] = []
    for loc, several in by_key.items():
        key = str(loc[0]) if loc else ""
        node = section.get(key)
        if isinstance(node, Scalar) and node.broken:
            continue
        if key not in fields or len(_parts(fields[key].annotation)) < 2:
            said += several
        elif isinstance(node, Mapping):  # the second part of the place is the library's name of the form
            inside = [(kind, (*at[:1], *at[2:]), message) for kind, at, message in several]
            said += [found for found in inside if found[0] not in ("literal_error", "enum")] or inside[:1]
        else:
            said.append(several[0] if len(several) == 1 else ("none of its forms", loc, ""))
    return said


def check_secret(key: str, annotation: Any, node: Node, path: str, problems: Problems) -> None:
    """Note a secret that is written into the file; its text is never quoted."""
    if _is_secret(annotation) or (_SECRET_NAME.search(key) and isinstance(node, Scalar) and not _is_flag(annotation)):
        if not isinstance(node, Scalar) or (not node.wholly and not node.broken):
            problems.add("E120", f"{shown(path)} is a secret", node.where)
        elif not node.text and not node.broken:
            problems.add("E118", f"what {shown(path)} refers to is empty", node.where, "set it to the secret")
    else:
        refuse_passwords(node, path, problems)


def refuse_passwords(node: Node, path: str, problems: Problems) -> None:
    """Note literal passwords inside of addresses, however deep they lie."""
    if isinstance(node, Scalar):
        texts = {node.written or node.text, "" if node.foreign else node.text}  # the latter: a variable may hold it
        found = [match for text in texts for match in _URL_PASSWORD.finditer(text)]
        if any(not _OUTSIDE.fullmatch(match.group(1) or match.group(2)) for match in found):
            problems.add("E120", f"the address in {shown(path)} holds a password", node.where)
    else:
        inner = node.items if isinstance(node, Sequence) else [pair.value for pair in node.items.values()]
        for part in inner:
            refuse_passwords(part, path, problems)


def secret_keys(model: type[BaseModel]) -> frozenset[str]:
    """The options that are secrets: what digests and schemas leave out or restrict."""
    return frozenset(
        key
        for key, field in _by_key(model).items()
        if _is_secret(field.annotation) or (_SECRET_NAME.search(key) and not _is_flag(field.annotation))
    )


def _by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The annotation's members if it is a union, else itself alone; `Annotated` and None are taken off."""
    if get_origin(annotation) is Literal or not get_args(annotation):
        return (annotation,)
    origin = get_origin(annotation)
    if isinstance(origin, type) and origin is not NoneType and str(origin) != "<class 'types.UnionType'>":
        return (annotation,)
    members = get_args(annotation) if "Union" in str(origin) else get_args(annotation)[:1]
    return tuple(part for member in members for part in _parts(member) if part is not NoneType)


def _is_secret(annotation: Any) -> bool:
    return any(isinstance(part, type) and issubclass(part, SecretStr | SecretBytes) for part in _parts(annotation))


def _is_flag(annotation: Any) -> bool:
    return bool in _parts(annotation)


def _plain(node: Node, annotation: Any, path: str, problems: Problems) -> Any:
    """The node as plain data, read as the annotation wants it."""
    parts = _parts(annotation)
    if isinstance(node, Scalar):
        return _plain_scalar(node, parts, path, problems)
    inner = next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
    if isinstance(node, Sequence):
        item = next((get_args(part)[0] for part in parts if get_args(part) and get_origin(part) is not Literal), str)
        return [_inner(part, item, f"{path}[{at}]", problems) for at, part in enumerate(node.items)]
    if inner is None:
        value = next((get_args(part)[-1] for part in parts if get_origin(part) is dict), str)
        return {key: _inner(pair.value, value, path_text(path, [key]), problems) for key, pair in node.items.items()}
    return _plain_model(node, inner, path, problems)


def _inner(node: Node, annotation: Any, path: str, problems: Problems) -> Any:
    """One value of a list or mapping; a literal secret among them is noted."""
    if _is_secret(annotation):
        check_secret("", annotation, node, path, problems)
    return _plain(node, annotation, path, problems)


def _plain_model(node: Mapping, model: type[BaseModel], path: str, problems: Problems) -> dict[str, Any]:
    fields, data = _by_key(model), {}
    for key, pair in node.items.items():
        inside = path_text(path, [key])
        if key in fields:
            check_secret(key, fields[key].annotation, pair.value, inside, problems)
            data[key] = _plain(pair.value, fields[key].annotation, inside, problems)
        else:
            _unknown(key, pair, inside, tuple(fields), problems)
    return data


def _plain_scalar(node: Scalar, parts: tuple[Any, ...], path: str, problems: Problems) -> Any:
    if node.broken:
        return ""
    if node.is_null:
        problems.add("E115", f"{shown(path)} has no value", node.where)
        return None
    bare = not node.style or node.written is not None
    if bool in parts and bare and node.text in ("true", "false"):
        return node.text == "true"
    if int in parts and bare and _INTEGER.fullmatch(node.text):
        return int(node.text)
    if float in parts and bare and _NUMBER.fullmatch(node.text):
        return float(node.text)
    if all(part in (bool, int, float) for part in parts):
        wanted = "`true` or `false`" if bool in parts else "a whole number" if int in parts else "a number"
        problems.add("E122", f"{shown(path)}: {wanted} is wanted", node.where, f"write {wanted}, without quotes")
    return str(node.text)


def _unknown(key: str, pair: Pair, path: str, known: tuple[str, ...], problems: Problems) -> None:
    fix = problems.meant(key, known) or f"the keys here are {listed(sorted(known))}"
    problems.add("E111", f"{shown(path)} is unknown", pair.key.where, fix)


def _note(
    kind: str,
    loc: tuple[str | int, ...],
    message: str,
    section: Mapping,
    address: str,
    fields: AnyMapping[str, FieldInfo],
    problems: Problems,
) -> None:
    where = _place(section, loc)
    path = shown(path_text(address, loc[:1]))
    if kind == "say":
        problems.add("E122", message, where)
        return
    if kind == "missing":
        problems.add("E112", f"{shown(path_text(address, loc))} is missing", where)
        return
    allowed = _allowed(fields[str(loc[0])].annotation) if loc and str(loc[0]) in fields else ()
    if kind in ("literal_error", "enum") and allowed:
        problems.add("E122", f"{path} is {listed(allowed)}", where, f"write {listed(allowed)}")
        return
    said = next((sentence for prefix, sentence in _WANTED if kind.startswith(prefix)), "the adapter does not accept it")
    meaning = fields[str(loc[0])].description if loc and str(loc[0]) in fields else None
    fix = f"it is {meaning[:1].lower()}{meaning[1:]}" if meaning else None
    problems.add("E122", f"{path}: {said}" if loc else "the options do not go together", where, fix)


def _allowed(annotation: Any) -> tuple[str, ...]:
    words: list[str] = []
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            words.extend(map(str, get_args(part)))
        elif isinstance(part, type) and issubclass(part, Enum):
            words.extend(str(member.value) for member in part)
    return tuple(words)


def _place(section: Mapping, loc: tuple[str | int, ...]) -> Place:
    """Of the innermost of these keys that the file has."""
    found: Node = section
    for key in loc:
        inner = found.get(str(key)) if isinstance(found, Mapping) else None
        if inner is None:
            break
        found = inner
    return found.where
