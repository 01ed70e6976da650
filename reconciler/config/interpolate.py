"""References become texts: `${var:NAME}`, `${env:NAME}`, `${file:PATH}`; `$${` is a literal `${`.

What a reference brings in is never looked at again, so no value can smuggle in another reference. Texts that came
from the environment or another file are remembered, so that no problem ever shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Environment
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.config.collect import Outside, Problems, seen_from, shown
from reconciler.config.tree import Mapping, Pair, Scalar, is_null, mappings, scalars

MOST_FILE_BYTES = 1024 * 1024

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}|\$\{")
_REFERENCE = re.compile(r"(var|env|file):(.+)")


class Unneeded(dict[str, str]):
    """An environment that has everything: each variable, and each file that is named, is its own name. For a test
    nothing has to be set, and no secret to be there."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)

    def __missing__(self, name: str) -> str:
        return name


@dataclass(frozen=True, slots=True)
class _Text:
    """What a reference stands for. `foreign`: it came from outside of the file."""

    text: str
    foreign: bool


@dataclass(slots=True)
class Interpolation:
    """Fills in the references of one tree, in place. `unread`: other files are not looked at, each stands for its
    name."""

    env: Environment[str, str]
    problems: Problems
    unread: bool = False
    variables: dict[str, _Text | None] = field(default_factory=dict)
    _files: dict[Path, _Text] = field(default_factory=dict)

    def fill(self, root: Mapping) -> None:
        """Fill in `vars` first, from outside only; then everything else, keys included."""
        declared = root.get("vars")
        own: set[int] = set()
        if isinstance(declared, Mapping):
            for name, pair in declared.items.items():
                own.add(id(pair.value))
                self._declare(name, pair)
        for node in scalars(root):
            if "${" in node.text and id(node) not in own:
                self._value(node, with_variables=True)
        for mapping in mappings(root):
            if any("${" in key for key in mapping.items):
                self._keys(mapping)

    def _declare(self, name: str, pair: Pair) -> None:
        node = pair.value
        if not isinstance(node, Scalar):
            return  # noted with the sections
        if "${" in node.text:
            self._value(node, with_variables=False)
        if not is_null(node):
            self.variables[name] = None if node.broken else _Text(node.text, node.foreign)

    def _value(self, node: Scalar, with_variables: bool) -> None:
        written = node.text
        found = self._parts(node, with_variables)
        parts = [part for part in found if part is not None]
        node.broken = len(parts) < len(found)
        node.written = written
        text = "".join(part.text for part in parts)
        node.foreign = any(part.foreign for part in parts)
        node.text = Outside(text, written) if node.foreign else text
        node.wholly = node.foreign and all(part.foreign or not part.text for part in parts) and "${var:" not in written

    def _keys(self, mapping: Mapping) -> None:
        filled: dict[str, Pair] = {}
        for name, pair in mapping.items.items():
            key = pair.key
            if "${" in name:
                key = Scalar(key.file, key.line, key.column, name, key.style)
                self._name(key)
            if key.broken:
                continue
            if key.text in filled:
                there = seen_from(filled[key.text].key.where, key.where)
                self.problems.add("E106", f"it is the name of {there} once the variables are filled in", key.where)
                continue
            filled[key.text] = Pair(key, pair.value)
        mapping.items = filled

    def _name(self, key: Scalar) -> None:
        if re.search(r"(?<!\$)\$\{(env|file):", key.text):
            fix = "declare it under `vars` and write `${var:NAME}`"
            self.problems.add("E118", "a name takes only `${var:NAME}`", key.where, fix)
            key.broken = True
        else:
            self._value(key, with_variables=True)

    def _parts(self, node: Scalar, with_variables: bool) -> list[_Text | None]:
        """The texts in between and those of the references; None for a reference that leads nowhere, noted."""
        parts: list[_Text | None] = []
        position = 0
        for token in _TOKEN.finditer(node.text):
            parts.append(_Text(node.text[position : token.start()], foreign=False))
            position = token.end()
            if token.group() == "$${":
                parts.append(_Text("${", foreign=False))
            else:
                parts.append(self._look_up(token.group(1), node, with_variables))
        parts.append(_Text(node.text[position:], foreign=False))
        return parts

    def _look_up(self, inside: str | None, node: Scalar, with_variables: bool) -> _Text | None:
        found = _REFERENCE.fullmatch(inside or "")
        if found is None:
            self.problems.add("E118", "a reference is `${var:NAME}`, `${env:NAME}` or `${file:PATH}`", node.where)
            return None
        kind, name = found.groups()
        if kind == "var":
            return self._variable(name, node, with_variables)
        text = self._environment(name, node) if kind == "env" else self._file(name, node)
        if text is not None:
            self.problems.foreign[text.text] = f"${{{kind}:{name}}}"
        return text

    def _variable(self, name: str, node: Scalar, allowed: bool) -> _Text | None:
        if not allowed:
            self.problems.add("E118", "a variable is not made of other variables", node.where, "write its text out")
            return None
        if name not in self.variables:
            fix = self.problems.meant(name, self.variables) or f"declare {shown(name)} under `vars`"
            self.problems.add("E118", f"no variable {shown(name)}", node.where, fix)
        return self.variables.get(name)

    def _environment(self, name: str, node: Scalar) -> _Text | None:
        if name in self.env:
            return _Text(self.env[name], foreign=True)
        fix = self.problems.meant(name, self.env) or f"set {shown(name)} before the program starts"
        self.problems.add("E118", f"the environment has no {shown(name)}", node.where, fix)
        return None

    def _file(self, name: str, node: Scalar) -> _Text | None:
        if self.unread:
            return _Text(name, foreign=True)
        path = node.file.folder / name
        known = self._files.get(path) or self._read(path, name, node)
        if known is not None:
            self._files[path] = known
        return known

    def _read(self, path: Path, name: str, node: Scalar) -> _Text | None:
        fix = "paths are relative to the file that names them"
        try:
            if not path.is_file():
                self.problems.add("E118", f"there is no file {shown(name)}", node.where, fix)
                return None
            with path.open("rb") as stream:
                data = stream.read(MOST_FILE_BYTES + 1)
            text = data.decode("utf-8-sig")
        except (OSError, ValueError):
            self.problems.add("E118", f"the file {shown(name)} cannot be read as UTF-8 text", node.where, fix)
            return None
        if len(data) > MOST_FILE_BYTES:
            self.problems.add("E118", f"the file {shown(name)} has more than 1 MiB", node.where, "name a smaller one")
            return None
        return _Text(text.removesuffix("\r\n" if text.endswith("\r\n") else "\n"), foreign=True)
