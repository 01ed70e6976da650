"""One tree out of a file and what it extends.

Bases come first, in the order of `extends`, then the file itself. Sections merge by key, an entry is replaced whole,
`null` undeclares, lists replace. Every node still knows the file that it came from.
"""

from __future__ import annotations

from collections.abc import Mapping as Variables
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.config.collect import Problems, shown
from reconciler.config.events import Unusable, read_document
from reconciler.config.tree import Mapping, Scalar, Sequence, is_null
from reconciler.model.problems import Place

MOST_LEVELS = 16
VERSION = "1"


@dataclass(slots=True, eq=False, repr=False)
class Composer:
    """Reads and merges; each file is read once.

    `files`: every file read, as shown, the main one first. `has_references`: one of them has something to fill in.
    `complete`: none of them had to be left out.
    """

    problems: Problems
    files: list[str] = field(default_factory=list)
    has_references: bool = False
    complete: bool = True
    _done: dict[Path, Mapping] = field(default_factory=dict)

    def compose(self, path: Path) -> Mapping:
        """The merged tree of the main file. Raises `Unusable` when it cannot be read; all else is noted."""
        return self._merged(path, ())

    def filled(self, path: Path, env: Variables[str, str]) -> Mapping:
        """The same with its references filled in, `${env:NAME}` from `env`. Raises `Failure` when it cannot be read."""
        try:
            root = self.compose(path)
        except Unusable:
            self.problems.raise_errors()
            raise
        if self.has_references:
            from reconciler.config.interpolate import Interpolation, Unneeded

            Interpolation(env, self.problems, unread=isinstance(env, Unneeded)).fill(root)
        return root

    def _merged(self, path: Path, chain: tuple[Path, ...]) -> Mapping:
        known = _resolved(path)
        if known in self._done:
            return self._done[known]
        self.files.append(str(path))
        root = read_document(path, str(path), self.problems)
        self._check_version(root)
        self.has_references = self.has_references or root.file.has_references
        result = Mapping(root.file, root.line, root.column)
        for base, where in self._bases(root):
            try:
                self._check_chain(base, where, (*chain, known))
                _overlay(result, self._merged(base, (*chain, known)), self.problems)
            except Unusable:
                self.complete = False
        _overlay(result, root, self.problems)
        self._done[known] = result
        return result

    def _check_version(self, root: Mapping) -> None:
        node = root.get("version")
        if node is None:
            self.problems.add("E110", "every file says which version it is written in", Place(root.file.name, 1))
            raise Unusable
        if isinstance(node, Scalar) and node.text == VERSION and not node.style:
            return
        if isinstance(node, Scalar) and node.text.isdecimal() and int(node.text[:9]) > int(VERSION):
            fix = "update the program, or write `version: 1` if only keys of version 1 are used"
            self.problems.add("E110", "the file is written for a newer program", node.where, fix)
        else:
            self.problems.add("E110", "the only version is 1, without quotes", node.where)
        raise Unusable

    def _bases(self, root: Mapping) -> list[tuple[Path, Place]]:
        node = root.get("extends")
        if node is None:
            return []
        bases = []
        for item in node.items if isinstance(node, Sequence) else [node]:
            if not isinstance(item, Scalar) or item.is_null or not item.text.strip():
                self.problems.add("E119", "it names a file, or is a list of names", item.where)
            elif "${" in item.text:
                self.problems.add("E119", "references such as `${var:NAME}` are not filled in here", item.where)
            else:
                bases.append((root.file.folder / item.text, item.where))
        return bases

    def _check_chain(self, base: Path, where: Place, chain: tuple[Path, ...]) -> None:
        known = _resolved(base)
        if not _is_file(base):
            self.problems.add("E119", f"there is no file {shown(str(base))}", where, "paths are relative to the file")
            raise Unusable
        if known in chain:
            self.problems.add("E119", f"{shown(str(base))} extends itself in the end", where)
            raise Unusable
        if len(chain) >= MOST_LEVELS:
            self.problems.add("E119", f"files extend each other more than {MOST_LEVELS} levels deep", where)
            raise Unusable


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _overlay(under: Mapping, over: Mapping, problems: Problems) -> None:
    """Put the sections of `over` on top of `under`, in place. Trees of read files are never changed."""
    for name, pair in over.items.items():
        if name in ("extends", "version"):
            continue
        old = under.get(name)
        if is_null(pair.value):
            under.items.pop(name, None)
        elif isinstance(pair.value, Mapping):
            base = old if isinstance(old, Mapping) else None
            under.items[name] = type(pair)(pair.key, _merge_section(base, pair.value, name, problems))
        else:
            under.items[name] = pair


def _merge_section(base: Mapping | None, over: Mapping, section: str, problems: Problems) -> Mapping:
    merged = Mapping(over.file, over.line, over.column, dict(base.items) if base else {})
    for key, pair in over.items.items():
        if not is_null(pair.value):
            merged.items[key] = pair
        elif key in merged.items:
            del merged.items[key]
        else:
            fix = f"write `{key}: {{}}` to declare it, or remove the line" if section in ("fields", "tags") else None
            problems.add("E115", f"{shown(key)} has no value", pair.key.where, fix)
    return merged
