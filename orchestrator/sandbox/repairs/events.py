"""EventBridge: tags of a rule count when it is made, not each time it is put."""

from __future__ import annotations

from moto.events.models import events_backends

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, repair


@repair("events", "PutRule")
def tags_at_creation(call: Call, proceed: Proceed) -> Reply:
    """Putting a rule that exists ignores the tags; moto writes them over the old ones."""
    backend = events_backends[call.account][call.region]
    bus = backend.event_buses.get(call.params.get("EventBusName", "default"))
    rule = bus.rules.get(call.params["Name"]) if bus else None
    if rule is None:
        return proceed()
    tags = backend.tagger.list_tags_for_resource(rule.arn)["Tags"]
    reply = proceed()
    backend.tagger.delete_all_tags_for_resource(rule.arn)
    backend.tagger.tag_resource(rule.arn, tags)
    return reply
