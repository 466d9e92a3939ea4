"""CodeBuild: a project may be part of a pipeline, keeps every field it was given, and can be changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.codebuild import responses
from moto.codebuild.models import codebuild_backends
from moto.core.utils import unix_time

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair

_PLACELESS = ("CODEPIPELINE", "NO_SOURCE", "NO_ARTIFACTS")
_TIMEOUT, _QUEUED_TIMEOUT = 60, 480


def _location_only_where_there_is_one(name: str) -> None:
    """What a pipeline hands over has no location; moto demands one of every source and artifact."""
    original: Callable[[dict[str, Any]], None] = getattr(responses, name)

    @wraps(original)
    def validate(document: dict[str, Any]) -> None:
        if document["type"] not in _PLACELESS:
            original(document)

    setattr(responses, name, validate)


_location_only_where_there_is_one("_validate_required_params_source")
_location_only_where_there_is_one("_validate_required_params_artifacts")


def _projects(call: Call) -> dict[str, Any]:
    projects: dict[str, Any] = codebuild_backends[call.account][call.region].codebuild_projects
    return projects


@repair("codebuild", "CreateProject")
def every_field_kept(call: Call, proceed: Proceed) -> Reply:
    """Moto overwrites the key and drops the fields it does not know; AWS fills the rest with its defaults."""
    proceed()
    project = _projects(call)[call.params["name"]]
    project.project_metadata.update(
        timeoutInMinutes=_TIMEOUT, queuedTimeoutInMinutes=_QUEUED_TIMEOUT, projectVisibility="PRIVATE"
    )
    _write(project, call)
    return {"project": project.project_metadata}


@operation("codebuild", "UpdateProject")
def changed(call: Call) -> Reply:
    """What is named is replaced as a whole, what is not named stays; moto has no such operation."""
    project = _projects(call).get(call.params["name"])
    if project is None:
        arn = call.arn(f"project/{call.params['name']}")
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {arn}")
    _write(project, call)
    return {"project": project.project_metadata}


def _write(project: Any, call: Call) -> None:
    metadata = project.project_metadata
    for name, value in call.params.items():
        if name == "badgeEnabled":
            metadata["badge"] = {"badgeEnabled": value}
        elif name == "vpcConfig" and not value.get("vpcId"):
            metadata.pop(name, None)
        else:
            metadata[name] = value
    metadata["lastModified"] = unix_time()
    metadata["source"] = {"insecureSsl": False, **metadata["source"]}
    metadata["environment"] = {
        "environmentVariables": [],
        "privilegedMode": False,
        "imagePullCredentialsType": "CODEBUILD",
        **metadata["environment"],
    }
    if metadata["artifacts"]["type"] == "CODEPIPELINE":
        pipeline = {"name": metadata["name"], "packaging": "NONE", "encryptionDisabled": False}
        metadata["artifacts"] = {**pipeline, **metadata["artifacts"]}
    project.tags = metadata.get("tags") or []


@repair("codebuild", "BatchGetProjects")
def unknown_projects_named(call: Call, proceed: Proceed) -> Reply:
    """Names that are no projects come back as not found; moto leaves them out."""
    known = _projects(call)
    names = [name.rpartition("project/")[2] for name in call.params["names"]]
    found = [known[name].project_metadata for name in names if name in known]
    proceed()
    return {"projects": found, "projectsNotFound": [name for name in names if name not in known]}
