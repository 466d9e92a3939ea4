"""What moto drops, forgets or answers wrongly, put right for the kinds an orchestrator creates.

Nothing here invents behaviour: each repair makes moto's answer the one AWS documents. What AWS does by itself over
time is the world's; what AWS refuses is the strict layer's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from moto import backends
from moto.core import loaders, responses
from moto.core import utils as core_utils

from orchestrator.sandbox.repairs import operations

_PACKAGE = __name__


def _modules(*names: str) -> tuple[str, ...]:
    return tuple(f"{_PACKAGE}.{name}" for name in names)


_SERVICES = {
    "application-autoscaling": _modules("scaling"),
    "ec2": _modules("ec2_network", "ec2_nat", "ec2_endpoints", "ec2_groups", "ec2_filters", "ec2_tokens"),
    "cloudtrail": _modules("cloudtrail"),
    "cloudwatch": _modules("cloudwatch"),
    "codebuild": _modules("codebuild"),
    "codecommit": _modules("codecommit"),
    "codepipeline": _modules("codepipeline"),
    "dynamodb": _modules("dynamodb"),
    "events": _modules("events"),
    "iam": _modules("iam"),
    "logs": _modules("logs"),
    "resourcegroupstaggingapi": _modules("tagging"),
    "s3": _modules("s3", "s3_policies"),
    "servicediscovery": _modules("discovery"),
}


def install(now: Callable[[], float]) -> None:
    """Repair moto in this process; a second call only replaces the clock."""
    operations.install(now, _SERVICES)
    backends.list_of_moto_modules = _moto_modules
    core_utils.create_loader = _loader
    responses.method_names_from_class = _method_names


_listed = backends.list_of_moto_modules


@cache
def _moto_modules() -> frozenset[str]:
    """Listed once: moto reads its own directory at every request, a tenth of what it needs for all else."""
    return frozenset(_listed())


@cache
def _loader() -> loaders.Loader:
    """One for all: moto takes a new one for each service, and each looks through the directories of all of them."""
    return loaders.create_loader()


_method_names = cache(responses.method_names_from_class)
"""Found once a class: moto inspects the whole class at every request."""
