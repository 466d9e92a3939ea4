"""What ECR refuses: lifecycle policies that it could not follow, and tags that may not move."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.policies import parse
from orchestrator.sandbox.strict.registry import rule

_TAG_STATUSES = ("tagged", "untagged", "any")
_COUNT_TYPES = ("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned")
_ACTIONS = ("expire", "transition")


@rule("ECR-01", "ecr", "PutLifecyclePolicy", "StartLifecyclePolicyPreview", code="InvalidParameterException")
def lifecycle_policy_invalid(call: Call) -> str | None:
    """A lifecycle policy's rules have a priority of their own, a complete selection and an action."""
    text = call.params.get("lifecyclePolicyText")
    if text is None:
        return None
    problem = next(_problems(parse(text)), None)
    if problem is None:
        return None
    return (
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
        f"'Lifecycle policy validation failure: {problem}'"
    )


@rule("ECR-02", "ecr", "PutImage", code="ImageTagAlreadyExistsException")
def tag_immutable(call: Call) -> str | None:
    """A tag of an immutable repository never moves to another image."""
    repository = call.backend().repositories.get(call.params.get("repositoryName"))
    tag = call.params.get("imageTag")
    if repository is None or tag is None or not _immutable(repository, tag):
        return None
    for image in repository.images:
        if tag in image.image_tags and image.image_manifest != call.params.get("imageManifest"):
            return (
                f"The image with tag '{tag}' already exists in the '{repository.name}' repository "
                "and cannot be overwritten because the tag is immutable."
            )
    return None


def _immutable(repository: Any, tag: str) -> bool:
    mutability = getattr(repository.image_tag_mutability, "value", repository.image_tag_mutability)
    filters = repository.image_tag_mutability_exclusion_filters or ()
    excluded: bool = any(fnmatchcase(tag, one.get("filter", "")) for one in filters)
    if mutability in ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"):
        return excluded if mutability == "MUTABLE_WITH_EXCLUSION" else not excluded
    return bool(mutability == "IMMUTABLE")


def _problems(policy: dict[str, Any] | None) -> Iterator[str]:
    if policy is None:
        yield "string is not a JSON object"
        return
    rules = policy.get("rules")
    if not isinstance(rules, list) or not rules or not all(isinstance(one, dict) for one in rules):
        yield 'object has missing required properties (["rules"])'
        return
    priorities = [one.get("rulePriority") for one in rules]
    if not all(isinstance(priority, int) and priority > 0 for priority in priorities):
        yield "instance failed to match: rulePriority must be a positive integer"
        return
    if len(priorities) != len(set(priorities)):
        yield "rule priorities must be unique"
    for one in rules:
        yield from _problems_of(one.get("selection") or {}, one.get("action") or {})
    anything = [one["rulePriority"] for one in rules if (one.get("selection") or {}).get("tagStatus") == "any"]
    if anything and (len(anything) > 1 or anything[0] != max(priorities)):
        yield "a rule with tagStatus any is the only one of its kind and has the highest rulePriority"


def _problems_of(selection: dict[str, Any], action: dict[str, Any]) -> Iterator[str]:
    status, count = selection.get("tagStatus"), selection.get("countType")
    named = selection.get("tagPrefixList") or selection.get("tagPatternList")
    number = selection.get("countNumber")
    if status not in _TAG_STATUSES:
        yield f"tagStatus must be one of {', '.join(_TAG_STATUSES)}"
    if status == "tagged" and not named:
        yield "a rule with tagStatus tagged needs tagPrefixList or tagPatternList"
    if status in ("untagged", "any") and named:
        yield f"a rule with tagStatus {status} takes neither tagPrefixList nor tagPatternList"
    if count not in _COUNT_TYPES:
        yield f"countType must be one of {', '.join(_COUNT_TYPES)}"
    if str(count).startswith("since") != (selection.get("countUnit") == "days"):
        yield "countUnit is days with a countType of time, and absent with imageCountMoreThan"
    if not isinstance(number, int) or number < 1:
        yield "countNumber must be a positive integer"
    if action.get("type") not in _ACTIONS:
        yield f"action type must be one of {', '.join(_ACTIONS)}"
