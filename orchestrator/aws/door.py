"""The one door to AWS: a session, its clients, and what holds for every call that goes through them.

Every attempt of every call, those of paginators included, is checked (a read-only door lets no write out), paced by the
published limits, counted, and retried when AWS did not carry it out. A creation whose reply was lost is never
repeated here: it raises ``UnknownOutcome``, and the engine looks before it leaps.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import urlsplit

import jmespath
import tenacity
from botocore import exceptions as boto
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import Session

from orchestrator.aws.answers import refuse_cut_json
from orchestrator.aws.errors import ErrorClass, classify, code_of, message_of
from orchestrator.aws.models import decode_quickly
from orchestrator.aws.pace import Pace
from orchestrator.aws.redact import Redactor
from orchestrator.core.clock import Clock
from orchestrator.core.errors import AwsError, CredentialsError, WrongAccount

T = TypeVar("T")
U = TypeVar("U")

READS = ("Describe", "List", "Get", "BatchGet", "BatchCheck", "Search", "Head", "Lookup", "Query", "Scan", "Simulate")
_ONCE = ("Create", "Allocate", "Run", "Request", "Import", "Authorize", "RegisterTaskDefinition", "Start")
_SLOW = ("elbv2", "ec2", "resourcegroupstaggingapi", "ecs", "s3", "iam")
_DEEPEST = 2
_ATTEMPTS = 10
_ATTEMPTS_FAILING = 6
_ATTEMPTS_UNREACHABLE = 4


class ReadOnlyDoor(AwsError):
    """A write was tried through a door that only reads: a defect of ours, stopped before it reached AWS."""


class UnknownOutcome(AwsError):
    """A creation may or may not have been carried out: the reply was lost. Look for the thing before trying again."""


@dataclass(frozen=True)
class Call:
    """One attempt at one operation, as the audit sees it. ``result`` is ``ok`` or an error code."""

    service: str
    operation: str
    result: str


@dataclass(frozen=True)
class Identity:
    """Who we are on AWS."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return self.arn.split(":")[1]


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach AWS. Credentials come from the standard chain; ``AWS_ENDPOINT_URL`` is honoured by botocore."""

    region: str | None = None
    profile: str | None = None
    role: str | None = None
    account: str | None = None


class _Shared:
    """What a door and its readers have in common: making clients is not thread-safe, and one session serves all."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.session: Any = None
        self.caller: Future[Identity] | None = None


class Aws:
    """Clients of one account and region. Thread-safe; clients are made on first use and shared."""

    def __init__(
        self, access: Access, clock: Clock, *, read_only: bool = False, pace: Pace | None = None, workers: int = 16
    ) -> None:
        self.clock = clock
        self.read_only = read_only
        self.pace = pace or Pace(clock)
        self.calls: list[Call] = []
        self._access = access
        self._workers = workers
        self._clients: dict[str, Any] = {}
        self._shared = _Shared()
        self._reader: Aws | None = None
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._redact = Redactor()
        self._retrying = {once: _retrying(clock, once=once) for once in (False, True)}

    def reader(self) -> Aws:
        """The door onto the same account that cannot write; both share the pace, the identity and the audit."""
        if self._reader is None:
            door = Aws(self._access, self.clock, read_only=True, pace=self.pace, workers=self._workers)
            door.calls = self.calls
            door._shared = self._shared
            self._reader = door
        return self._reader

    # -- who and where -----------------------------------------------------------------------------------------------

    @property
    def region(self) -> str:
        """The region of every client. Raises ``AwsError`` when neither plan nor environment names one."""
        region = self._access.region or self._open().get_config_variable("region")
        if not region:
            raise AwsError("no AWS region is set", hint="put `region:` in the plan, or set AWS_REGION")
        return str(region)

    def identity(self) -> Identity:
        """Account and ARN of the caller, asked once. Raises ``WrongAccount`` when the plan pins another account."""
        found = self._asked().result()
        wanted = self._access.account
        if wanted and wanted != found.account:
            raise WrongAccount(
                f"the plan is for account {wanted}, the credentials are of account {found.account}",
                hint="use other credentials, or correct `account:` in the plan; nothing was changed",
            )
        return found

    def hurry(self) -> None:
        """Begin what takes long while the caller goes on with something else; whoever needs it waits for it.

        Who we are is asked, and the clients are made whose kinds ask several times in a row.
        """
        self._asked()
        for service in _SLOW:
            threading.Thread(target=self._make, args=(service,), name=f"aws-{service}", daemon=True).start()

    def _make(self, service: str) -> None:
        with contextlib.suppress(Exception):  # whoever really needs the client gets the error
            self.client(service)

    def _asked(self) -> Future[Identity]:
        shared = self._shared
        with shared.lock:
            if shared.caller is None:
                shared.caller = Future()
                threading.Thread(target=self._ask, args=(shared.caller,), name="aws-identity", daemon=True).start()
            return shared.caller

    def _ask(self, caller: Future[Identity]) -> None:
        try:
            answer = self.client("sts").get_caller_identity()
            caller.set_result(Identity(answer["Account"], answer["Arn"]))
        except BaseException as error:
            caller.set_exception(error)

    @property
    def scope(self) -> str:
        """Account and region, and the endpoint where it is not AWS's own: what state is kept apart by."""
        host = urlsplit(str(self.client("sts").meta.endpoint_url)).netloc
        elsewhere = "" if "amazonaws.com" in host else f".{host.replace(':', '-')}"
        return f"{self.account}.{self.region}{elsewhere}"

    @property
    def account(self) -> str:
        """The account's twelve digits."""
        return self.identity().account

    @property
    def partition(self) -> str:
        """The partition that ARNs begin with."""
        return self.identity().partition

    # -- calling -----------------------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        with self._shared.lock:
            if service not in self._clients:
                self._clients[service] = self._connect(service)
            return self._clients[service]

    def pages(self, service: str, operation: str, path: str, **params: Any) -> Iterator[Any]:
        """Items at a JMESPath of every page. ``operation`` is the client's method name."""
        client = self.client(service)
        find = jmespath.compile(path)
        if client.can_paginate(operation):
            for page in client.get_paginator(operation).paginate(**params):
                yield from find.search(page) or ()
        else:
            yield from find.search(getattr(client, operation)(**params)) or ()

    def each(self, fn: Callable[[T], U], items: Iterable[T]) -> list[U]:
        """``fn`` over all items at once, answers in order: for what AWS only tells one at a time.

        Called from inside another ``each`` it has a pool of its own, since threads of one pool that wait for each
        other would hang; further inside it runs in line.
        """
        todo, depth = list(items), getattr(_inside, "depth", 0)
        if len(todo) < 2 or depth == _DEEPEST:
            return [fn(item) for item in todo]
        with self._shared.lock:
            if depth not in self._pools:
                self._pools[depth] = ThreadPoolExecutor(
                    self._workers, f"aws-read-{depth}", initializer=_enter, initargs=(depth + 1,)
                )
        return list(self._pools[depth].map(fn, todo))

    # -- inside ------------------------------------------------------------------------------------------------------

    def _open(self) -> Any:
        shared = self._shared
        with shared.lock:
            if shared.session is None:
                try:
                    shared.session = _session(self._access)
                except boto.ProfileNotFound as error:
                    raise CredentialsError(message_of(error), hint=_CREDENTIALS_HINT) from None
                if self._access.role:
                    shared.session = self._assume(shared.session, self._access.role)
            return shared.session

    def _assume(self, session: Session, role: str) -> Session:
        """A session of the role, whose credentials renew themselves."""
        source = session.get_credentials()
        if source is None:
            raise CredentialsError("no AWS credentials to assume the role with", hint=_CREDENTIALS_HINT)
        fetcher = AssumeRoleCredentialFetcher(
            session.create_client, source, role, extra_args={"RoleSessionName": "orchestrator"}
        )
        assumed = _session(self._access)
        assumed._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return assumed

    def _connect(self, service: str) -> Any:
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # retries are ours: paced, counted, on our clock
            max_pool_connections=32,
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra="orchestrator",
        )
        client = self._open().create_client(service, region_name=self.region, config=config)
        client.meta.events.register("before-parse", refuse_cut_json)
        send = client._make_api_call

        def guarded(operation: str, params: Any) -> Any:
            return self._call(service, operation, lambda: send(operation, params))

        client._make_api_call = guarded  # generated methods, paginators and waiters all come through here
        return client

    def _call(self, service: str, operation: str, send: Callable[[], Any]) -> Any:
        if self.read_only and not operation.startswith(READS):
            raise ReadOnlyDoor(f"{service}:{operation} was called while only reading is allowed")

        def attempt() -> Any:
            self.pace.take(service, operation)
            try:
                answer = send()
            except Exception as error:
                self.calls.append(Call(service, operation, code_of(error)))
                raise
            self.calls.append(Call(service, operation, "ok"))
            return answer

        try:
            return self._retrying[operation.startswith(_ONCE)](attempt)
        except (boto.BotoCoreError, boto.ClientError) as error:
            raise self._explained(service, operation, error) from error
        except Exception as error:
            if classify(error) is ErrorClass.UNKNOWN:
                raise self._explained(service, operation, error) from error
            raise

    def _explained(self, service: str, operation: str, error: Exception) -> Exception:
        """What a caller gets: AWS's own error where kinds decide by its code, ours where nobody can do anything."""
        match classify(error):
            case ErrorClass.CREDENTIALS if isinstance(error, boto.NoCredentialsError):
                return CredentialsError("no AWS credentials were found", hint=_CREDENTIALS_HINT)
            case ErrorClass.CREDENTIALS:
                return CredentialsError(
                    f"AWS did not accept the credentials ({service}:{operation}: {self._redact(message_of(error))})",
                    hint=_CREDENTIALS_HINT,
                )
            case ErrorClass.UNKNOWN if operation.startswith(_ONCE):
                return UnknownOutcome(f"{service}:{operation}: the reply was lost ({code_of(error)})")
            case ErrorClass.THROTTLED | ErrorClass.UNKNOWN if not isinstance(error, boto.ClientError):
                return AwsError(
                    f"{service}:{operation} cannot reach AWS: {self._redact(message_of(error))}",
                    hint=self._whereabouts(),
                )
        return error

    def _whereabouts(self) -> str:
        """What to look at when AWS cannot be reached: a region that is none before anything else."""
        session = self._open()
        known = [r for p in session.get_available_partitions() for r in session.get_available_regions("ec2", p)]
        if self.region in known:
            return "check the network, the region and AWS_ENDPOINT_URL"
        close = " or ".join(get_close_matches(self.region, known))
        return f"no AWS region is known as {self.region}" + (f", did you mean {close}?" if close else "")


_CREDENTIALS_HINT = "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --sandbox to need none"


_inside = threading.local()


def _session(access: Access) -> Session:
    """Where settings and credentials come from. Raises ``ProfileNotFound``."""
    session = Session(profile=access.profile)
    if access.region:
        session.set_config_variable("region", access.region)
    decode_quickly(session)
    return session


def _enter(depth: int) -> None:
    _inside.depth = depth


def _retrying(clock: Clock, *, once: bool) -> tenacity.Retrying:
    """Retries of what AWS did not carry out; where repeating does no harm, also of what it may have carried out."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: _again(error, once)),
        stop=_enough,
        wait=tenacity.wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5),
        sleep=clock.sleep,
        reraise=True,
    )


def _again(error: BaseException, once: bool) -> bool:
    meaning = classify(error)
    return meaning is ErrorClass.THROTTLED or (meaning is ErrorClass.UNKNOWN and not once)


def _enough(state: tenacity.RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, boto.EndpointConnectionError | boto.ConnectTimeoutError):
        return state.attempt_number >= _ATTEMPTS_UNREACHABLE
    throttled = error is None or classify(error) is ErrorClass.THROTTLED
    return state.attempt_number >= (_ATTEMPTS if throttled else _ATTEMPTS_FAILING)
