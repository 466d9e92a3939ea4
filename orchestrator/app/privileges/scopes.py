"""On what IAM lets a policy grant each action of ours: AWS's service authorization reference, as far as we need it.

Types of resources by action, within the action's service. ``+`` marks the type that a creation makes where only tags
tell what is ours, a type with a colon belongs to another service, ``*`` says that IAM knows no resource for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

ANY = "*"
MADE = "+"
PASSED = "passed-role"
LINKED = "service-linked-role"
IN_CLUSTER = "in-cluster"
"""No resource, but a condition on the cluster."""

_ELB_ALL = "loadbalancer targetgroup listener listener-rule"
_EC2_ALL = (
    "vpc subnet internet-gateway elastic-ip natgateway route-table security-group vpc-endpoint"  # whatever takes tags
)

_SERVICES: Mapping[str, Mapping[str, str]] = {
    "acm": {"DescribeCertificate": "certificate"},
    "application-autoscaling": {
        "DescribeScalableTargets DescribeScalingPolicies": ANY,
        "RegisterScalableTarget DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy": "scalable-target",
    },
    "cloudtrail": {
        "DescribeTrails": ANY,
        "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging AddTags ListTags GetTrailStatus": "trail",
    },
    "cloudwatch": {
        "DescribeAlarms GetMetricData": ANY,
        "PutMetricAlarm DeleteAlarms TagResource ListTagsForResource": "alarm",
    },
    "codebuild": {"BatchGetProjects CreateProject UpdateProject DeleteProject": "project"},
    "codecommit": {
        "BatchGetRepositories ListTagsForResource ListBranches": "repository",
        "CreateRepository TagResource UpdateRepositoryDescription DeleteRepository": "repository",
    },
    "codepipeline": {
        "GetPipeline ListTagsForResource CreatePipeline UpdatePipeline DeletePipeline TagResource": "pipeline",
    },
    "dynamodb": {
        "CreateTable UpdateTable DeleteTable DescribeTable TagResource ListTagsOfResource": "table",
        "UpdateContinuousBackups DescribeContinuousBackups UpdateTimeToLive DescribeTimeToLive": "table",
    },
    "ec2": {
        "DescribeAddresses DescribeAvailabilityZones DescribeInternetGateways DescribeNatGateways": ANY,
        "DescribeNetworkInterfaces DescribeRegions DescribeRouteTables DescribeSecurityGroups DescribeSubnets": ANY,
        "DescribeVpcAttribute DescribeVpcEndpoints DescribeVpcs": ANY,
        "CreateVpc": "+vpc",
        "CreateSubnet": "+subnet vpc",
        "CreateInternetGateway": "+internet-gateway",
        "AllocateAddress": "+elastic-ip",
        "CreateNatGateway": "+natgateway subnet elastic-ip",
        "CreateRouteTable": "+route-table vpc",
        "CreateSecurityGroup": "+security-group vpc",
        "CreateVpcEndpoint": "+vpc-endpoint vpc route-table subnet security-group",
        "CreateTags": _EC2_ALL,
        "ModifyVpcAttribute DeleteVpc": "vpc",
        "ModifySubnetAttribute DeleteSubnet": "subnet",
        "AttachInternetGateway DetachInternetGateway": "internet-gateway vpc",
        "DeleteInternetGateway": "internet-gateway",
        "ReleaseAddress": "elastic-ip",
        "DeleteNatGateway": "natgateway",
        "CreateRoute ReplaceRoute DeleteRoute DeleteRouteTable": "route-table",
        "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation": "route-table subnet",
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress": "security-group",
        "RevokeSecurityGroupIngress RevokeSecurityGroupEgress DeleteSecurityGroup": "security-group",
        "UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress": "security-group",
        "ModifyVpcEndpoint": "vpc-endpoint route-table subnet security-group",
        "DeleteVpcEndpoints": "vpc-endpoint",
    },
    "ecr": {
        "DescribeRepositories": ANY,  # asked for all of them
        "ListTagsForResource GetLifecyclePolicy GetRepositoryPolicy ListImages": "repository",
        "DescribeImages DescribeImageScanFindings StartImageScan": "repository",
        "CreateRepository TagResource PutLifecyclePolicy SetRepositoryPolicy PutImageTagMutability": "repository",
        "PutImageScanningConfiguration DeleteRepository BatchDeleteImage": "repository",
    },
    "ecs": {
        "DescribeTaskDefinition ListTaskDefinitions DeregisterTaskDefinition": ANY,
        "ListTasks": IN_CLUSTER,
        "CreateCluster UpdateCluster DeleteCluster DescribeClusters PutClusterCapacityProviders": "cluster",
        "CreateService UpdateService DeleteService DescribeServices": "service",
        "RegisterTaskDefinition DeleteTaskDefinitions RunTask": "task-definition",
        "DescribeTasks StopTask": "task",
        "TagResource": "cluster service task-definition",
    },
    "elasticloadbalancing": {
        "DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeTags": ANY,
        "DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth": ANY,
        "CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetIpAddressType": "loadbalancer",
        "SetSecurityGroups SetSubnets CreateListener": "loadbalancer",
        "ModifyListener DeleteListener CreateRule": "listener",
        "ModifyRule DeleteRule SetRulePriorities": "listener-rule",
        "CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup": "targetgroup",
        "AddTags": _ELB_ALL,
    },
    "events": {
        "ListRules": ANY,
        "PutRule PutTargets RemoveTargets DeleteRule ListTargetsByRule ListTagsForResource TagResource": "rule",
    },
    "iam": {
        "GetAccountAuthorizationDetails ListRoles": ANY,
        "CreateRole GetRole UpdateRole DeleteRole TagRole UpdateAssumeRolePolicy PutRolePermissionsBoundary": "role",
        "PutRolePolicy DeleteRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy": "role",
        "ListAttachedRolePolicies ListInstanceProfilesForRole": "role",
        "RemoveRoleFromInstanceProfile": "instance-profile",
        "PassRole": PASSED,
        "CreateServiceLinkedRole": LINKED,
    },
    "logs": {
        "DescribeLogGroups": ANY,
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy": "log-group log-stream",
        "AssociateKmsKey TagResource ListTagsForResource": "log-group log-stream",
        "GetLogEvents": "log-stream",
    },
    "route53": {
        "AssociateVPCWithHostedZone CreateHostedZone ListHostedZonesByName": ANY,
        "GetHostedZone DeleteHostedZone": "hostedzone",
    },
    "s3": {
        "ListAllMyBuckets": ANY,
        "ListBucket ListBucketVersions ListBucketMultipartUploads GetBucketLocation GetBucketTagging": "bucket",
        "GetEncryptionConfiguration GetBucketPublicAccessBlock GetBucketVersioning GetBucketPolicy": "bucket",
        "GetLifecycleConfiguration CreateBucket TagResource PutBucketTagging PutBucketPublicAccessBlock": "bucket",
        "PutBucketPolicy PutEncryptionConfiguration PutBucketVersioning PutLifecycleConfiguration": "bucket",
        "DeleteBucket": "bucket",
        "DeleteObject DeleteObjectVersion AbortMultipartUpload": "object",
    },
    "secretsmanager": {"DescribeSecret": "secret", "GetSecretValue": "token"},
    "servicediscovery": {
        "ListNamespaces ListServices ListTagsForResource": ANY,
        "CreatePrivateDnsNamespace TagResource": f"{MADE}{ANY}",
        "DeleteNamespace": "namespace",
        "CreateService": "+service namespace",
        "GetService UpdateService DeleteService": "service",
    },
    "ssm": {"GetParameters": "parameter"},
    "tag": {"GetResources": ANY},
}

TAGGED = frozenset({"ec2", "servicediscovery"})
"""Services whose resources bear no name that a policy could tell ours by: the stack's tag does."""


def _rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    for service, rows in _SERVICES.items():
        for actions, types in rows.items():
            yield from ((f"{service}:{action}", tuple(types.split())) for action in actions.split())


SCOPES: Mapping[str, tuple[str, ...]] = dict(_rows())
"""Types by action."""

CREATES = frozenset(
    action.partition(":")[2]
    for action, types in SCOPES.items()
    if action.startswith("ec2:") and any(type_.startswith(MADE) for type_ in types)
)
"""EC2's creations, as a condition on tags calls them."""
