"""The error code with which each service refuses a malformed request: AWS never settled on one."""

from __future__ import annotations

_BY_PROTOCOL = {
    "json": "ValidationException",
    "rest-json": "ValidationException",
    "query": "ValidationError",
    "ec2": "InvalidParameterValue",
    "rest-xml": "InvalidInput",
}

_BY_SERVICE = {
    "apigatewayv2": "BadRequestException",
    "athena": "InvalidRequestException",
    "backup": "InvalidParameterValueException",
    "cloudfront": "InvalidArgument",
    "cloudtrail": "InvalidParameterException",
    "cloudwatch": "ValidationError",
    "codebuild": "InvalidInputException",
    "cognito-idp": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "eks": "InvalidParameterException",
    "elasticache": "InvalidParameterValue",
    "glue": "InvalidInputException",
    "guardduty": "BadRequestException",
    "kafka": "BadRequestException",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "redshift": "InvalidParameterValue",
    "s3": "InvalidArgument",
    "servicediscovery": "InvalidInput",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "wafv2": "WAFInvalidParameterException",
}


def validation_code(service: str, *, in_document: bool = False) -> str:
    """What that service calls a request that does not satisfy its model; S3 tells headers from the XML document."""
    from moto.core.utils import get_service_model

    if service == "s3" and in_document:
        return "MalformedXML"
    if service in _BY_SERVICE:
        return _BY_SERVICE[service]
    return _BY_PROTOCOL.get(str(get_service_model(service).protocol), "ValidationException")
