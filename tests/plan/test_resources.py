# ruff: noqa: E501  (a message is one line, as it is printed)
"""The section ``resources``: any kind by its own fields, references among them, and errors as good as elsewhere."""

from __future__ import annotations

from typing import get_args

import pytest

from orchestrator.core.address import Address
from orchestrator.core.values import Join, PolicyDoc, Ref, Secret
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.ec2.security_groups import Rule, SecurityGroup
from orchestrator.kinds.storage import Bucket, Encryption
from orchestrator.plan.compile import Context, compile_plan
from orchestrator.plan.resources.build import convert
from orchestrator.plan.resources.hints import fields, shape
from tests.plan.conftest import SMALL, Load, Refusal

HEAD = "name: shop\nregion: eu-west-1\nresources:\n"


def built(load: Load, text: str) -> dict[str, object]:
    loaded = load(text)
    context = Context(stack=loaded.stack, account="123456789012", region="eu-west-1")
    return {str(r.address): r for r in compile_plan(loaded.model, context).resources}


def test_a_resource_is_built_from_its_kinds_fields_and_named_after_the_stack(load: Load) -> None:
    bucket = built(load, HEAD + "  bucket/media: {versioning: true, encryption: {algorithm: 'aws:kms'}}\n")[
        "bucket/media"
    ]
    assert isinstance(bucket, Bucket)
    assert (bucket.aws_name, bucket.versioning, bucket.encryption) == (
        "shop-media-123456789012-eu-west-1",
        True,
        Encryption("aws:kms"),
    )


def test_a_stated_name_on_aws_wins(load: Load) -> None:
    assert built(load, HEAD + "  bucket/media: {aws_name: old-media}\n")["bucket/media"].aws_name == "old-media"  # type: ignore[attr-defined]


def test_a_resource_may_refer_to_what_other_sections_make(load: Load) -> None:
    rule = "{peer: '${security-group/tasks.id}', from_port: 5432, to_port: 5432}"
    text = SMALL + f"resources:\n  security-group/database: {{vpc: '${{vpc/main.id}}', ingress: [{rule}]}}\n"
    group = built(load, text)["security-group/database"]
    assert isinstance(group, SecurityGroup)
    assert group.vpc == Ref(Address("vpc", "main"), "id")
    assert group.ingress == {Rule(Ref(Address("security-group", "tasks")), "tcp", 5432, 5432)}


def test_references_inside_documents_and_texts_are_references(load: Load) -> None:
    text = HEAD + (
        "  bucket/media: {}\n"
        "  role/reader:\n"
        "    trust: {Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}\n"
        "    inline: {read: {Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '${bucket/media.arn}/*'}]}}\n"
    )
    policy = built(load, text)["role/reader"].inline["read"]  # type: ignore[attr-defined]
    assert isinstance(policy, PolicyDoc)
    assert policy.value["Statement"][0]["Resource"] == Join((Ref(Address("bucket", "media"), "arn"), "/*"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("bukket/media: {}", "4:3: resources.bukket/media: there is no kind 'bukket', did you mean bucket?"),
        ("bucket/media: {versionin: true}", "4:18: resources.bucket/media.versionin: unknown key, did you mean versioning?"),
        ("bucket/media: {versioning: yes}", "4:30: resources.bucket/media.versioning: found 'yes', allowed: true or false"),
        ("subnet/x: {vpc: vpc-1, cidr: 10.0.0.0/24}", "4:3: resources.subnet/x.zone: missing, needed: text"),
        ("bucket/media: {encryption: {algoritm: AES256}}", "4:31: resources.bucket/media.encryption.algoritm: unknown key, did you mean algorithm?"),
        ("bucket/media: {policy: nothing}", "4:26: resources.bucket/media.policy: found 'nothing', allowed: a JSON document as a mapping"),
        ("bucket/media: {policy: {Resource: '${bucket/other.arn}'}}", "4:17: resources.bucket/media: refers to ${bucket/other.arn}, but there is no resource 'bucket/other', did you mean bucket/media?"),
        ("route-table/x: {vpc: vpc-1, subnets: ['${route-table/x.arn}']}", "4:18: resources.route-table/x: refers to ${route-table/x.arn}, but a route-table has no output 'arn', it has id"),
        ("route-table/x: {vpc: vpc-1, subnets: ['${route-table/x.id}']}", "4:18: resources.route-table/x: resources need each other in a circle: route-table/x -> route-table/x"),
        ("bucket/media: {after: [bucket]}", "4:26: resources.bucket/media.after[0]: found 'bucket', allowed: an address such as vpc/main"),
        ("Bucket: {}", "4:3: resources.Bucket: found the name 'Bucket', allowed: an address such as bucket/media"),
    ],
)  # fmt: skip
def test_a_fault_in_a_resource_is_told_with_its_place(refusal: Refusal, line: str, told: str) -> None:
    assert refusal(f"{HEAD}  {line}\n") == [f"plan.yaml:{told}"]


def test_what_a_service_may_do_is_said_of_what_the_plan_makes(load: Load) -> None:
    allowed = "    permissions: [{actions: ['s3:GetObject'], resources: ['${bucket/media.arn}/*']}]\n"
    role = built(load, SMALL + allowed + "resources:\n  bucket/media: {}\n")["role/cart-task"]
    [statement] = role.inline["permissions"].value["Statement"]  # type: ignore[attr-defined]
    assert statement["Resource"] == [Join((Ref(Address("bucket", "media"), "arn"), "/*"))]


def test_what_a_service_may_do_with_what_nobody_makes_is_refused(refusal: Refusal) -> None:
    allowed = "    permissions: [{actions: ['s3:GetObject'], resources: ['${bucket/medio.arn}/*']}]\n"
    assert refusal(SMALL + allowed + "resources:\n  bucket/media: {}\n") == [
        "plan.yaml:12:59: services.cart.permissions[0].resources[0]: refers to ${bucket/medio.arn}, but there is no resource 'bucket/medio', did you mean bucket/media?"
    ]


def test_an_address_that_the_plan_has_already_is_refused(refusal: Refusal) -> None:
    text = SMALL + "resources:\n  vpc/main: {cidr: 10.9.0.0/16}\n"
    assert refusal(text) == [
        "plan.yaml:13:3: resources.vpc/main: is the address of something that the plan has already"
    ]


def test_adopting_what_the_plan_does_not_have_is_refused_because_nothing_would_happen(refusal: Refusal) -> None:
    assert refusal(SMALL + "adopt: [repository/crt]\n") == [
        "plan.yaml:12:9: adopt[0]: there is no resource 'repository/crt', did you mean repository/cart?"
    ]


def test_security_groups_in_a_circle_are_told_because_neither_could_be_made_first(refusal: Refusal) -> None:
    circle = "network:\n  security_groups:\n    one: [{ports: 1, from: two}]\n    two: [{ports: 1, from: one}]\n"
    (told,) = refusal(SMALL.replace("network:\n", circle))
    assert told.startswith(
        "plan.yaml:5:5: network.security_groups: resources need each other in a circle: security-group/"
    )


def test_secrets_of_a_resource_are_never_shown() -> None:
    value = convert(shape(Secret | None), "hunter2", ())
    assert (value, repr(value)) == (Secret("hunter2"), "***")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_every_kind_can_be_written_in_a_plan(kind: str) -> None:
    sorts = {name: field.sort for name, field in fields(KINDS[kind].resource).items()}
    assert sorts.keys() >= {"tags", "after"}
    assert all(sort in get_args(_sorts()) for sort in sorts.values())


def _sorts() -> object:
    from orchestrator.plan.resources.hints import Sort

    return Sort
