"""An endpoint on a bad day: small pages, throttling, refusals, denials. The forum still comes up whole."""

from __future__ import annotations

from orchestrator.app.ending import Outcome
from orchestrator.sandbox.faults import Fault, Rule
from tests.scenarios.forum.forum import Forum, forum
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, twice


def _whole(stage: Forum) -> None:
    """All there, nothing twice, nothing left to do."""
    stage.aws.sandbox.faults.clear()
    assert stage.wrong == []
    assert counted(stage.account) == RUNNING
    assert twice(stage.account) == []
    assert stage.look().empty


def _came_up(stage: Forum) -> None:
    ending = stage.apply()
    assert not ending.outcome, [(str(r.step.address), r.error) for r in ending.report.failed]
    assert all(taken for _, taken in stage.aws.sandbox.faults.taken()), "the endpoint was hostile"
    _whole(stage)


def test_every_list_comes_in_pages_of_one() -> None:
    with forum(page_size=1) as stage:
        assert not stage.apply().outcome
        _whole(stage)
        ending, _ = stage.destroy(data=True)
        assert not ending.outcome
        stage.aws.sleep(600)
        assert not counted(stage.account)


def test_every_operation_is_refused_in_three_ways_before_it_is_carried_out() -> None:
    with forum() as stage:
        for fault in (Fault.RESET, Fault.ERROR, Fault.THROTTLE):
            stage.aws.sandbox.faults.add(Rule(fault=fault, each=True, count=1))
        _came_up(stage)


def test_one_call_in_ten_goes_wrong_in_one_way_or_another() -> None:
    with forum() as stage:
        stage.aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, rate=0.05, seed=1))
        stage.aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, rate=0.03, seed=2))
        stage.aws.sandbox.faults.add(Rule(fault=Fault.TRUNCATED, rate=0.02, seed=3))
        _came_up(stage)


# What real accounts answer for a while about what has only just been made: everything is known somewhere first.
NOT_YET = {
    ("ec2", "CreateSubnet"): ("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist"),
    ("ec2", "CreateRoute"): ("InvalidGatewayID.NotFound", "The gateway ID 'igw-1' does not exist"),
    ("ec2", "CreateNatGateway"): ("InvalidAllocationID.NotFound", "The allocation ID 'eipalloc-1' does not exist"),
    ("ec2", "CreateVpcEndpoint"): ("InvalidSubnetId.NotFound", "The subnet ID 'subnet-1' does not exist"),
    ("ec2", "AssociateRouteTable"): ("InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-1' does not exist"),
    ("ec2", "AuthorizeSecurityGroupIngress"): ("InvalidGroup.NotFound", "The security group 'sg-1' does not exist"),
    ("elbv2", "CreateLoadBalancer"): ("SubnetNotFound", "The subnet ID 'subnet-1' does not exist"),
    ("elbv2", "CreateListener"): ("LoadBalancerNotFound", "One or more load balancers not found"),
    ("elbv2", "CreateRule"): ("TargetGroupNotFound", "One or more target groups not found"),
    ("ecs", "CreateService"): ("InvalidParameterException", "Unable to assume the service linked role. Please verify"),
    ("ecs", "RegisterTaskDefinition"): ("ClientException", "Role is not valid"),
    ("application-autoscaling", "RegisterScalableTarget"): ("ValidationException", "ECS service doesn't exist: x"),
    ("application-autoscaling", "PutScalingPolicy"): ("ObjectNotFoundException", "No scalable target registered for x"),
    ("logs", "PutRetentionPolicy"): ("ResourceNotFoundException", "The specified log group does not exist."),
    ("iam", "PutRolePolicy"): ("NoSuchEntity", "The role with name forum-task cannot be found."),
    ("s3", "PutBucketPolicy"): ("NoSuchBucket", "The specified bucket does not exist"),
    ("s3", "PutPublicAccessBlock"): ("OperationAborted", "A conflicting conditional operation is in progress"),
    ("codebuild", "CreateProject"): (
        "InvalidInputException",
        "CodeBuild is not authorized to perform: sts:AssumeRole on service role",
    ),
    ("codepipeline", "CreatePipeline"): ("InvalidStructureException", "CodePipeline is not authorized to perform: x"),
    ("cloudtrail", "CreateTrail"): ("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected"),
    ("events", "PutTargets"): ("ResourceNotFoundException", "Rule forum-push does not exist on EventBus default."),
}


def test_what_aws_does_not_know_everywhere_yet_is_waited_for() -> None:
    with forum() as stage:
        for (service, operation), (code, message) in NOT_YET.items():
            stage.aws.sandbox.faults.add(
                Rule(fault=Fault.DENIED, service=service, operation=operation, count=2, code=code, message=message)
            )
        ending = stage.apply()
        assert not ending.outcome, [(str(r.step.address), r.error) for r in ending.report.failed]
        unasked = {rule.operation for rule, taken in stage.aws.sandbox.faults.taken() if not taken}
        assert unasked == set()
        _whole(stage)


def test_nothing_is_made_twice_while_aws_hears_late_of_everything_and_throttles_who_hurries() -> None:
    with forum(consistency=5.0, buckets=True) as stage:
        for _ in range(3):
            ending = stage.apply()
            assert [(str(r.step.address), r.error) for r in ending.report.failed] == []
            if not ending.outcome:
                break
            stage.aws.sleep(60)
        assert not ending.outcome
        struck = {call.struck for call in stage.aws.sandbox.calls if call.struck}
        assert struck == {"consistency", "rule IAM-07"}, "nothing else, and no throttle above all"
        stage.aws.sleep(60)
        assert twice(stage.account) == []
        stage.aws.sleep(60)
        assert stage.look().empty


def test_a_denied_call_is_named_and_what_it_blocks_is_made_once_it_is_allowed() -> None:
    with forum() as stage:
        stage.aws.sandbox.faults.add(Rule(fault=Fault.DENIED, service="ec2", operation="CreateNatGateway"))
        ending = stage.apply()
        assert ending.outcome is Outcome.FAILED
        assert {str(r.step.address) for r in ending.report.failed} == {"nat-gateway/a", "nat-gateway/b"}
        assert all("CreateNatGateway" in r.error for r in ending.report.failed)
        stage.aws.sandbox.faults.clear()
        assert not stage.apply().outcome
        _whole(stage)
