"""What a task needs before it can start, and what its stopped reason says when that is missing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.system import System


def _log(group: str, **more: str) -> dict[str, Any]:
    options = {"awslogs-group": group, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web", **more}
    return {"logDriver": "awslogs", "options": options}


def _stopped(system: System, definition: str, **more: Any) -> Any:
    """Run a task, and return it once it has ended or settled."""
    network = more.pop("network", system.network)
    ecs = system.aws.client("ecs")
    task = ecs.run_task(
        cluster="main", taskDefinition=definition, launchType="FARGATE", networkConfiguration=network, **more
    )["tasks"][0]
    system.aws.sleep(120)
    return ecs.describe_tasks(cluster="main", tasks=[task["taskArn"]])["tasks"][0]


def _private(system: System) -> dict[str, Any]:
    """Where a task has no way to the internet."""
    ec2 = system.aws.client("ec2")
    subnet = ec2.create_subnet(VpcId=system.vpc, CidrBlock="10.0.8.0/24")["Subnet"]["SubnetId"]
    return {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [system.task_group]}}


def test_a_log_group_that_is_missing_stops_the_task_unless_it_may_be_made(system: System) -> None:
    image = f"{system.repository()}:v1"
    task = _stopped(system, system.definition(image, logConfiguration=_log("/shop/web")))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: failed to validate logger args: ")
    assert "ResourceNotFoundException: The specified log group does not exist." in task["stoppedReason"]
    made = system.definition(image, logConfiguration=_log("/shop/web", **{"awslogs-create-group": "true"}))
    assert _stopped(system, made)["stopCode"] == "EssentialContainerExited"
    system.aws.client("logs").create_log_group(logGroupName="/shop/web")
    there = system.definition(image, logConfiguration=_log("/shop/web"))
    assert _stopped(system, there)["stopCode"] == "EssentialContainerExited"


def test_a_secret_must_exist_and_have_a_value(system: System) -> None:
    image, secrets = f"{system.repository()}:v1", system.aws.client("secretsmanager")
    arn = secrets.create_secret(Name="shop/password")["ARN"]
    named = [{"name": "PASSWORD", "valueFrom": f"{arn}:password::"}]
    definition = system.definition(image, secrets=named)
    empty = _stopped(system, definition)["stoppedReason"]
    assert empty.startswith("ResourceInitializationError: unable to pull secrets or registry auth: ")
    assert "can't find the specified secret value for staging label: AWSCURRENT" in empty
    secrets.put_secret_value(SecretId=arn, SecretString='{"password": "x"}')
    assert _stopped(system, definition)["stopCode"] == "EssentialContainerExited"
    missing = [{"name": "PASSWORD", "valueFrom": arn.replace("password", "nothing")}]
    reason = _stopped(system, system.definition(image, secrets=missing))["stoppedReason"]
    assert reason.endswith("Secrets Manager can't find the specified secret.")


def test_a_parameter_must_exist_by_name_or_by_arn(system: System) -> None:
    image, ssm = f"{system.repository()}:v1", system.aws.client("ssm")
    definition = system.definition(image, secrets=[{"name": "KEY", "valueFrom": "/shop/key"}])
    assert _stopped(system, definition)["stoppedReason"].endswith("invalid ssm parameters: /shop/key")
    ssm.put_parameter(Name="/shop/key", Value="x", Type="SecureString")
    arn = ssm.get_parameter(Name="/shop/key")["Parameter"]["ARN"]
    for source in ("/shop/key", arn):
        found = system.definition(image, secrets=[{"name": "KEY", "valueFrom": source}])
        assert _stopped(system, found)["stopCode"] == "EssentialContainerExited"


def test_a_subnet_without_a_way_out_can_not_reach_the_registry(system: System) -> None:
    private, image = _private(system), f"{system.repository()}:v1"
    reason = _stopped(system, system.definition(image), network=private)["stoppedReason"]
    assert "The task cannot pull registry auth from Amazon ECR: There is a connection issue" in reason
    public = system.definition("public.ecr.aws/nginx/nginx:1.27")
    reason = _stopped(system, public, network=private)["stoppedReason"]
    assert reason.startswith("CannotPullContainerError: ")
    assert reason.endswith("i/o timeout")


def test_a_public_subnet_is_no_way_out_for_a_task_without_a_public_address(system: System) -> None:
    where = {"subnets": system.subnets, "securityGroups": [system.task_group], "assignPublicIp": "DISABLED"}
    definition = system.definition(f"{system.repository()}:v1")
    task = _stopped(system, definition, network={"awsvpcConfiguration": where})
    assert "There is a connection issue" in task["stoppedReason"]


def test_a_nat_gateway_is_a_way_out_once_it_is_available(system: System) -> None:
    ec2, private = system.aws.client("ec2"), _private(system)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=system.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    system.aws.sleep(100)
    table = ec2.create_route_table(VpcId=system.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=private["awsvpcConfiguration"]["subnets"][0])
    definition = system.definition(f"{system.repository()}:v1")
    assert _stopped(system, definition, network=private)["stopCode"] == "EssentialContainerExited"


def test_endpoints_are_a_way_to_the_registry_when_all_are_there_and_let_the_task_in(system: System) -> None:
    ec2, private = system.aws.client("ec2"), _private(system)
    definition = system.definition(f"{system.repository()}:v1")
    attributes = {"EnableDnsHostnames": {"Value": True}}
    ec2.modify_vpc_attribute(VpcId=system.vpc, **attributes)
    group = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=system.vpc)["GroupId"]
    for service in ("ecr.api", "ecr.dkr"):
        ec2.create_vpc_endpoint(
            VpcId=system.vpc,
            ServiceName=f"com.amazonaws.eu-west-1.{service}",
            VpcEndpointType="Interface",
            SubnetIds=private["awsvpcConfiguration"]["subnets"],
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
    main = ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [system.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"][0]["RouteTableId"]
    system.aws.sleep(70)

    def starts() -> bool:
        return bool(_stopped(system, definition, network=private)["stopCode"] == "EssentialContainerExited")

    ec2.create_vpc_endpoint(
        VpcId=system.vpc, ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway", RouteTableIds=[main]
    )
    assert not starts()
    secure = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": system.task_group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[secure])
    assert starts()


def test_a_role_that_does_not_trust_ecs_keeps_tasks_from_being_launched(system: System) -> None:
    definition = system.definition(f"{system.repository()}:v1")
    system.aws.client("iam").delete_role(RoleName="execution")
    with pytest.raises(ClientError) as caught:
        _stopped(system, definition)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    assert f"ECS was unable to assume the role '{system.role}'" in caught.value.response["Error"]["Message"]
    system.service(definition)
    system.aws.sleep(30)
    assert "(service web) failed to launch a task with (error ECS was unable to assume the role" in system.events()[0]
    assert system.tasks() == []


def test_tasks_of_a_service_are_instances_of_its_registry_while_they_run(system: System) -> None:
    maps = system.aws.client("servicediscovery")
    maps.create_private_dns_namespace(Name="shop.internal", Vpc=system.vpc)
    namespace = maps.list_namespaces()["Namespaces"][0]["Id"]
    config = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
    registry = maps.create_service(Name="web", NamespaceId=namespace, DnsConfig=config)["Service"]
    definition = system.definition(f"{system.repository()}:v1")
    system.service(definition, count=2, serviceRegistries=[{"registryArn": registry["Arn"]}])
    system.aws.sleep(60)
    found = maps.list_instances(ServiceId=registry["Id"])["Instances"]
    addresses = {each["Attributes"]["AWS_INSTANCE_IPV4"] for each in found}
    tasks = system.tasks()
    assert addresses == {each["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for each in tasks}
    assert {each["Id"] for each in found} == {each["taskArn"].rpartition("/")[2] for each in tasks}
    system.update(desiredCount=0)
    system.aws.sleep(30)
    assert maps.list_instances(ServiceId=registry["Id"])["Instances"] == []
