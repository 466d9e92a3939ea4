"""A small system on the sandbox, made with plain boto3: a network, a balancer, a cluster and what runs in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.world import Aws

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
PORT = 8080


@dataclass
class System:
    """The ids of what was made, and the calls that tests make again and again."""

    aws: Aws
    vpc: str
    subnets: list[str]
    balancer_group: str
    task_group: str
    role: str
    registry: str

    @property
    def network(self) -> dict[str, Any]:
        """Where tasks run."""
        where = {"subnets": self.subnets, "securityGroups": [self.task_group], "assignPublicIp": "ENABLED"}
        return {"awsvpcConfiguration": where}

    def target_group(self, name: str, **settings: Any) -> str:
        """A target group that checks every ten seconds and drains for thirty."""
        elb = self.aws.client("elbv2")
        settings = {
            "HealthCheckIntervalSeconds": 10,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            **settings,
        }
        made = elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=PORT,
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckPath="/health",
            **settings,
        )
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        return arn

    def balancer(self, name: str = "front") -> str:
        """A balancer in both zones, still provisioning."""
        made = self.aws.client("elbv2").create_load_balancer(
            Name=name, Subnets=self.subnets, SecurityGroups=[self.balancer_group]
        )
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def listener(self, balancer: str, *groups: str, port: int = 80) -> str:
        """A listener that forwards all to the first group, and keeps the others at weight 0."""
        weighed = [{"TargetGroupArn": arn, "Weight": 0 if index else 100} for index, arn in enumerate(groups)]
        made = self.aws.client("elbv2").create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighed}}],
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def front(self, name: str = "web") -> str:
        """A target group behind a balancer that is active; returns the group."""
        group = self.target_group(name)
        self.listener(self.balancer(), group)
        self.aws.sleep(121)
        return group

    def repository(self, name: str = "web") -> str:
        """A repository with one good image; returns its address."""
        made = self.aws.client("ecr").create_repository(repositoryName=name)
        return str(made["repository"]["repositoryUri"])

    def definition(self, image: str, family: str = "web", **container: Any) -> str:
        """The next revision of a task definition with one container."""
        made = self.aws.client("ecs").register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=self.role,
            containerDefinitions=[
                {"name": "app", "image": image, "portMappings": [{"containerPort": PORT}], **container}
            ],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def service(self, definition: str, group: str | None = None, name: str = "web", count: int = 2, **more: Any) -> Any:
        """A Fargate service, behind a target group when one is given."""
        balanced = {"loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": PORT}]}
        return self.aws.client("ecs").create_service(
            cluster="main",
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **(balanced if group else {}),
            **more,
        )["service"]

    def update(self, name: str = "web", **changes: Any) -> Any:
        """Change a service."""
        return self.aws.client("ecs").update_service(cluster="main", service=name, **changes)["service"]

    def describe(self, name: str = "web") -> Any:
        """The service as it is now."""
        return self.aws.client("ecs").describe_services(cluster="main", services=[name])["services"][0]

    def deployments(self, name: str = "web") -> list[tuple[str, str, str, int]]:
        """The service's deployments: status, rollout state, revision, running tasks."""
        return [
            (each["status"], each["rolloutState"], each["taskDefinition"].rpartition("/")[2], each["runningCount"])
            for each in self.describe(name)["deployments"]
        ]

    def events(self, name: str = "web") -> list[str]:
        """What the service's events say, the newest first."""
        return [each["message"] for each in self.describe(name)["events"]]

    def tasks(self, name: str = "web", status: str = "RUNNING") -> list[Any]:
        """The service's tasks that are meant to be in that state."""
        ecs = self.aws.client("ecs")
        arns = ecs.list_tasks(cluster="main", serviceName=name, desiredStatus=status)["taskArns"]
        return list(ecs.describe_tasks(cluster="main", tasks=arns, include=["TAGS"])["tasks"]) if arns else []

    def health(self, group: str) -> dict[str, str]:
        """The state of each target of a group, by address."""
        found = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in found}

    def states(self, group: str) -> list[str]:
        """The states of a group's targets."""
        return sorted(self.health(group).values())


def build(aws: Aws) -> System:
    """A VPC with two public subnets, security groups for balancer and tasks, a role and a cluster."""
    ec2, iam = aws.client("ec2"), aws.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    zones = [each["ZoneName"] for each in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
    subnets = []
    for number, zone in enumerate(zones):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
        subnets.append(made["Subnet"]["SubnetId"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("balancer", "tasks")
    ]
    reach = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "UserIdGroupPairs": [{"GroupId": groups[0]}]}
    ec2.authorize_security_group_ingress(GroupId=groups[1], IpPermissions=[reach])
    role = iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    aws.client("ecs").create_cluster(clusterName="main")
    account = aws.client("sts").get_caller_identity()["Account"]
    registry = f"{account}.dkr.ecr.eu-west-1.amazonaws.com"
    return System(aws, vpc, subnets, groups[0], groups[1], role, registry)
