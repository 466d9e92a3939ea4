"""Which AWS operation a request asks for, told from its outside, before anything has handled it.

The call log needs the name, and so does whatever is put in front of the real handling later: faults, delays, denials.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_BOTO3_NAMES = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "elasticfilesystem": "efs",
    "states": "stepfunctions",
}
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Operation:
    """A service by its boto3 name, an operation by its API name, and the region it is meant for."""

    service: str
    name: str
    region: str


def identify(environ: WSGIEnvironment) -> Operation:
    """The operation a request asks for; ``unknown`` where a request does not say."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    region, signed = scope.groups() if scope else (_UNKNOWN, _UNKNOWN)
    service = _BOTO3_NAMES.get(signed, signed)
    return Operation(service, _name(environ, service), region)


def read_body(environ: WSGIEnvironment) -> bytes:
    """The whole body, left in place for whoever reads it next."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = bytes(environ["wsgi.input"].read(length)) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _name(environ: WSGIEnvironment, service: str) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if rpc := _RPC_PATH.match(environ.get("PATH_INFO", "")):
        return rpc.group(1)
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(read_body(environ).decode("utf-8", "replace")).get("Action")
        return action[0] if action else _UNKNOWN
    return _rest_name(environ, service)


def _rest_name(environ: WSGIEnvironment, service: str) -> str:
    from moto.core.request import Request
    from moto.core.routing import get_service_router

    try:
        operation, _ = get_service_router(service).match(Request(environ, populate_request=False))
    except Exception:  # a service or a path that botocore does not know: the request is handled all the same
        return _UNKNOWN
    return str(operation.name)
