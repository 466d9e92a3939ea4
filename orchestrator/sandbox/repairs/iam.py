"""IAM: AWS's own policies are there when asked for, and service-linked roles have their real names."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair

_LINKED_ROLES = {
    "config.amazonaws.com": "Config",
    "ecs.amazonaws.com": "ECS",
    "ecs.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_ECSService",
    "eks.amazonaws.com": "AmazonEKS",
    "eks-fargate.amazonaws.com": "AmazonEKSForFargate",
    "elasticache.amazonaws.com": "ElastiCache",
    "elasticloadbalancing.amazonaws.com": "ElasticLoadBalancing",
    "guardduty.amazonaws.com": "AmazonGuardDuty",
    "inspector2.amazonaws.com": "AmazonInspector2",
    "kafka.amazonaws.com": "Kafka",
    "ops.apigateway.amazonaws.com": "APIGateway",
    "pullthroughcache.ecr.amazonaws.com": "ECRPullThroughCache",
    "rds.amazonaws.com": "RDS",
    "replication.ecr.amazonaws.com": "ECRReplication",
}


def _iam(call: Call) -> Any:
    return iam_backends[call.account][call.partition]


@repair("iam", "AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy", "CreateRole", "PutRolePermissionsBoundary")
@repair("iam", "GetPolicy", "GetPolicyVersion", "ListPolicyVersions", "ListEntitiesForPolicy")
def policies_of_aws(call: Call, proceed: Proceed) -> Reply:
    """Every account has AWS's managed policies; moto has none unless all are loaded, so each is at its first use."""
    arn = call.params.get("PolicyArn") or call.params.get("PermissionsBoundary") or ""
    backend = _iam(call)
    if arn.startswith(f"arn:{call.partition}:iam::aws:policy/") and arn not in backend.managed_policies:
        policy = _managed_policy(backend, arn)
        if policy is not None:
            backend.aws_managed_policies.append(policy)
            backend.managed_policies[arn] = policy
    return proceed()


def _managed_policy(backend: Any, arn: str) -> Any:
    """One policy out of moto's five megabytes of them, without parsing the rest."""
    name = arn.rpartition("/")[2]
    key = f"\n {json.dumps(name)}:"
    at = aws_managed_policies_data.find(key)
    if at < 0:
        return None
    data, _ = json.JSONDecoder().raw_decode(aws_managed_policies_data, at + len(key))
    policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
    return policy if policy.arn == arn else None


@repair("iam", "CreateServiceLinkedRole")
def linked_role(call: Call, proceed: Proceed) -> Reply:
    """The role is named by AWS, and a second one is InvalidInput; moto spells the service as in its address."""
    backend, service = _iam(call), call.params["AWSServiceName"]
    known = _LINKED_ROLES.get(service)
    if known is None:
        return proceed()
    suffix = call.params.get("CustomSuffix")
    name = f"AWSServiceRoleFor{known}" + (f"_{suffix}" if suffix else "")
    if any(role.name == name for role in backend.roles.values()):
        message = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise AwsError("InvalidInput", message)
    reply = proceed()
    role = backend.roles[reply["Role"]["RoleId"]]
    role.name = name
    return {"Role": {**reply["Role"], "RoleName": role.name, "Arn": role.arn}}


@repair("iam", "AttachRolePolicy")
def attached_once(call: Call, proceed: Proceed) -> Reply:
    """Attaching a policy again changes nothing; moto counts a second attachment, which no detach takes back."""
    roles = (role for role in _iam(call).roles.values() if role.name == call.params["RoleName"])
    if any(call.params["PolicyArn"] in role.managed_policies for role in roles):
        return {}
    return proceed()


@repair("iam", "GetAccountAuthorizationDetails")
def policies_have_names(call: Call, proceed: Proceed) -> Reply:
    """Moto leaves the name and id of a policy out of the account's details."""
    reply, known = proceed(), _iam(call).managed_policies
    for policy in reply.get("Policies", ()):
        policy.update(PolicyName=known[policy["Arn"]].name, PolicyId=known[policy["Arn"]].id)
    return reply
