"""What AWS refuses and moto accepts, refused before moto sees the call.

``install(now)`` puts the layer in front of moto in this process; ``rules()`` lists it; ``disable``, ``enable`` and
``disabled`` switch rules by id. The rules stand beside their services and know nothing of each other.
"""

from orchestrator.sandbox.strict import (
    cloudtrail,
    cloudwatch,
    codebuild,
    discovery,
    dynamodb,
    ec2_deletion,
    ec2_endpoints,
    ec2_network,
    ecr,
    ecs_lifecycle,
    ecs_services,
    ecs_task_definitions,
    elbv2_balancers,
    elbv2_listeners,
    elbv2_targets,
    iam,
    kms,
    limits,
    logs,
    propagation,
    s3,
    scaling,
    secrets,
)
from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.hook import install, layer, reset, uninstall
from orchestrator.sandbox.strict.quotas import set_quota
from orchestrator.sandbox.strict.registry import MODEL, Refusal, Rule, UnknownRule, disable, disabled, enable, rules

MODULES = (
    cloudtrail,
    cloudwatch,
    codebuild,
    discovery,
    dynamodb,
    ec2_deletion,
    ec2_endpoints,
    ec2_network,
    ecr,
    ecs_lifecycle,
    ecs_services,
    ecs_task_definitions,
    elbv2_balancers,
    elbv2_listeners,
    elbv2_targets,
    iam,
    kms,
    limits,
    logs,
    propagation,
    s3,
    scaling,
    secrets,
)
"""The modules with rules; importing them registers what they refuse."""

__all__ = [
    "MODEL",
    "MODULES",
    "Call",
    "Refusal",
    "Rule",
    "UnknownRule",
    "disable",
    "disabled",
    "enable",
    "install",
    "layer",
    "reset",
    "rules",
    "set_quota",
    "uninstall",
]
