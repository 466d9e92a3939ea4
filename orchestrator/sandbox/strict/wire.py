"""Between a rule and the wire: the request as the service's model reads it, the refusal in the caller's protocol."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model

from orchestrator.sandbox.record import strike
from orchestrator.sandbox.strict.registry import Refusal

log = logging.getLogger(__name__)


class Refused(ServiceException):
    """A refusal as moto's serializers want it: they look for the service of an exception in its module's name."""


@cache
def operations_of(service: str) -> frozenset[str]:
    """The operations that the service's model knows; none for a service without one."""
    try:
        return frozenset(get_service_model(service).operation_names)
    except Exception:
        return frozenset()


def parse(response: Any, service: str, operation: str, uri: dict[str, Any]) -> dict[str, Any] | None:
    """The parameters as boto3 was given them, or ``None`` where the request cannot be read."""
    model = get_service_model(service)
    request = response.normalized_request
    try:
        parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)]
        parsed = parser(model.operation_model(operation)).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": uri,
            }
        )
    except Exception:
        log.debug("strict layer cannot parse %s.%s", service, operation, exc_info=True)
        return None
    return parsed if isinstance(parsed, dict) else None


def answer(response: Any, refusal: Refusal) -> Any:
    """The refusal as the client expects to read it."""
    strike(f"rule {refusal.rule}", refusal.code)
    status, headers, body = response.serialized(ActionResult(Refused(refusal.code, refusal.message)))
    status = refusal.status or status
    headers, body = response._enrich_response(headers, body)
    headers["status"] = str(status)
    return status, headers, body
