"""What each operation is about, in IAM's eyes: the last parts of the ARNs that AWS checks it on.

Braces hold a JMESPath into the call's parameters; of an ARN found there the last part counts, unless it stands alone.
A list gives one ARN for each; what was not sent gives none. ``+`` marks what a creation makes, whose id is not known
yet. An operation without an entry is checked on ``*``, as those are that IAM knows no resource for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_TABLE: Mapping[str, Mapping[str, str]] = {
    "acm": {"DescribeCertificate": "{CertificateArn}"},
    "application-autoscaling": {
        "RegisterScalableTarget DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy": "scalable-target/*",
    },
    "cloudtrail": {
        "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging GetTrailStatus": "trail/{Name}",
        "AddTags": "{ResourceId}",
        "ListTags": "{ResourceIdList}",
    },
    "cloudwatch": {
        "PutMetricAlarm": "alarm:{AlarmName}",
        "DeleteAlarms": "alarm:{AlarmNames}",
        "TagResource ListTagsForResource": "{ResourceARN}",
    },
    "codebuild": {"CreateProject UpdateProject DeleteProject": "project/{name}", "BatchGetProjects": "project/{names}"},
    "codecommit": {
        "CreateRepository DeleteRepository UpdateRepositoryDescription ListBranches": "{repositoryName}",
        "BatchGetRepositories": "{repositoryNames}",
        "TagResource ListTagsForResource": "{resourceArn}",
    },
    "codepipeline": {
        "CreatePipeline UpdatePipeline": "{pipeline.name}",
        "GetPipeline DeletePipeline": "{name}",
        "TagResource ListTagsForResource": "{resourceArn}",
    },
    "dynamodb": {
        "GetItem Query UpdateItem CreateTable DescribeTable UpdateTable DeleteTable": "table/{TableName}",
        "DescribeContinuousBackups UpdateContinuousBackups": "table/{TableName}",
        "DescribeTimeToLive UpdateTimeToLive": "table/{TableName}",
        "TagResource UntagResource ListTagsOfResource": "{ResourceArn}",
    },
    "ec2": {
        "CreateVpc": "+vpc/*",
        "CreateSubnet": "+subnet/* vpc/{VpcId}",
        "CreateInternetGateway": "+internet-gateway/*",
        "AllocateAddress": "+elastic-ip/*",
        "CreateNatGateway": "+natgateway/* subnet/{SubnetId} elastic-ip/{AllocationId}",
        "CreateRouteTable": "+route-table/* vpc/{VpcId}",
        "CreateSecurityGroup": "+security-group/* vpc/{VpcId}",
        "CreateVpcEndpoint": (
            "+vpc-endpoint/* vpc/{VpcId} route-table/{RouteTableIds} subnet/{SubnetIds}"
            " security-group/{SecurityGroupIds}"
        ),
        "ModifyVpcAttribute DeleteVpc": "vpc/{VpcId}",
        "ModifySubnetAttribute DeleteSubnet": "subnet/{SubnetId}",
        "AttachInternetGateway DetachInternetGateway": "internet-gateway/{InternetGatewayId} vpc/{VpcId}",
        "DeleteInternetGateway": "internet-gateway/{InternetGatewayId}",
        "ReleaseAddress": "elastic-ip/{AllocationId}",
        "DeleteNatGateway": "natgateway/{NatGatewayId}",
        "CreateRoute ReplaceRoute DeleteRoute DeleteRouteTable": "route-table/{RouteTableId}",
        "AssociateRouteTable": "route-table/{RouteTableId} subnet/{SubnetId}",
        "DisassociateRouteTable": "route-table/{AssociationTable} subnet/{AssociationSubnet}",
        "ReplaceRouteTableAssociation": "route-table/{RouteTableId} subnet/{AssociationSubnet}",
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress": "security-group/{GroupId}",
        "RevokeSecurityGroupIngress RevokeSecurityGroupEgress DeleteSecurityGroup": "security-group/{GroupId}",
        "UpdateSecurityGroupRuleDescriptionsIngress": "security-group/{GroupId}",
        "UpdateSecurityGroupRuleDescriptionsEgress": "security-group/{GroupId}",
        "ModifyVpcEndpoint": (
            "vpc-endpoint/{VpcEndpointId} route-table/{[AddRouteTableIds,RemoveRouteTableIds][]}"
            " subnet/{[AddSubnetIds,RemoveSubnetIds][]} security-group/{[AddSecurityGroupIds,RemoveSecurityGroupIds][]}"
        ),
        "DeleteVpcEndpoints": "vpc-endpoint/{VpcEndpointIds}",
        "CreateTags DeleteTags": "{TaggedResources}",
    },
    "ecr": {
        "CreateRepository DeleteRepository PutLifecyclePolicy GetLifecyclePolicy": "repository/{repositoryName}",
        "SetRepositoryPolicy GetRepositoryPolicy ListImages BatchDeleteImage": "repository/{repositoryName}",
        "PutImageTagMutability PutImageScanningConfiguration DescribeImages": "repository/{repositoryName}",
        "DescribeImageScanFindings StartImageScan": "repository/{repositoryName}",
        "DescribeRepositories": "repository/{repositoryNames}",
        "TagResource ListTagsForResource": "{resourceArn}",
    },
    "ecs": {
        "CreateCluster": "cluster/{clusterName}",
        "UpdateCluster DeleteCluster PutClusterCapacityProviders": "cluster/{cluster}",
        "DescribeClusters": "cluster/{clusters}",
        "CreateService": "service/{cluster}/{serviceName}",
        "UpdateService DeleteService": "service/{cluster}/{service}",
        "DescribeServices": "service/{cluster}/{services}",
        "RegisterTaskDefinition": "task-definition/{family}:*",
        "DeleteTaskDefinitions": "task-definition/{taskDefinitions}",
        "RunTask": "task-definition/{taskDefinition}",
        "DescribeTasks": "task/{cluster}/{tasks}",
        "StopTask": "task/{cluster}/{task}",
        "TagResource UntagResource ListTagsForResource": "{resourceArn}",
    },
    "elbv2": {
        "CreateLoadBalancer": "loadbalancer/app/{Name}/*",
        "DeleteLoadBalancer ModifyLoadBalancerAttributes SetIpAddressType SetSubnets": "{LoadBalancerArn}",
        "SetSecurityGroups CreateListener": "{LoadBalancerArn}",
        "ModifyListener DeleteListener CreateRule": "{ListenerArn}",
        "ModifyRule DeleteRule": "{RuleArn}",
        "SetRulePriorities": "{RulePriorities[].RuleArn}",
        "CreateTargetGroup": "targetgroup/{Name}/*",
        "ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup": "{TargetGroupArn}",
        "AddTags RemoveTags": "{ResourceArns}",
    },
    "events": {
        "PutRule DeleteRule": "rule/{Name}",
        "PutTargets RemoveTargets ListTargetsByRule": "rule/{Rule}",
        "TagResource ListTagsForResource": "{ResourceARN}",
    },
    "iam": {
        "CreateRole": "role{Path || '/'}{RoleName}",
        "GetRole UpdateRole DeleteRole TagRole UpdateAssumeRolePolicy PutRolePermissionsBoundary": "{RoleArn}",
        "PutRolePolicy DeleteRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy": "{RoleArn}",
        "ListAttachedRolePolicies ListInstanceProfilesForRole": "{RoleArn}",
        "RemoveRoleFromInstanceProfile": "instance-profile/{InstanceProfileName}",
    },
    "logs": {
        "CreateLogGroup DeleteLogGroup AssociateKmsKey": "log-group:{logGroupName}:log-stream:",
        "PutRetentionPolicy DeleteRetentionPolicy": "log-group:{logGroupName}:log-stream:",
        "GetLogEvents": "log-group:{logGroupName}:log-stream:{logStreamName}",
        "TagResource ListTagsForResource": "{resourceArn}",
    },
    "route53": {"GetHostedZone": "hostedzone/{Id}"},
    "s3": {
        "ListBuckets": "*",
        "DeleteObjects": "{Bucket}/{Delete.Objects[].Key}",
        "AbortMultipartUpload PutObject GetObject DeleteObject": "{Bucket}/{Key}",
    },
    "secretsmanager": {"DescribeSecret GetSecretValue": "{SecretId}"},
    "servicediscovery": {
        "CreateService": "+service/* namespace/{NamespaceId}",
        "DeleteNamespace": "namespace/{Id}",
        "GetService UpdateService DeleteService": "service/{Id}",
        "TagResource": "{ResourceARN}",
    },
    "ssm": {"GetParameters": "{Names}"},
    "sts": {"AssumeRole": "{RoleArn}"},
}


def _rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    for service, rows in _TABLE.items():
        for operations, forms in rows.items():
            for operation in operations.split():
                yield f"{service}:{operation}", tuple(forms.replace(" || ", "||").split())


FORMS: Mapping[str, tuple[str, ...]] = dict(_rows())
"""The forms of an operation's ARNs."""

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
}
"""The actions of operations that policies call by another name."""
