"""YAML, and nothing that YAML can be made to do to its reader.

The text is taken event by event, so that depth, size, aliases and duplicates are refused before anything is built
from them. Plain scalars follow YAML 1.2: ``no``, ``on``, ``010``, ``10:30`` and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import yaml

from orchestrator.core.errors import PlanError
from orchestrator.plan.load.faults import Fault, fail, fault
from orchestrator.plan.load.tree import Mark, Node, Path, Scalar

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 40
MOST_NODES = 50_000

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


class Unreadable(Exception):
    """The text is not a plan's YAML; holds the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read_file(path: File) -> Node:
    """The tree in a file. Raises ``PlanError`` when there is none."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MOST_BYTES:
        raise PlanError(f"{path}: is larger than 1 MiB, which no plan is")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PlanError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    return read_text(text, str(path))


def read_text(text: str, name: str) -> Node:
    """The tree in a text. ``name`` is what errors call it."""
    try:
        return _Builder(text).document()
    except Unreadable as error:
        raise fail(name, [error.fault]) from None


def scalar(text: str) -> Scalar:
    """What a plain scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text


class _Builder:
    """Builds the tree from YAML's events; one for one text."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.events = self._events(text)
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.nodes = 0

    def _events(self, text: str) -> Iterator[Any]:
        try:
            loader: Any = yaml.SafeLoader(text)  # typed in part only
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
            raise Unreadable(Fault(line, column, "", "a character that YAML does not allow")) from None
        try:
            while loader.check_event():
                yield loader.get_event()
        except yaml.MarkedYAMLError as error:
            raise Unreadable(self._broken(error)) from None
        except (ValueError, OverflowError):  # chr() of an escape beyond Unicode
            mark = loader.get_mark()
            raise Unreadable(Fault(mark.line + 1, mark.column + 1, "", "an escape beyond Unicode")) from None

    def _broken(self, error: yaml.MarkedYAMLError) -> Fault:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        here = self.lines[line - 1] if line <= len(self.lines) else ""
        if "\t" in here[: column or 1]:
            return Fault(line, here.index("\t") + 1, "", "a tab, allowed: spaces")
        opened = error.context_mark
        since = f", in what begins at {opened.line + 1}:{opened.column + 1}" if opened else ""
        return Fault(line, column, "", f"not YAML: {error.problem or error.context}{since}")

    def document(self) -> Node:
        """The one document in the text."""
        start = Mark(1, 1)
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                break
        else:
            raise Unreadable(fault(start, "nothing in the file, allowed: a plan"))
        event = next(self.events)
        root = self._node(event, _mark(event, ()), (), 0)
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise Unreadable(fault(_mark(event, ()), "a second document, allowed: one plan a file"))
        if not isinstance(root.value, dict):
            raise Unreadable(fault(root.mark, "found no sections, allowed: a mapping such as name: forum"))
        return root

    def _node(self, event: Any, key: Mark, path: Path, depth: int) -> Node:
        mark = _mark(event, path)
        self._count(1, mark)
        if depth > MOST_DEPTH:
            raise Unreadable(fault(_mark(event, ()), f"nested deeper than {MOST_DEPTH} levels"))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark)
        if event.tag is not None and event.tag != "!":
            raise Unreadable(fault(mark, f"the YAML tag {event.tag}, allowed: plain values"))
        before = self.nodes
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.MappingStartEvent):
            node = Node(self._mapping(path, depth), mark, key)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(self._sequence(path, depth), mark, key)
        else:
            node = Node(scalar(event.value) if event.implicit[0] else event.value, mark, key)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.nodes - before + 1)
        return node

    def _mapping(self, path: Path, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            name = self._key(event, path)
            mark = _mark(event, (*path, name))
            if name in found:
                first = found[name].key.line
                raise Unreadable(fault(mark, f"stated twice, first in line {first}"))
            found[name] = self._node(next(self.events), mark, (*path, name), depth + 1)
        return found

    def _key(self, event: Any, path: Path) -> str:
        mark = _mark(event, path)
        if not isinstance(event, yaml.ScalarEvent):
            raise Unreadable(fault(mark, "a key that is not text, allowed: a name"))
        value = scalar(event.value) if event.implicit[0] else event.value
        if not isinstance(value, str):
            raise Unreadable(fault(mark, f"the key {event.value or 'nothing'} is not text, put it in quotes"))
        return value

    def _sequence(self, path: Path, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            here = (*path, len(found))
            found.append(self._node(event, _mark(event, here), here, depth + 1))
        return tuple(found)

    def _alias(self, event: Any, mark: Mark) -> Node:
        """What an anchor stands for, counted again: aliases of aliases grow without end (billion laughs)."""
        if event.anchor not in self.anchors:
            raise Unreadable(fault(mark, f"*{event.anchor} is not declared above"))
        known = self.anchors[event.anchor]
        if known is None:
            raise Unreadable(fault(mark, f"*{event.anchor} holds itself"))
        node, size = known
        self._count(size, mark)
        return node

    def _count(self, more: int, mark: Mark) -> None:
        self.nodes += more
        if self.nodes > MOST_NODES:
            raise Unreadable(fault(mark, f"more than {MOST_NODES} values, aliases counted as often as they are used"))


def _mark(event: Any, path: Path) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1, path)
