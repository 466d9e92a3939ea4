"""Imports every kind module, so that ``base.REGISTRY`` is complete. A new kind adds its module here."""

from __future__ import annotations

from orchestrator.kinds import alarms as _alarms  # noqa: F401
from orchestrator.kinds import audit as _audit  # noqa: F401
from orchestrator.kinds import discovery as _discovery  # noqa: F401
from orchestrator.kinds import ecr as _ecr  # noqa: F401
from orchestrator.kinds import events as _events  # noqa: F401
from orchestrator.kinds import iam as _iam  # noqa: F401
from orchestrator.kinds import logs as _logs  # noqa: F401
from orchestrator.kinds import scaling as _scaling  # noqa: F401
from orchestrator.kinds import storage as _storage  # noqa: F401
from orchestrator.kinds.base import REGISTRY as KINDS
from orchestrator.kinds.delivery import codebuild as _codebuild  # noqa: F401
from orchestrator.kinds.delivery import codecommit as _codecommit  # noqa: F401
from orchestrator.kinds.delivery import codepipeline as _codepipeline  # noqa: F401
from orchestrator.kinds.dynamodb import tables as _tables  # noqa: F401
from orchestrator.kinds.ec2 import endpoints as _endpoints  # noqa: F401  (each is imported for its registration)
from orchestrator.kinds.ec2 import gateways as _gateways  # noqa: F401
from orchestrator.kinds.ec2 import routes as _routes  # noqa: F401
from orchestrator.kinds.ec2 import security_groups as _security_groups  # noqa: F401
from orchestrator.kinds.ec2 import vpc as _vpc  # noqa: F401
from orchestrator.kinds.ecs import clusters as _clusters  # noqa: F401
from orchestrator.kinds.ecs import services as _services  # noqa: F401
from orchestrator.kinds.ecs import task_definitions as _task_definitions  # noqa: F401
from orchestrator.kinds.elbv2 import balancers as _balancers  # noqa: F401
from orchestrator.kinds.elbv2 import listeners as _listeners  # noqa: F401
from orchestrator.kinds.elbv2 import rules as _rules  # noqa: F401
from orchestrator.kinds.elbv2 import target_groups as _target_groups  # noqa: F401

__all__ = ["KINDS"]
