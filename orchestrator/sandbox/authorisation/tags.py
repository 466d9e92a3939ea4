"""Tags as conditions see them: those that a call sends, and those that an existing resource carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.sandbox.authorisation.call import Call

_SENT = ("Tags", "tags", "TagsList", "TagList")


def requested_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a call, in whichever shape its service takes them."""
    found: dict[str, str] = {}
    for specification in params.get("TagSpecifications") or ():
        found |= _mapping(specification.get("Tags"))
    for key in _SENT:
        found |= _mapping(params.get(key))
    found |= _mapping((params.get("CreateBucketConfiguration") or {}).get("Tags"))
    return found


def tags_on(call: Call, resource: str) -> dict[str, str]:
    """The tags of a resource of EC2 or Cloud Map; others are told by their names, and nobody asks for their tags."""
    if call.service == "ec2" and "/" in resource:
        return dict(call.backend("ec2").tags.get(resource.rpartition("/")[2], {}))
    if call.service == "servicediscovery" and resource != "*":
        return _mapping(call.backend("servicediscovery").list_tags_for_resource(resource)["Tags"])
    return {}


def _mapping(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(t.get("Key", t.get("key"))): str(t.get("Value", t.get("value", ""))) for t in tags or ()}
