"""Runs a Jenkinsfile's stages in order, as far as these use Jenkins: agents, conditions, input, post, ``settle``."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Mapping
from pathlib import Path

from tests.pipelines.agent import Agent
from tests.pipelines.groovy import Node, read

_STATUS = re.compile(r"(?:env \. (\w+) = )?settle \( sh \( returnStatus : true , script : '([^']+)' \)( , true)? \)")
_SET = re.compile(r"env \. (\w+) = '([^']*)'")
_WORST = ("SUCCESS", "UNSTABLE", "FAILURE", "ABORTED")


class Ended(Exception):
    """The build goes no further; the message is its result."""


@dc.dataclass
class Build:
    """One build. ``overrides`` are for what a Jenkinsfile names that no test can reach, ``answer`` is that to input."""

    agent: Agent
    jenkinsfile: Path
    parameters: Mapping[str, str]
    overrides: Mapping[str, str] = dc.field(default_factory=dict)
    answer: Mapping[str, str] | None = None
    only: frozenset[str] = frozenset()
    """The stages that run, where not all do: a build that is started again from one of them."""
    abort: tuple[str, str] = ("", "")
    """A stage, and the words in its log at which the build is aborted."""
    result: str = "SUCCESS"
    description: str = ""
    stages: list[str] = dc.field(default_factory=list)
    said: list[str] = dc.field(default_factory=list)
    cases: dict[str, str] = dc.field(default_factory=dict)
    """Test cases of published JUnit reports by name, each with what is wrong with it."""
    _env: dict[str, str] = dc.field(default_factory=dict)

    def run(self) -> Build:
        """From the first stage to the last ``post``."""
        pipeline = read(self.jenkinsfile)
        self._env = {"BUILD_TAG": "jenkins-forum-17", **self._defaults(pipeline), **self.parameters}
        env = self._scoped(self._env, pipeline)
        try:
            self._stages(pipeline.one("stages"), env)
        except Ended as end:
            self._worsen(str(end))
        self._post(pipeline, env)
        return self

    # -- stages --------------------------------------------------------------------------------------------------------

    def _stages(self, stages: Node | None, env: Mapping[str, str]) -> None:
        for stage in stages.children if stages else ():
            if self.result == "UNSTABLE":  # skipStagesAfterUnstable()
                return
            here = self._scoped({**env, **self._env}, stage)
            if not self._wanted(stage, here):
                continue
            if inner := stage.one("matrix"):
                self._matrix(inner, here)
            elif inner := stage.one("stages"):
                self._stages(inner, here)
            elif not self.only or stage.strings[0] in self.only:
                self._stage(stage, here)

    def _matrix(self, matrix: Node, env: Mapping[str, str]) -> None:
        axes = matrix.one("axes")
        (axis,) = axes.children if axes else ()
        (name,), values = axis.all("name")[0].strings, axis.all("values")[0].strings
        results = []
        for value in values:
            self.result = "SUCCESS"
            self._stages(matrix.one("stages"), {**env, name: value})
            results.append(self.result)
        self.result = max(results, key=_WORST.index)

    def _stage(self, stage: Node, env: dict[str, str]) -> None:
        (name,) = stage.strings
        self.stages.append(name)
        if stage.one("input"):
            if self.answer is None:
                raise Ended("ABORTED")
            env |= self.answer
        try:
            steps = stage.one("steps")
            for step in steps.children if steps else ():
                self._step(step, env, name)
        except Ended as end:
            self._worsen(str(end))
            raise
        finally:
            self._post(stage, env)

    def _step(self, step: Node, env: dict[str, str], stage: str) -> None:
        if step.name == "script":
            for line in step.children:
                self._script(line, env, stage)
        elif step.name == "sh":
            (script,) = step.strings
            if self._sh(script, env, stage):
                raise Ended("FAILURE")
        elif step.code != "checkout scm":
            raise NotImplementedError(step.code)

    def _script(self, line: Node, env: dict[str, str], stage: str) -> None:
        if found := _STATUS.fullmatch(line.code):
            name, script, last = found.groups()
            code = self._sh(script, env, stage)
            verdict = self._settle(code, env["TARGET"], last=bool(last))
            if name:
                self._env[name] = verdict
        elif found := _SET.fullmatch(line.code):
            self._env[found[1]] = found[2]
        else:
            raise NotImplementedError(line.code)

    def _sh(self, script: str, env: Mapping[str, str], stage: str) -> int:
        at = self.abort[1] if stage == self.abort[0] else ""
        self.abort = ("", "") if at else self.abort
        ran = self.agent.run(script, {**env, **self.overrides}, at)
        self.said.append(ran.said)
        if at:
            raise Ended("ABORTED")
        return ran.code

    def _settle(self, code: int, target: str, *, last: bool) -> str:
        verdict, said = self.agent.report(f"{target}.verdict"), self.agent.report(f"{target}.said")
        self.description = said
        if verdict == "failed":
            raise Ended("FAILURE")
        if verdict == "unstable" or (verdict == "waiting" and last):
            self._worsen("UNSTABLE")
        assert (verdict == "passed") == (code == 0)
        return verdict

    # -- conditions ----------------------------------------------------------------------------------------------------

    def _wanted(self, stage: Node, env: Mapping[str, str]) -> bool:
        when = stage.one("when")
        conditions = when.all("environment") if when else []
        return all(env.get(name, "") == value for name, value in (c.strings for c in conditions))

    def _post(self, of: Node, env: Mapping[str, str]) -> None:
        post = of.one("post")
        for condition in post.children if post else ():
            if condition.name in ("always", self.result.lower()):
                for step in condition.children:
                    self._after(step, {**env, **self._env})

    def _after(self, step: Node, env: dict[str, str]) -> None:
        if step.name == "junit":
            self.cases |= self.agent.cases(step.strings[-1])
        elif step.name == "sh":
            self.said.append(self.agent.run(step.strings[0], {**env, **self.overrides}).said)
        elif step.name == "withEnv":
            given = dict(text.split("=", 1) for text in step.strings)
            given = {name: self._filled(value) for name, value in given.items()}
            self._inside(step, {**env, **given})
        elif step.name == "if":
            condition = re.fullmatch(r"if \( env \. (\w+) == '(\w+)' \)", step.code)
            assert condition, step.code
            if env.get(condition[1]) == condition[2]:
                self._inside(step, env)
        elif step.name in ("node", "script", "withCredentials"):
            self._inside(step, env)
        elif step.code != "checkout scm":
            raise NotImplementedError(step.code)

    def _inside(self, step: Node, env: dict[str, str]) -> None:
        for child in step.children:
            self._after(child, env)

    def _filled(self, text: str) -> str:
        for name, value in (
            ("currentBuild.currentResult", self.result),
            ("currentBuild.description ?: ''", self.description),
        ):
            text = text.replace(f"${{{name}}}", value)
        return text

    def _defaults(self, pipeline: Node) -> dict[str, str]:
        """What parameters are when nobody says anything: a text's default, the first of several choices."""
        declared = pipeline.one("parameters")
        return {p.strings[0]: p.strings[1] for p in (declared.children if declared else ())}

    def _scoped(self, env: Mapping[str, str], of: Node) -> dict[str, str]:
        declared = of.one("environment")
        entries = {e.name: e.strings[0] for e in (declared.children if declared else ())}
        return {**env, **{n: re.sub(r"\$\{env\.(\w+)\}", lambda m: env[m[1]], text) for n, text in entries.items()}}

    def _worsen(self, result: str) -> None:
        self.result = max(self.result, result, key=_WORST.index)
