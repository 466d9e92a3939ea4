"""Errors that AWS answers with whatever was asked for, in the code of each service and the protocol of the caller.

AWS never settled on one code: what ECS calls ``ThrottlingException`` is ``Throttling`` to ELB and
``RequestLimitExceeded`` to EC2. Quotas are named by the operation that meets them.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from moto.core.exceptions import ServiceException
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from orchestrator.sandbox.chain import OPERATION
from orchestrator.sandbox.record import strike
from orchestrator.sandbox.requests import Operation

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class Kind(enum.Enum):
    """What an error of any operation may be about."""

    THROTTLE = "throttle"
    ERROR = "5xx"
    DENIED = "denied"
    QUOTA = "quota"


Answer = tuple[int, str]
"""HTTP status and error code."""

_OF_SERVICE: dict[tuple[Kind, str], Answer] = {
    (Kind.THROTTLE, "apigatewayv2"): (429, "TooManyRequestsException"),
    (Kind.THROTTLE, "athena"): (400, "TooManyRequestsException"),
    (Kind.THROTTLE, "cognito-idp"): (400, "TooManyRequestsException"),
    (Kind.THROTTLE, "eks"): (429, "ThrottlingException"),
    (Kind.THROTTLE, "kafka"): (429, "TooManyRequestsException"),
    (Kind.THROTTLE, "lambda"): (429, "TooManyRequestsException"),
    (Kind.THROTTLE, "resourcegroupstaggingapi"): (400, "ThrottledException"),
    (Kind.THROTTLE, "route53"): (400, "Throttling"),
    (Kind.THROTTLE, "servicediscovery"): (400, "RequestLimitExceeded"),
    (Kind.THROTTLE, "sns"): (400, "Throttled"),
    (Kind.ERROR, "ecs"): (500, "ServerException"),
    (Kind.ERROR, "iam"): (500, "ServiceFailure"),
}
_BY_PROTOCOL: dict[tuple[Kind, str], Answer] = {
    (Kind.THROTTLE, "ec2"): (503, "RequestLimitExceeded"),
    (Kind.THROTTLE, "rest-xml"): (503, "SlowDown"),
    (Kind.THROTTLE, "query"): (400, "Throttling"),
    (Kind.ERROR, "ec2"): (500, "InternalError"),
    (Kind.ERROR, "rest-xml"): (500, "InternalError"),
    (Kind.ERROR, "query"): (500, "InternalFailure"),
    (Kind.DENIED, "ec2"): (403, "UnauthorizedOperation"),
    (Kind.DENIED, "rest-xml"): (403, "AccessDenied"),
    (Kind.DENIED, "query"): (403, "AccessDenied"),
    (Kind.QUOTA, "ec2"): (400, "ResourceLimitExceeded"),
    (Kind.QUOTA, "query"): (400, "LimitExceeded"),
}
_OTHERWISE: dict[Kind, Answer] = {
    Kind.THROTTLE: (400, "ThrottlingException"),
    Kind.ERROR: (500, "InternalServerException"),
    Kind.DENIED: (400, "AccessDeniedException"),
    Kind.QUOTA: (400, "LimitExceededException"),
}
_MESSAGES = {
    Kind.THROTTLE: "Rate exceeded",
    Kind.ERROR: "An internal error has occurred",
    Kind.DENIED: "You are not authorized to perform this operation.",
    Kind.QUOTA: "The request exceeds a quota of this account.",
}
_QUOTAS: dict[tuple[str, str], str] = {
    ("ec2", "AllocateAddress"): "AddressLimitExceeded",
    ("ec2", "AuthorizeSecurityGroupEgress"): "RulesPerSecurityGroupLimitExceeded",
    ("ec2", "AuthorizeSecurityGroupIngress"): "RulesPerSecurityGroupLimitExceeded",
    ("ec2", "CreateInternetGateway"): "InternetGatewayLimitExceeded",
    ("ec2", "CreateNatGateway"): "NatGatewayLimitExceeded",
    ("ec2", "CreateNetworkAcl"): "NetworkAclLimitExceeded",
    ("ec2", "CreateNetworkAclEntry"): "NetworkAclEntryLimitExceeded",
    ("ec2", "CreateRoute"): "RouteLimitExceeded",
    ("ec2", "CreateRouteTable"): "RouteTableLimitExceeded",
    ("ec2", "CreateSecurityGroup"): "SecurityGroupLimitExceeded",
    ("ec2", "CreateSubnet"): "SubnetLimitExceeded",
    ("ec2", "CreateVpc"): "VpcLimitExceeded",
    ("ec2", "CreateVpcEndpoint"): "VpcEndpointLimitExceeded",
    ("ec2", "RunInstances"): "InstanceLimitExceeded",
    ("elbv2", "CreateRule"): "TooManyRules",
    ("lambda", "CreateFunction"): "CodeStorageExceededException",
    ("s3", "CreateBucket"): "TooManyBuckets",
}
"""Where the service model names no quota; everywhere else the operation's own errors do."""
_QUOTA = re.compile(r"(LimitExceeded|QuotaExceeded|^TooMany|^MaximumNumber)")
_NO_QUOTA = re.compile(r"(TooMany(Requests|Tags|Actions|Unique)|RequestLimit|Throughput|Policy)")


class _Refusal(ServiceException):
    """An error as moto's serializers want it: they look for the service of an exception in its module's name."""


def refuse(
    kind: Kind,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    *,
    by: str,
    code: str = "",
    message: str = "",
) -> Iterable[bytes]:
    """Answer a request with an error of that kind, and have it recorded by whom."""
    asked: Operation = environ[OPERATION]
    service = get_service_model(asked.service)
    protocol = determine_request_protocol(service, environ.get("CONTENT_TYPE", ""))
    status, usual = usual_answer(kind, asked.service, asked.name, protocol)
    said = code or usual
    strike(by, said)
    serializer = get_serializer_class(asked.service, protocol)
    written = serializer(operation_model=service.operation_model(asked.name)).serialize(
        _Refusal(said, message or _MESSAGES[kind])
    )
    text = written["body"]
    body = text if isinstance(text, bytes) else str(text).encode()
    headers = {**written["headers"], "Content-Length": str(len(body))}
    start_response(f"{status} {said}", [(name, str(value)) for name, value in headers.items()])
    return [body]


@cache
def usual_answer(kind: Kind, service: str, operation: str, protocol: str) -> Answer:
    """What that service says."""
    status, code = _OF_SERVICE.get((kind, service)) or _BY_PROTOCOL.get((kind, protocol)) or _OTHERWISE[kind]
    return (status, _quota(service, operation) or code) if kind is Kind.QUOTA else (status, code)


def _quota(service: str, operation: str) -> str | None:
    if named := _QUOTAS.get((service, operation)):
        return named
    for shape in get_service_model(service).operation_model(operation).error_shapes:
        if _QUOTA.search(shape.name) and not _NO_QUOTA.search(shape.name):
            return str(shape.error_code or shape.name)
    return None
