"""CodePipeline: defaults and errors as AWS has them, and the state of a pipeline."""

from __future__ import annotations

import json
from typing import Any

from moto.codepipeline.models import CodePipeline, codepipeline_backends
from moto.iam.models import iam_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair

_PRINCIPAL = "codepipeline.amazonaws.com"
_LEAST_STAGES = 2


def _backend(call: Call) -> Any:
    return codepipeline_backends[call.account][call.region]


def _pipeline(call: Call, name: str) -> Any:
    found = _backend(call).pipelines.get(name)
    if found is None:
        message = f"Account '{call.account}' does not have a pipeline with name '{name}'"
        raise AwsError("PipelineNotFoundException", message)
    return found


def _trusted(call: Call, role_arn: str) -> bool:
    roles = iam_backends[call.account][call.partition].roles.values()
    role = next((role for role in roles if role.arn == role_arn), None)
    if role is None:
        return False
    statements = json.loads(role.assume_role_policy_document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        services = statement.get("Principal", {}).get("Service", [])
        if _PRINCIPAL in (services if isinstance(services, list) else [services]):
            return True
    return False


@operation("codepipeline", "CreatePipeline")
def created(call: Call) -> Reply:
    """A taken name has an error of its own, and a role may trust several services; moto reads a single string."""
    wanted, backend = call.params["pipeline"], _backend(call)
    if wanted["name"] in backend.pipelines:
        message = f"A pipeline with the name '{wanted['name']}' already exists in account '{call.account}'"
        raise AwsError("PipelineNameInUseException", message)
    if not _trusted(call, wanted["roleArn"]):
        message = f"CodePipeline is not authorized to perform AssumeRole on role {wanted['roleArn']}"
        raise AwsError("InvalidStructureException", message)
    if len(wanted["stages"]) < _LEAST_STAGES:
        message = f"Pipeline has only {len(wanted['stages'])} stage(s). There should be a minimum of 2 stages"
        raise AwsError("InvalidStructureException", message)
    pipeline = CodePipeline(call.account, call.region, _with_defaults(wanted))
    tags = call.params.get("tags", [])
    pipeline.validate_tags(tags)
    pipeline.tags = {tag["key"]: tag["value"] for tag in tags}
    backend.pipelines[wanted["name"]] = pipeline
    return {"pipeline": pipeline.pipeline, "tags": tags}


def _with_defaults(pipeline: Reply) -> Reply:
    return {"pipelineType": "V1", "executionMode": "SUPERSEDED", **pipeline}


@repair("codepipeline", "UpdatePipeline")
def updated(call: Call, proceed: Proceed) -> Reply:
    """A missing pipeline is named as everywhere else, and defaults are filled in."""
    pipeline = _pipeline(call, call.params["pipeline"]["name"])
    proceed()
    pipeline.pipeline = _with_defaults(pipeline.pipeline)
    return {"pipeline": pipeline.pipeline}


@operation("codepipeline", "GetPipelineState")
def state(call: Call) -> Reply:
    """Where each stage stands; moto's executions have always succeeded already."""
    pipeline = _pipeline(call, call.params["name"])
    latest = next(reversed(pipeline.executions.values()), None)
    execution = {"pipelineExecutionId": latest.pipeline_execution_id, "status": latest.status} if latest else None
    stages = []
    for stage in pipeline.pipeline["stages"]:
        shown: Reply = {
            "stageName": stage["name"],
            "inboundTransitionState": {"enabled": True},
            "actionStates": [{"actionName": action["name"]} for action in stage["actions"]],
        }
        stages.append({**shown, **({"latestExecution": execution} if execution else {})})
    return {
        "pipelineName": pipeline.pipeline["name"],
        "pipelineVersion": pipeline.pipeline["version"],
        "stageStates": stages,
        **pipeline.metadata,
    }
