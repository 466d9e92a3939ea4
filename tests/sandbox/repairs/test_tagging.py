"""The tagging API lists what AWS lists, by AWS's types; most of the kinds here are missing on moto alone."""

from __future__ import annotations

import json

import pytest

STACK = {"Key": "stack", "Value": "forum"}
LOWER = {"key": "stack", "value": "forum"}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def found(aws, **filters):
    pages = aws("resourcegroupstaggingapi").get_paginator("get_resources").paginate(**filters)
    return [each["ResourceARN"] for page in pages for each in page["ResourceTagMappingList"]]


def address(aws):
    tags = [{"ResourceType": "elastic-ip", "Tags": [STACK]}]
    return aws("ec2").allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]


def endpoint(aws):
    ec2 = aws("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"],
        ServiceName="com.amazonaws.us-east-1.s3",
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [STACK]}],
    )
    return made["VpcEndpoint"]["VpcEndpointId"]


def group_rule(aws):
    ec2 = aws("ec2")
    group = ec2.create_security_group(GroupName="tasks", Description="tasks")["GroupId"]
    made = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [STACK]}],
    )
    return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def repository(aws):
    return aws("ecr").create_repository(repositoryName="posts", tags=[STACK])["repository"]["repositoryArn"]


def _listener(aws):
    ec2, elbv2 = aws("ec2"), aws("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    balancer = elbv2.create_load_balancer(Name="forum", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    made = elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=answer, Tags=[STACK]
    )
    return made["Listeners"][0]["ListenerArn"], answer


def listener(aws):
    return _listener(aws)[0]


def listener_rule(aws):
    arn, answer = _listener(aws)
    conditions = [{"Field": "path-pattern", "Values": ["/posts*"]}]
    made = aws("elbv2").create_rule(ListenerArn=arn, Priority=1, Conditions=conditions, Actions=answer, Tags=[STACK])
    return made["Rules"][0]["RuleArn"]


def log_group(aws):
    aws("logs").create_log_group(logGroupName="/ecs/posts", tags={"stack": "forum"})
    return "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/posts"


def code_repository(aws):
    made = aws("codecommit").create_repository(repositoryName="forum", tags={"stack": "forum"})
    return made["repositoryMetadata"]["Arn"]


def project(aws):
    made = aws("codebuild").create_project(
        name="forum",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
        tags=[LOWER],
    )
    return made["project"]["arn"]


def pipeline(aws):
    role = aws("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=TRUST, Tags=[STACK])["Role"]["Arn"]
    action = {
        "name": "a",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
    }
    stages = [{"name": name, "actions": [action]} for name in ("Source", "Build")]
    store = {"type": "S3", "location": "artifacts"}
    aws("codepipeline").create_pipeline(
        pipeline={"name": "forum", "roleArn": role, "artifactStore": store, "stages": stages}, tags=[LOWER]
    )
    return "arn:aws:codepipeline:us-east-1:123456789012:forum"


def event_rule(aws):
    return aws("events").put_rule(Name="push", EventPattern="{}", Tags=[STACK])["RuleArn"]


def trail(aws):
    aws("s3").create_bucket(Bucket="audit")
    return aws("cloudtrail").create_trail(Name="forum", S3BucketName="audit", TagsList=[STACK])["TrailARN"]


def namespace(aws):
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cloud_map = aws("servicediscovery")
    cloud_map.create_private_dns_namespace(Name="forum.local", Vpc=vpc, Tags=[STACK])
    return cloud_map.list_namespaces()["Namespaces"][0]["Arn"]


def scalable_target(aws):
    ecs, scaling = aws("ecs"), aws("application-autoscaling")
    ecs.create_cluster(clusterName="forum")
    ecs.register_task_definition(family="posts", containerDefinitions=[{"name": "a", "image": "a", "memory": 64}])
    ecs.create_service(cluster="forum", serviceName="posts", taskDefinition="posts", desiredCount=0)
    made = scaling.register_scalable_target(
        ServiceNamespace="ecs", ResourceId="service/forum/posts", ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1, MaxCapacity=2, Tags={"stack": "forum"},
    )  # fmt: skip
    return made["ScalableTargetARN"]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (address, "ec2:elastic-ip"),
        (endpoint, "ec2:vpc-endpoint"),
        (group_rule, "ec2:security-group-rule"),
        (repository, "ecr:repository"),
        (listener, "elasticloadbalancing:listener"),
        (listener_rule, "elasticloadbalancing:listener-rule"),
        (log_group, "logs:log-group"),
        (code_repository, "codecommit"),
        (project, "codebuild:project"),
        (pipeline, "codepipeline"),
        (event_rule, "events:rule"),
        (trail, "cloudtrail:trail"),
        (namespace, "servicediscovery:namespace"),
        (scalable_target, "application-autoscaling:scalable-target"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_tagged_kind_is_found_by_its_tag_and_type(aws, make, kind):
    name = make(aws)
    arns = found(aws, TagFilters=[{"Key": "stack", "Values": ["forum"]}], ResourceTypeFilters=[kind])
    assert len(arns) == 1 and arns[0].endswith(name)


def test_roles_are_not_listed_as_on_aws(aws):
    aws("iam").create_role(RoleName="task", AssumeRolePolicyDocument=TRUST, Tags=[STACK])
    assert found(aws) == []


def test_what_has_no_tag_or_another_is_left_out(aws):
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="untagged")
    ecr.create_repository(repositoryName="other", tags=[{"Key": "stack", "Value": "chat"}])
    assert found(aws, TagFilters=[{"Key": "stack", "Values": ["forum"]}]) == []


def test_resources_are_paged(aws):
    ecr = aws("ecr")
    for number in range(5):
        ecr.create_repository(repositoryName=f"r{number}", tags=[STACK])
    first = aws("resourcegroupstaggingapi").get_resources(ResourcesPerPage=2)
    assert len(first["ResourceTagMappingList"]) == 2 and first["PaginationToken"]
    assert len(found(aws, PaginationConfig={"PageSize": 2})) == 5


def test_a_bucket_is_listed_in_its_own_region_only(aws):
    s3 = aws("s3")
    for name, region in (("here", {}), ("abroad", {"LocationConstraint": "eu-west-1"})):
        s3.create_bucket(Bucket=f"forum-{name}", CreateBucketConfiguration={**region, "Tags": [STACK]})
    assert found(aws, ResourceTypeFilters=["s3"]) == ["arn:aws:s3:::forum-here"]
