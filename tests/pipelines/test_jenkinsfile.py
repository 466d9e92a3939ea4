"""Whether Jenkins would take a Jenkinsfile: the check that is made of the examples, and that it finds what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.agent import EXAMPLES
from tests.pipelines.groovy import Malformed, Node, read

FILES = sorted((EXAMPLES / "jenkins").glob("Jenkinsfile*"))
SMALL = """\
pipeline { // a comment with { and '
    agent any
    environment { NAME = 'it is \\'quoted\\'' }
    stages {
        stage('Build') {
            steps { sh \'\'\'
                echo "}"
            \'\'\' }
        }
    }
}
"""


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_the_examples_are_well_formed_and_no_shell_text_is_put_together_by_groovy(path: Path) -> None:
    for node in _all(read(path)):
        for before, token in zip(node.tokens, node.tokens[1:], strict=False):
            if before.text in ("sh", ":") and token.kind == "string" and "sh" in node.code.split():
                assert token.text.startswith("'"), f"line {token.line}: Groovy would fill in {token.text}"


def test_brackets_in_strings_and_comments_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "Jenkinsfile"
    path.write_text(SMALL, encoding="utf-8")
    pipeline = read(path)
    environment = pipeline.one("environment")
    assert environment is not None
    assert environment.children[0].strings == ["it is 'quoted'"]


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("agent any", "agent any }", "line 11: } closes nothing"),
        ("agent any", "agent (any", "closes nothing"),
        ("stage('Build') {", "stage('Build) {", "is nothing that Groovy knows"),
        ("agent any", "", "has an agent"),
        ("agent any", "agents any", "agents in pipeline"),
        ("steps {", "step {", "step in stage"),
        ("steps {", "post { never { echo 'x' } }\n steps {", "never in post"),
        ("NAME =", "NAME", "is no NAME = 'value'"),
        ("pipeline {", "node {", "0 pipelines"),
        ("stage('Build') {", "stage('Build') { steps { echo 'x' }\n } \n stage('Build') {", "two stages of one name"),
    ],
)
def test_what_jenkins_would_refuse_is_found(tmp_path: Path, before: str, after: str, why: str) -> None:
    path = tmp_path / "Jenkinsfile"
    assert before in SMALL
    path.write_text(SMALL.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(Malformed, match=why):
        read(path)
