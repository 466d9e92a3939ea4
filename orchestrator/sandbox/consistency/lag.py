"""Keeps what is new from being known, around every call of the services that hear late.

A call that names a new id is refused as one that names an unknown one; lists leave it out. What is asked for by name
or by filter is simply not there yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.consistency.news import PROPAGATION, news, reset
from orchestrator.sandbox.consistency.things import BESIDE, THINGS, Thing
from orchestrator.sandbox.record import strike
from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, over

_lag = [0.0]
_FILTERS = ("Filter", "Filters")


def install(seconds: float) -> None:
    """Let everything new be known only so many seconds later; 0 for at once, as ever."""
    reset()
    late = dict.fromkeys(THINGS, _heard_late)
    over({**late, "iam": _not_assumable_yet, "resourcegroupstaggingapi": _indexed_late} if seconds else {})
    _lag[:] = [seconds]


def _heard_late(call: Call, proceed: Proceed) -> Reply:
    """A new id is unknown to calls that name it, and missing in lists."""
    new, things = news.things(call.now), THINGS[call.service]
    named = {name: value for name, value in call.params.items() if name not in _FILTERS}
    for text in _texts(named):
        missed = new[text].missed_by(call.service) if text in new else None
        if missed is not None:
            code, wording = missed
            strike("consistency", code)
            raise AwsError(code, wording.format(text), status=400)
    reply = proceed()
    for thing in things:
        if thing.operation == call.operation:
            _note(thing, reply, call.now)
        elif thing.listed in reply and not call.operation.startswith("Create"):
            _hide(thing, reply, new)
    if call.operation.startswith("Describe"):
        for listed, owner in BESIDE.items():
            if listed in reply:
                reply[listed] = [item for item in reply[listed] if item.get(owner) not in new]
    return reply


def _note(thing: Thing, reply: Reply, now: float) -> None:
    made = reply[thing.made] if thing.made else reply
    for item in made if isinstance(made, list) else [made]:
        news.note_thing(item[thing.id], thing, now + _lag[0])


def _hide(thing: Thing, reply: Reply, new: dict[str, Thing]) -> None:
    """A list that names nothing new has nothing to hide; with a new VPC goes what EC2 made in it."""
    reply[thing.listed] = [
        item for item in reply[thing.listed] if item.get(thing.id) not in new and item.get("VpcId") not in new
    ]


def _not_assumable_yet(call: Call, proceed: Proceed) -> Reply:
    """A role can be read at once, and is nothing that others know for a while."""
    reply = proceed()
    if call.operation in ("CreateRole", "CreateServiceLinkedRole"):
        news.note_role(reply["Role"]["Arn"], call.now + PROPAGATION * _lag[0])
    return reply


def _indexed_late(call: Call, proceed: Proceed) -> Reply:
    """The tagging index finds by ARN what EC2 and ELB name by id or by ARN."""
    new, reply = news.things(call.now), proceed()
    if "ResourceTagMappingList" in reply:
        reply["ResourceTagMappingList"] = [
            item
            for item in reply["ResourceTagMappingList"]
            if not {item["ResourceARN"], item["ResourceARN"].rpartition("/")[2]} & new.keys()
        ]
    return reply


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
