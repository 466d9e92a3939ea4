"""The one seam through which moto's answers are repaired: around an AWS operation, in AWS's own shapes.

A repair is written against the API, not against moto's handlers: it gets the request as boto3 would take it,
may let moto proceed, and gives back the reply as boto3 would show it. So it survives moto's refactorings, and
an operation that moto lacks is a repair that never proceeds.
"""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from botocore.parsers import create_parser
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.serialize import AttributePickerContext, get_serializer_class
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition

from orchestrator.sandbox.repairs import paging

Reply = dict[str, Any]
Wire = tuple[int, dict[str, Any], Any]
"""What travels: status, headers, body."""
Proceed = Callable[[], Reply]
Repair = Callable[["Call", Proceed], Reply]

Answer = Callable[["Call"], Reply]
Guard = Callable[[BaseResponse], None]

_repairs: dict[tuple[str, str], list[Repair]] = defaultdict(list)
_over: dict[str, Repair] = {}
_guards: dict[str, list[Guard]] = defaultdict(list)
_modules: dict[str, tuple[str, ...]] = {}
_clock: list[Callable[[], float]] = []


class AwsError(ServiceException):
    """An error as AWS words it; raised by a repair, or by ``proceed`` when moto refused the call."""

    def __init__(self, code: str, message: str, *, status: int | None = None, wire: Wire | None = None) -> None:
        super().__init__(code, message)
        self.status = status
        self.wire = wire


@dataclass(frozen=True)
class Call:
    """One request, addressed and parsed."""

    service: str
    operation: str
    account: str
    region: str
    params: dict[str, Any]
    now: float

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return str(get_partition(self.region))

    def arn(self, resource: str) -> str:
        """The ARN of a resource of this call's service, account and region."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{resource}"


def repair(service: str, *operations: str) -> Callable[[Repair], Repair]:
    """Register a function around these operations; the one registered last is outermost."""

    def register(function: Repair) -> Repair:
        for operation in operations:
            _repairs[service, operation].append(function)
        return function

    return register


def operation(service: str, *operations: str) -> Callable[[Answer], Answer]:
    """Register a function as the whole answer of operations that moto lacks or gets wrong from the start."""

    def register(function: Answer) -> Answer:
        repair(service, *operations)(lambda call, _: function(call))
        return function

    return register


def guard(service: str) -> Callable[[Guard], Guard]:
    """Register a function that may refuse any call of a service, before anything of it is parsed or done."""

    def register(function: Guard) -> Guard:
        _guards[service].append(function)
        return function

    return register


def over(repairs: Mapping[str, Repair]) -> None:
    """Put these around every call of their services, outside of all else, and take away what was there before."""
    _over.clear()
    _over.update(repairs)


def declare(modules: Mapping[str, tuple[str, ...]]) -> None:
    """Say which modules hold more repairs of a service, beside those already declared."""
    for service, names in modules.items():
        _modules[service] = _modules.get(service, ()) + names


def install(now: Callable[[], float], modules: Mapping[str, tuple[str, ...]]) -> None:
    """Put the seam into moto's dispatch; ``modules`` hold a service's repairs and are imported at its first call."""
    first = not _clock
    _clock[:] = [now]
    if not first:
        return
    declare(modules)
    create, answer = BaseResponse.__init__, BaseResponse.call_action

    @wraps(create)
    def load_repairs(self: BaseResponse, service_name: str | None = None) -> None:
        create(self, service_name)
        for module in _modules.pop(self.boto3_service_name, ()):
            importlib.import_module(module)

    @wraps(answer)
    def call_action(self: BaseResponse) -> Wire:
        return around(self, lambda: answer(self))

    BaseResponse.__init__ = load_repairs
    BaseResponse.call_action = call_action


def around(response: BaseResponse, proceed: Callable[[], Wire]) -> Wire:
    """Answer a request whose ``response`` object is set up, through every guard and repair of its operation."""
    service, operation = response.boto3_service_name, response._get_action()
    guards = _guards.get(service, ())
    chain = [*_repairs.get((service, operation), ()), *((_over[service],) if service in _over else ())]
    pageable = paging.model(service, operation) is not None
    if not guards and not chain and not pageable:
        return proceed()
    wire = _Wired(response, operation)
    try:
        for check in guards:
            check(response)
        params = wire.params() if chain or pageable else {}
        paged = pageable and paging.wanted(service, operation, params)
        if not chain and not paged:
            return proceed()
        call = Call(service, operation, response.current_account, response.region, params, _clock[0]())
        asked = dict(params)
        wire.hide(paging.resumed(service, operation, params))
        reply = _through(chain, call, lambda: wire.reply(proceed()))
        return wire.write(paging.cut(service, operation, asked, reply) if paged else reply)
    except AwsError as error:
        return wire.refuse(error)


def _through(chain: Sequence[Repair], call: Call, step: Proceed) -> Reply:
    for function in chain:
        step = _bind(function, call, step)
    return step()


def _bind(function: Repair, call: Call, inner: Proceed) -> Proceed:
    return lambda: function(call, inner)


class _Wired:
    """Translates between the wire and boto3's shapes for one operation."""

    def __init__(self, response: BaseResponse, operation: str) -> None:
        self._response = response
        self._service = get_service_model(response.boto3_service_name)
        self._operation = self._service.operation_model(operation)

    def params(self) -> dict[str, Any]:
        """The request; where moto works on parsed parameters these are they, so that a repair may change them."""
        if self._response.automated_parameter_parsing and type(self._response.params) is dict:
            return self._response.params
        request = self._response.normalized_request
        protocol = determine_request_protocol(self._service, request.content_type)
        parsed = PROTOCOL_PARSERS[protocol](self._operation, map_type=dict).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": self._response.uri_match,
            }
        )
        return dict(parsed or {})

    def hide(self, name: str | None) -> None:
        """Take a parameter away from moto, where it reads its parameters from a map or a JSON body."""
        if name is None:
            return
        if self._response.automated_parameter_parsing:
            self._response.params.pop(name, None)
        elif self._response.determine_response_protocol(self._service) == "json":
            self._response.body = json.dumps({k: v for k, v in json.loads(self._response.body).items() if k != name})

    def reply(self, wire: Wire) -> Reply:
        status, headers, body = wire
        content = body.encode() if isinstance(body, str) else body
        protocol = self._response.determine_response_protocol(self._service)
        parsed = create_parser(protocol).parse(
            {"status_code": int(status), "headers": headers, "body": content or b""}, self._operation.output_shape
        )
        if int(status) >= 300:
            error = parsed.get("Error", {})
            raise AwsError(error.get("Code", str(status)), error.get("Message", ""), wire=wire)
        parsed.pop("ResponseMetadata", None)
        return dict(parsed)

    def write(self, reply: Reply) -> Wire:
        protocol = self._response.determine_response_protocol(self._service)
        serializer = get_serializer_class(self._service.service_name, protocol)(
            operation_model=self._operation, value_picker=_pick
        )
        written = serializer.serialize(reply)
        return self._send(written["status_code"], written["headers"], written["body"])

    def refuse(self, error: AwsError) -> Wire:
        if error.wire is not None:
            return error.wire
        status, headers, body = self._response.serialized(ActionResult(error))
        return self._send(error.status or status, headers, body)

    def _send(self, status: int, headers: Mapping[str, Any], body: Any) -> Wire:
        enriched, body = BaseResponse._enrich_response({**headers, "status": status}, body)
        return status, enriched, body


def _pick(context: AttributePickerContext) -> Any:
    """What a reply holds by a name. It has boto3's shapes, so the many spellings that moto tries are not looked for."""
    return context.obj.get(context.key)
