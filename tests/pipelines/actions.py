"""Runs a workflow of GitHub Actions as far as these use it: jobs by their needs, reusable ones, run steps, outputs."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.pipelines.agent import Agent

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_NEVER_CANCELLED = {"always()": True, "cancelled()": False}


@dc.dataclass
class Workflow:
    """One run of a workflow. ``contexts`` are what expressions name: ``inputs``, ``vars``, ``github``."""

    agent: Agent
    path: Path
    contexts: dict[str, Any]
    env: Mapping[str, str] = dc.field(default_factory=dict)
    done: frozenset[str] = frozenset()
    """Jobs that have succeeded before: a run whose failed jobs are run again."""
    reject: str = ""
    """A job that its reviewers say no to."""
    needs: dict[str, Any] = dc.field(default_factory=dict)
    """Result and outputs of each job that has run."""
    summary: str = ""
    said: list[str] = dc.field(default_factory=list)

    def run(self) -> Workflow:
        """Every job after those that it needs, as far as its condition holds."""
        for name, job in self._workflow()["jobs"].items():
            wanted = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            results = [self.needs[n]["result"] for n in wanted]
            condition = str(job.get("if", "success()"))
            ready = "always()" in condition or all(r == "success" for r in results)
            if not (ready and self._holds(condition, {"needs": self.needs})):
                self.needs[name] = {"result": "skipped", "outputs": {}}
            elif name in self.done:
                self.needs[name] = {"result": "success", "outputs": {}}
            elif name == self.reject:
                self.needs[name] = {"result": "failure", "outputs": {}}
            else:
                self.needs[name] = self._called(job) if "uses" in job else self._job(job)
        return self

    def _workflow(self) -> dict[str, Any]:
        return dict(yaml.safe_load(self.path.read_text(encoding="utf-8")))

    def _called(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """A reusable workflow, which sees its own inputs and none of the caller's environment."""
        called = self.path.parent / Path(job["uses"]).name
        declared = yaml.safe_load(called.read_text(encoding="utf-8"))[True]["workflow_call"]
        inputs = {name: of.get("default") for name, of in declared["inputs"].items()}
        given = {name: self._value(value, {"needs": self.needs}) for name, value in job["with"].items()}
        assert set(given) <= set(inputs), "GitHub refuses inputs that are not declared"
        assert not [n for n, of in declared["inputs"].items() if of.get("required") and not given.get(n)]
        run = Workflow(self.agent, called, {**self.contexts, "inputs": {**inputs, **given}}, self.env).run()
        self.summary += run.summary
        self.said += run.said
        (inner,) = run.needs.values()
        return {**inner, "outputs": {n: inner["outputs"].get(n, "") for n in declared["outputs"]}}

    def _job(self, job: Mapping[str, Any]) -> dict[str, Any]:
        axes = job.get("strategy", {}).get("matrix", {})
        (values,) = axes.values() or ([""],)
        results = [self._once(job, dict.fromkeys(axes, value)) for value in values]
        return next((r for r in results if r["result"] != "success"), results[0])

    def _once(self, job: Mapping[str, Any], matrix: Mapping[str, Any]) -> dict[str, Any]:
        files = {n: self.agent.home / n for n in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
        for path in files.values():
            path.write_text("", encoding="utf-8")
        here = {"matrix": matrix, "steps": {}}
        env = {n: str(self._value(v, here)) for n, v in job.get("env", {}).items()}
        env |= {n: str(path) for n, path in files.items()}
        result = "success"
        for step in job["steps"]:
            condition = str(step.get("if", "success()"))
            if "run" not in step or (result != "success" and "always()" not in condition):
                continue
            if self._holds(condition, here):
                more = {n: str(self._value(v, here)) for n, v in step.get("env", {}).items()}
                ran = self.agent.run(step["run"], {**env, **more, **self.env})
                self.said.append(ran.said)
                env |= dict(line.split("=", 1) for line in files["GITHUB_ENV"].read_text("utf-8").splitlines())
                found = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines())
                here["steps"] = {**here["steps"], step.get("id", ""): {"outputs": found}}
                result = "failure" if ran.code else result
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return {"result": result, "outputs": {n: self._value(v, here) for n, v in job.get("outputs", {}).items()}}

    # -- expressions ---------------------------------------------------------------------------------------------------

    def _holds(self, condition: str, here: Mapping[str, Any]) -> bool:
        return condition == "success()" or bool(self._evaluated(condition, here))

    def _value(self, text: Any, here: Mapping[str, Any]) -> Any:
        if not isinstance(text, str):
            return text
        whole = _EXPRESSION.fullmatch(text)
        if whole:
            found = self._evaluated(whole[1], here)
            return "" if found is None else found
        return _EXPRESSION.sub(lambda m: str(self._evaluated(m[1], here)), text)

    def _evaluated(self, expression: str, here: Mapping[str, Any]) -> Any:
        """``a && b``, ``a || b``, ``==`` and ``!=`` of names, texts and the functions that ask for a status."""
        if "&&" in expression:
            return all(self._evaluated(part.strip(), here) for part in expression.split("&&"))
        if "||" in expression:
            first, second = (self._evaluated(part.strip(), here) for part in expression.split("||"))
            return first or second
        for sign in ("==", "!="):
            left, found, right = expression.partition(sign)
            if found:
                same = (self._evaluated(left.strip(), here) or "") == self._evaluated(right.strip(), here)
                return same if sign == "==" else not same
        if expression in _NEVER_CANCELLED:
            return _NEVER_CANCELLED[expression]
        if expression.startswith("'"):
            return expression.strip("'")
        assert _PATH.fullmatch(expression), expression
        found_here: Any = {**self.contexts, **here}
        for name in expression.split("."):
            found_here = found_here.get(name) if isinstance(found_here, Mapping) else None
        return found_here
