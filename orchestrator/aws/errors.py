"""What an AWS error means for us, decided in one place.

Codes first, message fragments only where AWS overloads a code. Sources: the service models, and the lists of what
real accounts answer (IAM propagation, deletions that wait for network interfaces).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

T = TypeVar("T")


class ErrorClass(enum.StrEnum):
    """What to do about it."""

    THROTTLED = "throttled"  # not executed; try again later
    UNKNOWN = "unknown"  # may have been executed; observe before deciding
    PROPAGATING = "propagating"  # a fresh role or policy that AWS does not know everywhere yet; up to 2 minutes
    BUSY = "busy"  # another change is in progress, or something still uses it; try again
    FULL = "full"  # still holds something; try again where that may be thrown away
    EXISTS = "exists"
    NOT_FOUND = "not found"
    DENIED = "denied"
    QUOTA = "quota"
    CREDENTIALS = "credentials"
    FATAL = "fatal"


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_THROTTLE = _codes(
    """
    Throttling ThrottlingException ThrottledException RequestThrottledException TooManyRequestsException
    ProvisionedThroughputExceededException RequestLimitExceeded BandwidthLimitExceeded RequestThrottled
    SlowDown PriorRequestNotComplete TransactionInProgressException EC2ThrottledException
    """
)
_CREDENTIALS = _codes(
    """
    ExpiredToken ExpiredTokenException RequestExpired InvalidClientTokenId UnrecognizedClientException
    AuthFailure InvalidAccessKeyId SignatureDoesNotMatch RequestTimeTooSkewed IncompleteSignature
    MissingAuthenticationToken MissingAuthenticationTokenException InvalidToken OptInRequired
    """
)
_DENIED = _codes(
    """
    AccessDenied AccessDeniedException UnauthorizedOperation UnauthorizedAccess NotAuthorized
    NotAuthorizedException AuthorizationError 403
    """
)
_BUSY = _codes(
    """
    OperationAborted ConditionalRequestConflict ConcurrentModification ConcurrentModificationException
    ConcurrentUpdateException UpdateInProgressException DependencyViolation DeleteConflict IncorrectState
    ResourceInUse ResourceInUseException ResourceConflictException InvalidGroup.InUse InvalidIPAddress.InUse
    ClusterContainsServicesException ClusterContainsTasksException ConcurrentDeploymentException
    OperationAbortedException InvalidNatGatewayState ContinuousBackupsUnavailableException
    """
)
_NOT_IMPLEMENTED = 501
_OF_TASKS = re.compile(r"CannotPull|ResourceInitializationError")
_REFUSED = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_FULL = _codes("BucketNotEmpty RepositoryNotEmptyException")
_EXISTS = re.compile(
    r"(Already(Exists|OwnedByYou|Associated)|Name(Exists|InUse)Exception|^Duplicate|\.Duplicate$|^ResourceExists|^PriorityInUse$)"
)
_NOT_FOUND = re.compile(r"(NotFound|^NoSuch|DoesNotExist|NonExistent|^404$|ServiceNotActiveException)")
_QUOTA = re.compile(r"(LimitExceeded|QuotaExceeded|^TooMany)")

_PROPAGATING: tuple[tuple[str, str], ...] = (
    ("InvalidParameterException", "verify that the ECS service role being passed has the proper permissions"),
    ("InvalidParameterException", "Unable to assume the service linked role"),
    ("InvalidParameterException", "does not have an associated load balancer"),
    ("InvalidParameterException", "Role could not be assumed"),
    ("InvalidParameterException", "Invalid repository policy provided"),
    ("InvalidParameterValueException", "cannot be assumed"),
    ("InvalidParameterValueException", "does not have permissions"),
    ("ClientException", "Cluster was not ACTIVE"),
    ("ClientException", "Role is not valid"),
    ("ClusterNotFoundException", "Cluster not found"),
    ("ValidationException", "Unable to assume IAM role"),
    ("ValidationException", "ECS service doesn't exist"),
    ("ValidationException", "cannot be assumed by principal"),
    ("InvalidParameter", "requires both enableDnsSupport and enableDnsHostnames"),
    ("FailedResourceAccessException", ""),
    ("MalformedPolicyDocument", "Invalid principal in policy"),
    ("MalformedPolicy", "Invalid principal in policy"),
    ("InvalidInputException", "ot authorized to perform"),
    ("InvalidStructureException", "not authorized"),
    ("InvalidS3BucketNameException", "does not exist"),
    ("InsufficientS3BucketPolicyException", ""),
    ("InvalidCloudWatchLogsRoleArnException", "Access denied"),
    ("InvalidCloudWatchLogsLogGroupArnException", "Access denied"),
)

_BUSY_TEXTS: tuple[tuple[str, str], ...] = (
    ("InvalidParameterException", "still Draining"),
    ("InvalidParameterException", "cannot be stopped while deployments are active"),
    ("OperationNotPermitted", "currently in use"),
    ("InvalidParameter", "conflicting DNS domain"),
    # ReleaseAddress on an address that its NAT gateway still holds, see classify()
)


def code_of(error: BaseException) -> str:
    """The AWS error code, or the class name of anything that is not an answer from AWS."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def message_of(error: BaseException) -> str:
    """AWS's own words, without botocore's frame around them."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Message") or error)
    return str(error)


def refuses(said: str) -> bool:
    """Whether words that hold AWS's are of a permission that the caller lacks; the role of a task may lack one, too."""
    return any(f"{code}: " in said for code in _DENIED) and not _OF_TASKS.search(said)


def allowing(needed: Iterable[str], said: str = "") -> str:
    """What to do about a refusal: allow the action that AWS ``said`` is not, or else all that may have been needed."""
    refused = sorted(set(_REFUSED.findall(said))) or sorted(needed)
    policy = "orchestrator iam-policy prints all that the plan needs"
    return f"allow the caller {', '.join(refused)}; {policy}" if refused else policy


def unless_gone(ask: Callable[[], T]) -> T | None:
    """The answer, or None where AWS says that what it is about is not there (any more)."""
    try:
        return ask()
    except boto.ClientError as error:
        if classify(error) is ErrorClass.NOT_FOUND:
            return None
        raise


def raise_unsuccessful(operation: str, items: Iterable[Mapping[str, Any]] | None) -> None:
    """Raise the first failure that a batch call has wrapped into an answer of success."""
    for item in items or ():
        raise boto.ClientError({"Error": dict(item["Error"])}, operation)


def classify(error: BaseException) -> ErrorClass:
    """The class of an error raised by a boto3 call."""
    if isinstance(error, boto.ClientError):
        return _classify_answer(error)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.TokenRetrievalError):
        return ErrorClass.CREDENTIALS
    if isinstance(error, boto.EndpointConnectionError | boto.ConnectTimeoutError):
        return ErrorClass.THROTTLED  # the request never reached AWS
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError | ResponseParserError | boto.IncompleteReadError):
        return ErrorClass.UNKNOWN
    return ErrorClass.FATAL


def _classify_answer(error: Any) -> ErrorClass:
    code, message = code_of(error), message_of(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    if code in _THROTTLE or (code == "LimitExceededException" and "simultaneously" in message):
        return ErrorClass.THROTTLED
    if any(code == c and text in message for c, text in _PROPAGATING):
        return ErrorClass.PROPAGATING
    if code == "AuthFailure" and error.operation_name == "ReleaseAddress":
        return ErrorClass.BUSY  # what EC2 says while a NAT gateway is not yet deleted
    if any(code == c and text in message for c, text in _BUSY_TEXTS):
        return ErrorClass.BUSY
    if status == 503 and code in ("503", "ServiceUnavailable", "Unavailable"):
        return ErrorClass.THROTTLED
    for names, meaning in (
        (_CREDENTIALS, ErrorClass.CREDENTIALS),
        (_DENIED, ErrorClass.DENIED),
        (_BUSY, ErrorClass.BUSY),
        (_FULL, ErrorClass.FULL),
    ):
        if code in names:
            return meaning
    for pattern, meaning in (
        (_EXISTS, ErrorClass.EXISTS),
        (_NOT_FOUND, ErrorClass.NOT_FOUND),
        (_QUOTA, ErrorClass.QUOTA),
    ):
        if pattern.search(code):
            return meaning
    return ErrorClass.UNKNOWN if status >= 500 and status != _NOT_IMPLEMENTED else ErrorClass.FATAL
