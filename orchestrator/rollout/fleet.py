"""The ECS services of both colours: register, deploy, label, scale. Each call is preceded by the guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.errors import OrchestratorError
from orchestrator.kinds.base import owned
from orchestrator.kinds.ecs.task_definitions import canonical_input, newest, read
from orchestrator.rollout.release import (
    LABELS,
    RELEASE_TAG,
    SETTINGS,
    TASK_DEFINITION_TAG,
    Release,
    ServiceSpec,
    launch_of,
    ownership_of,
    revision,
    settings_of,
)
from orchestrator.rollout.sides import ABSENT, Side
from orchestrator.rollout.stages.base import PREVIOUS, RELEASE, Facts

_ROLLING = ("minimumHealthyPercent", "maximumPercent", "deploymentCircuitBreaker")


class ReleaseUnknown(OrchestratorError):
    """A rollout was taken up again by somebody who does not know what it was to roll out."""


class EcsFleet:
    """Both colours of one service during one round."""

    def __init__(
        self,
        aws: Aws,
        spec: ServiceSpec,
        *,
        release: Release | None,
        facts: Callable[[], Facts],
        sides: Mapping[str, Side],
        token: str,
        guard: Callable[[], None],
    ) -> None:
        """``token``: what makes this rollout's creations one and the same however often they are tried."""
        self._aws = aws
        self._spec = spec
        self._release = release
        self._facts = facts
        self._sides = sides
        self._token = token
        self._guard = guard

    @property
    def _ecs(self) -> Any:
        return self._aws.client("ecs")

    def side(self, colour: str) -> Side:
        """As read at the beginning of this round."""
        return self._sides[colour]

    def register(self) -> str:
        """The ARN of the release's revision: the newest one when it says the same, so that a lost reply adds none."""
        release = self._known()
        if release.registered:
            return release.registered
        return self._registered(release.task_definition)

    def renew(self) -> Mapping[str, Any]:
        """What ran before, in the form in which ECS takes it: anew where its revision was deregistered meanwhile.

        UpdateService refuses one that is INACTIVE, though what runs by it goes on; it can be read for as long.
        """
        previous = self._facts().previous
        found = read(self._aws, previous["task_definition"])
        if found is None or found["status"] == "ACTIVE":
            return previous
        arn = self._registered({k: v for k, v in canonical_input(found).items() if k != "tags"})
        labels = {**previous.get("labels", {}), TASK_DEFINITION_TAG: revision(arn)}
        return {**previous, "task_definition": arn, "labels": labels, "revision": revision(arn)}

    def deploy(self, colour: str, target: str, count: int | None) -> str:
        """Start a deployment on a colour and return its id. ``count`` None leaves the number of tasks to its owner."""
        desired = {} if count is None else {"desiredCount": count}
        self._guard()
        if self._sides[colour].status == ABSENT:
            service = self._create(colour, count or 0)
        else:
            service = self._ecs.update_service(
                cluster=self._spec.cluster,
                service=self._sides[colour].service,
                forceNewDeployment=True,
                **desired,
                **self._content(colour, target),
            )["service"]
        return next((str(d["id"]) for d in service["deployments"] if d["status"] == "PRIMARY"), "")

    def label(self, colour: str, target: str) -> None:
        """Write on the ECS service what it runs; a release that failed is told from one to go back to."""
        have = {k: v for k, v in self._sides[colour].tags.items() if k in LABELS}
        want = self._labels(target, have)
        if have.items() >= want.items():
            return
        self._guard()
        arn = self._sides[colour].described["serviceArn"]
        self._ecs.tag_resource(resourceArn=arn, tags=tags.as_list(want, "key", "value"))

    def scale(self, colour: str, count: int) -> None:
        """Ask for a number of tasks; nothing else of the service is touched."""
        self._guard()
        self._ecs.update_service(cluster=self._spec.cluster, service=self._sides[colour].service, desiredCount=count)

    def arm(self, colour: str) -> None:
        """Let the circuit breaker roll back. During a rollout of ours it must not: going back is decided here."""
        configuration = self._sides[colour].described.get("deploymentConfiguration") or {}
        breaker = configuration.get("deploymentCircuitBreaker") or {}
        if self._spec.colours[colour].service.circuit_breaker and not breaker.get("rollback"):
            self._guard()
            self._ecs.update_service(
                cluster=self._spec.cluster,
                service=self._sides[colour].service,
                deploymentConfiguration={
                    **{k: configuration[k] for k in _ROLLING if k in configuration},
                    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                },
            )

    def tidy(self, keep: int) -> None:
        """Deregister revisions that are older than the newest ``keep`` and that neither colour runs."""
        family = self._spec.task_definition.aws_name
        listed = self._aws.pages(
            "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
        )
        revisions = sorted((a for a in listed if revision(a).partition(":")[0] == family), key=_number, reverse=True)
        used = {side.task_definition for side in self._sides.values()}
        for arn in revisions[keep:]:
            if arn not in used:
                self._guard()
                self._ecs.deregister_task_definition(taskDefinition=arn)

    # -- inside ----------------------------------------------------------------------------------------------

    def _registered(self, wanted: Mapping[str, Any]) -> str:
        found = newest(self._aws, wanted["family"])
        if found and canonical_input(found) == canonical_input(wanted):
            return str(found["taskDefinitionArn"])
        self._guard()
        marks = tags.as_list(owned(self._spec.stack, self._spec.task_definition).tags, "key", "value")
        made = self._ecs.register_task_definition(**wanted, tags=marks)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def _known(self) -> Release:
        if self._release is None:
            raise ReleaseUnknown(f"what was to be rolled out for {self._spec.name} is not known any more")
        return self._release

    def _create(self, colour: str, count: int) -> Mapping[str, Any]:
        labels = self._labels(RELEASE, {})
        marks = {**ownership_of(self._spec, colour), **labels}
        made: Mapping[str, Any] = self._ecs.create_service(
            cluster=self._spec.cluster,
            serviceName=self._spec.colours[colour].service.aws_name,
            clientToken=tags.token(self._spec.stack, colour, self._token),
            desiredCount=count,
            tags=tags.as_list(marks, "key", "value"),
            **launch_of(self._spec, colour),
            **self._content(colour, RELEASE),
        )["service"]
        return made

    def _content(self, colour: str, target: str) -> dict[str, Any]:
        if target == PREVIOUS:
            previous = self._facts().previous
            return {"taskDefinition": previous["task_definition"], **previous["settings"]}
        facts = self._facts()
        settings = settings_of(self._spec, colour, reverts=facts.first)  # a first release has nothing to revert to
        return {"taskDefinition": facts.task_definition, **settings}

    def _labels(self, target: str, have: Mapping[str, str]) -> dict[str, str]:
        facts = self._facts()
        if target == RELEASE:
            return self._known().labels(facts.task_definition) if self._release else {}
        if target == PREVIOUS:
            return dict(facts.previous.get("labels", {}))
        spoilt = have.get(RELEASE_TAG, "")
        return {RELEASE_TAG: spoilt if spoilt.startswith("failed:") else f"failed:{spoilt}"}


def _number(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def previous_of(side: Side) -> dict[str, Any]:
    """What an ECS service runs now, in the form in which it can be put back."""
    settings = {k: side.described[k] for k in SETTINGS if side.described.get(k) not in (None, [], {})}
    told = settings.get("deploymentConfiguration", {})
    settings["deploymentConfiguration"] = {k: told[k] for k in _ROLLING if k in told}
    return {
        "task_definition": side.task_definition,
        "settings": settings,
        "labels": {k: v for k, v in side.tags.items() if k in LABELS},
        "revision": revision(side.task_definition),
    }
