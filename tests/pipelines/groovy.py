"""Reads a declarative Jenkinsfile: tokens, balanced brackets, and whether its blocks are where Jenkins wants them."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterator
from pathlib import Path

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|//[^\n]*|/\*.*?\*/)
    |(?P<newline>\n|;)
    |(?P<string>'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    |(?P<word>[A-Za-z_$][\w$]*|\d+)
    |(?P<bracket>[(){}\[\]])
    |(?P<sign>[-+*/%=<>!&|?:.,@]+)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_OF_PIPELINE = {"agent", "options", "parameters", "triggers", "environment", "stages", "post"}
_OF_STAGE = {"agent", "options", "when", "input", "environment", "steps", "stages", "matrix", "post"}
_OF_MATRIX = {"axes", "agent", "stages"}
_CONDITIONS = {"always", "aborted", "success", "unstable", "failure", "changed", "cleanup"}
_WHEN = {"beforeAgent", "beforeInput", "environment", "branch", "expression", "allOf", "anyOf", "not"}
_BODIES = {"steps", "stages", "matrix"}


class Malformed(Exception):
    """What Jenkins would refuse, with its line."""


@dc.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int

    @property
    def value(self) -> str:
        """A string's content; anything else as it is written."""
        if self.kind != "string":
            return self.text
        quotes = 3 if self.text[:3] in ("'''", '"""') else 1
        return re.sub(r"\\(.)", r"\1", self.text[quotes:-quotes])


@dc.dataclass(frozen=True)
class Node:
    """A statement: its tokens, and the statements of the block that it opens."""

    tokens: tuple[Token, ...]
    children: tuple[Node, ...] = ()
    block: bool = False

    @property
    def name(self) -> str:
        return self.tokens[0].text if self.tokens else ""

    @property
    def line(self) -> int:
        return self.tokens[0].line if self.tokens else 0

    @property
    def strings(self) -> list[str]:
        return [t.value for t in self.tokens if t.kind == "string"]

    @property
    def code(self) -> str:
        """The statement's tokens, one space between them."""
        return " ".join(t.text for t in self.tokens)

    def all(self, name: str) -> list[Node]:
        return [child for child in self.children if child.name == name]

    def one(self, name: str) -> Node | None:
        found = self.all(name)
        if len(found) > 1:
            raise Malformed(f"line {found[1].line}: a second {name}")
        return found[0] if found else None


def read(path: Path) -> Node:
    """The ``pipeline`` of a Jenkinsfile. Raises ``Malformed``."""
    text = path.read_text(encoding="utf-8")
    top = _statements(list(_tokens(text)))
    pipelines = [node for node in top if node.name == "pipeline"]
    if len(pipelines) != 1:
        raise Malformed(f"{len(pipelines)} pipelines, where there is one")
    _check_pipeline(pipelines[0])
    return pipelines[0]


def _tokens(text: str) -> Iterator[Token]:
    at, opened = 0, list[Token]()
    while at < len(text):
        found = _TOKEN.match(text, at)
        line = text.count("\n", 0, at) + 1
        if found is None:
            raise Malformed(f"line {line}: {text[at : at + 20]!r} is nothing that Groovy knows")
        kind, at = str(found.lastgroup), found.end()
        token = Token(kind, found.group(), line)
        if token.text in "([{" and kind == "bracket":
            opened.append(token)
        elif kind == "bracket" and (not opened or opened.pop().text != _CLOSES[token.text]):
            raise Malformed(f"line {line}: {token.text} closes nothing")
        if kind != "space":
            yield token
    if opened:
        raise Malformed(f"line {opened[-1].line}: {opened[-1].text} is never closed")


def _statements(tokens: list[Token]) -> tuple[Node, ...]:
    """The statements up to the end or the brace that closes them; what is read is taken from ``tokens``."""
    found, here, depth = list[Node](), list[Token](), 0
    while tokens:
        token = tokens.pop(0)
        if token.kind == "bracket" and depth == 0 and token.text in "{}":
            if token.text == "{":
                found.append(Node(tuple(here), _statements(tokens), block=True))
                here = []
                continue
            break
        if token.kind == "newline":
            if depth == 0 and here:
                found.append(Node(tuple(here)))
                here = []
            continue
        if token.kind == "bracket":
            depth += 1 if token.text in "([{" else -1
        here.append(token)
    return (*found, Node(tuple(here))) if here else tuple(found)


def _check_pipeline(pipeline: Node) -> None:
    _only(pipeline, _OF_PIPELINE)
    stages = pipeline.one("stages")
    if pipeline.one("agent") is None or stages is None:
        raise Malformed(f"line {pipeline.line}: a pipeline has an agent and stages")
    names = list[str]()
    _check_stages(stages, names)
    if len(names) != len(set(names)):
        raise Malformed(f"two stages of one name: {names}")
    _check_post(pipeline)
    _check_environment(pipeline)


def _check_stages(stages: Node, names: list[str]) -> None:
    _only(stages, {"stage"})
    if not stages.children:
        raise Malformed(f"line {stages.line}: no stage")
    for stage in stages.children:
        _only(stage, _OF_STAGE)
        names += stage.strings
        bodies = [child for child in stage.children if child.name in _BODIES]
        if len(bodies) != 1 or len(stage.strings) != 1:
            raise Malformed(f"line {stage.line}: a stage has a name and one of {sorted(_BODIES)}")
        _check_post(stage)
        _check_environment(stage)
        if when := stage.one("when"):
            _only(when, _WHEN)
        if bodies[0].name == "matrix":
            _only(bodies[0], _OF_MATRIX)
        inner = bodies[0].one("stages") if bodies[0].name == "matrix" else bodies[0]
        if bodies[0].name != "steps" and inner is not None:
            _check_stages(inner, names)
        elif not bodies[0].children:
            raise Malformed(f"line {bodies[0].line}: no step")


def _check_post(of: Node) -> None:
    if post := of.one("post"):
        _only(post, _CONDITIONS)


def _check_environment(of: Node) -> None:
    for entry in node.children if (node := of.one("environment")) else ():
        kinds = [t.kind for t in entry.tokens]
        if kinds != ["word", "sign", "string"] or entry.tokens[1].text != "=":
            raise Malformed(f"line {entry.line}: {entry.code!r} is no NAME = 'value'")


def _only(node: Node, allowed: set[str]) -> None:
    if not node.block:
        raise Malformed(f"line {node.line}: {node.name} opens no block")
    for child in node.children:
        if child.name not in allowed:
            raise Malformed(f"line {child.line}: {child.name} in {node.name}, allowed: {sorted(allowed)}")
