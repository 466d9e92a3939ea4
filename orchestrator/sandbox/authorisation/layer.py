"""The layer that asks before moto does anything: who calls, and do policies allow all that the call does."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from
from moto.utilities.utils import get_partition

from orchestrator.sandbox.authorisation.asks import asks_of
from orchestrator.sandbox.authorisation.call import Call
from orchestrator.sandbox.authorisation.callers import Caller, caller_of
from orchestrator.sandbox.authorisation.evaluation import Ask, Verdict, judge
from orchestrator.sandbox.chain import OPERATION
from orchestrator.sandbox.refusals import Kind, refuse
from orchestrator.sandbox.requests import Operation, read_body

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_KEY = re.compile(r"Credential=([^/]+)/")
_ALWAYS = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
_log = logging.getLogger(__name__)


class Authorised:
    """Lets through what the caller's policies allow. Reads moto's models, so it stands where one call is at a time."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or refuse it as AWS does."""
        operation: Operation | None = environ.get(OPERATION)
        if operation is None or f"{operation.service}:{operation.name}" in _ALWAYS:
            return self._app(environ, start_response)
        key = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        access_key = key.group(1) if key else ""
        account, partition = get_account_id_from(access_key), str(get_partition(operation.region))
        caller = caller_of(access_key, account, partition)
        if caller is None:
            return self._app(environ, start_response)
        call = Call(
            service=operation.service,
            operation=operation.name,
            params=_params(environ, operation),
            account=account,
            region=operation.region,
            partition=partition,
        )
        for ask in asks_of(call):
            if (verdict := _verdict(caller, ask)) is not Verdict.ALLOWED:
                message = _words(operation.service, caller, ask, verdict)
                return refuse(Kind.DENIED, environ, start_response, by="IAM", message=message)
        return self._app(environ, start_response)


def _verdict(caller: Caller, ask: Ask) -> Verdict:
    said = judge(caller.policies, ask)
    if said is Verdict.ALLOWED and caller.boundary is not None:
        return judge([caller.boundary], ask)
    return said


def _words(service: str, caller: Caller, ask: Ask, verdict: Verdict) -> str:
    why = verdict.value.format(action=ask.action)
    told = f"User: {caller.arn} is not authorized to perform: {ask.action} on resource: {ask.resource} {why}"
    return f"You are not authorized to perform this operation. {told}" if service == "ec2" else told


def _params(environ: WSGIEnvironment, operation: Operation) -> dict[str, Any]:
    """The call's parameters, typed as boto3 was given them; the body stays in place for moto."""
    body = read_body(environ)
    request = Request(dict(environ))
    model = get_service_model(operation.service)
    try:
        _, uri = get_service_router(operation.service).match(request)
        parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)]
        parsed = parser(model.operation_model(operation.name)).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": uri,
            }
        )
    except Exception:
        _log.info("the parameters of %s cannot be read", operation, exc_info=True)
        parsed = {}
    finally:
        environ["wsgi.input"].seek(0)
    return parsed if isinstance(parsed, dict) else {}
