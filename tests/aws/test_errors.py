"""What AWS errors mean: the table that every retry stands on."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from orchestrator.aws.errors import ErrorClass, classify, code_of, message_of


def answer(code: str, message: str = "", operation: str = "Op", status: int = 400) -> boto.ClientError:
    return boto.ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (answer("ThrottlingException"), ErrorClass.THROTTLED),
        (answer("RequestLimitExceeded", status=503), ErrorClass.THROTTLED),
        (answer("LimitExceededException", "too many"), ErrorClass.QUOTA),
        (answer("LimitExceededException", "tables can be created simultaneously"), ErrorClass.THROTTLED),
        (answer("AddressLimitExceeded"), ErrorClass.QUOTA),
        (answer("DependencyViolation"), ErrorClass.BUSY),
        (answer("ResourceInUse"), ErrorClass.BUSY),
        (answer("InvalidParameterException", "Unable to Start a service that is still Draining."), ErrorClass.BUSY),
        (answer("AuthFailure", "no", "ReleaseAddress"), ErrorClass.BUSY),
        (answer("AuthFailure", "no", "DescribeVpcs"), ErrorClass.CREDENTIALS),
        (answer("ExpiredToken"), ErrorClass.CREDENTIALS),
        (answer("UnauthorizedOperation"), ErrorClass.DENIED),
        (answer("EntityAlreadyExists"), ErrorClass.EXISTS),
        (answer("InvalidPermission.Duplicate"), ErrorClass.EXISTS),
        (answer("DuplicateTargetGroupName"), ErrorClass.EXISTS),
        (answer("BucketAlreadyOwnedByYou"), ErrorClass.EXISTS),
        (answer("InvalidVpcID.NotFound"), ErrorClass.NOT_FOUND),
        (answer("NoSuchEntity"), ErrorClass.NOT_FOUND),
        (answer("404", status=404), ErrorClass.NOT_FOUND),
        (
            answer("InvalidInputException", "CodeBuild is not authorized to perform: sts:AssumeRole"),
            ErrorClass.PROPAGATING,
        ),
        (
            answer(
                "ValidationException",
                "Provided role 'arn:aws:iam::123456789012:role/demo-events' cannot be assumed by principal "
                "'events.amazonaws.com'.",
            ),
            ErrorClass.PROPAGATING,
        ),
        (
            answer(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
                "for vpc-1",
            ),
            ErrorClass.PROPAGATING,
        ),
        (
            answer(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                "logs.eu-west-1.amazonaws.com in the VPC vpc-1",
            ),
            ErrorClass.BUSY,
        ),
        (answer("InvalidParameter", "the policy is wrong"), ErrorClass.FATAL),
        (answer("BucketNotEmpty", status=409), ErrorClass.FULL),
        (answer("RepositoryNotEmptyException"), ErrorClass.FULL),
        (answer("InvalidInputException", "the name is wrong"), ErrorClass.FATAL),
        (answer("ValidationError"), ErrorClass.FATAL),
        (answer("InternalError", status=500), ErrorClass.UNKNOWN),
        (answer("NotImplemented", status=501), ErrorClass.FATAL),
        (boto.ReadTimeoutError(endpoint_url="x"), ErrorClass.UNKNOWN),
        (ResponseParserError("truncated"), ErrorClass.UNKNOWN),
        (boto.EndpointConnectionError(endpoint_url="x"), ErrorClass.THROTTLED),
        (boto.NoCredentialsError(), ErrorClass.CREDENTIALS),
        (KeyError("bug"), ErrorClass.FATAL),
    ],
    ids=lambda v: f"{code_of(v)}-{message_of(v)[:24]}" if isinstance(v, Exception) else str(v),
)
def test_each_error_has_the_class_that_real_aws_gives_it(error: Exception, meaning: ErrorClass) -> None:
    assert classify(error) is meaning
