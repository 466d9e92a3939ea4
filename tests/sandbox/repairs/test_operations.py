"""The seam itself: what is registered exists on AWS, and installing twice wraps nothing twice."""

from __future__ import annotations

import importlib

import pytest
from botocore.exceptions import ClientError
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from orchestrator.sandbox import repairs
from orchestrator.sandbox.repairs import operations, paging


def test_every_repaired_operation_is_one_of_aws(sandbox):
    for modules in repairs._SERVICES.values():
        for module in modules:
            importlib.import_module(module)
    registered = {*operations._repairs, *paging.DEFAULT_PAGE}
    assert registered
    for service, operation in registered:
        assert operation in get_service_model(service).operation_names, f"{service} has no {operation}"


def test_every_default_page_is_of_an_operation_that_botocore_pages():
    for service, operation in paging.DEFAULT_PAGE:
        assert paging.model(service, operation) is not None, f"{service} {operation} is never paged"


def test_installing_again_wraps_nothing_again(sandbox):
    before = BaseResponse.call_action
    repairs.install(sandbox.world.now)
    assert BaseResponse.call_action is before


@pytest.mark.parametrize(
    ("service", "call", "arguments", "code", "status"),
    [
        ("ec2", "describe_nat_gateways", {"NatGatewayIds": ["nat-0123456789abcdef0"]}, "NatGatewayNotFound", 400),
        ("cloudwatch", "list_tags_for_resource", {"ResourceARN": "arn:aws:cloudwatch:us-east-1:1:alarm:x"},
         "ResourceNotFoundException", 404),
        ("codecommit", "list_tags_for_resource", {"resourceArn": "arn:aws:codecommit:us-east-1:1:x"},
         "RepositoryDoesNotExistException", 400),
    ],
    ids=["ec2", "query or cbor", "json"],
)  # fmt: skip
def test_a_refusal_speaks_the_protocol_of_its_service(aws, service, call, arguments, code, status):
    with pytest.raises(ClientError) as refused:
        getattr(aws(service), call)(**arguments)
    assert refused.value.response["Error"]["Code"] in (code, code.removesuffix("Exception"))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_what_moto_refuses_is_passed_on_as_it_was(aws):
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        aws("ec2").create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24")
