"""Networks, machines, load balancers, functions and tasks that are made through the SDK, and read over a socket."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any

from tests.loaders.aws.server import ACCOUNT, Moto

from phiward.model.finding import Verdict

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def verdicts(moto: Moto, services: tuple[str, ...], *rules: str) -> dict[tuple[str, str], Verdict]:
    """By the last part of an address and the rule."""
    report = moto.scan(rules=rules, live={"services": services})
    return {(f.subject.address.rpartition("/")[2], f.rule.id): f.verdict for f in report.findings}


def machine(ec2: Any, image: str, subnet: str, *, sound: bool) -> str:
    device = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": sound}}
    answer = ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        BlockDeviceMappings=[device],
        MetadataOptions={"HttpTokens": "required" if sound else "optional"},
    )
    return str(answer["Instances"][0]["InstanceId"])


def test_networks_and_machines(moto: Moto) -> None:
    ec2 = moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    bare = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    moto.client("s3").create_bucket(Bucket="flow-logs")
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs",
    )
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    sound, flawed = (machine(ec2, image, subnet, sound=sound) for sound in (True, False))
    found = verdicts(
        moto, ("ec2",), "flow-logs", "ingress-sensitive-ports", "instance-imdsv2", "instance-volumes-encrypted"
    )
    assert found[vpc, "flow-logs"] is PASS
    assert found[bare, "flow-logs"] is FAIL
    assert found[group, "ingress-sensitive-ports"] is FAIL
    assert {rule: found[sound, rule] for rule in ("instance-imdsv2", "instance-volumes-encrypted")} == {
        "instance-imdsv2": PASS,
        "instance-volumes-encrypted": PASS,
    }
    assert {rule: found[flawed, rule] for rule in ("instance-imdsv2", "instance-volumes-encrypted")} == {
        "instance-imdsv2": FAIL,
        "instance-volumes-encrypted": FAIL,
    }


def test_a_snapshot_that_everybody_may_restore(moto: Moto) -> None:
    ec2 = moto.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    kept, shared = (ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(2))
    ec2.modify_snapshot_attribute(
        SnapshotId=shared, Attribute="createVolumePermission", GroupNames=["all"], OperationType="add"
    )
    found = verdicts(moto, ("ec2",), "snapshot-not-shared-publicly")
    public = {address for (address, _), verdict in found.items() if verdict is FAIL}
    assert public == {f"{shared}#createVolumePermission"}
    assert kept not in "".join(public)


def test_load_balancers(moto: Moto) -> None:
    ec2, elbv2 = moto.client("ec2"), moto.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for number, zone in enumerate("ab")
    ]
    balancer = elbv2.create_load_balancer(Name="web", Subnets=[subnet["SubnetId"] for subnet in subnets])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    plain = elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[redirect])
    group = elbv2.create_target_group(Name="app", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    forward = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
    served = elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=8080, DefaultActions=[answer])
    elbv2.create_rule(
        ListenerArn=served["Listeners"][0]["ListenerArn"],
        Conditions=[{"Field": "path-pattern", "Values": ["/records"]}],
        Priority=1,
        Actions=[forward],
    )
    found = verdicts(
        moto, ("elbv2",), "access-logging", "load-balancer-deletion-protection", "tls-enforced", "targets-tls"
    )
    name = arn.rpartition("/")[2]
    assert found[name, "load-balancer-deletion-protection"] is PASS
    assert found[name, "access-logging"] is FAIL
    assert found[plain["Listeners"][0]["ListenerArn"].rpartition("/")[2], "tls-enforced"] is PASS
    assert found[served["Listeners"][0]["ListenerArn"].rpartition("/")[2], "tls-enforced"] is FAIL
    assert found[group["TargetGroupArn"].rpartition("/")[2], "targets-tls"] is FAIL


def code() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...\n")
    return packed.getvalue()


def test_functions(moto: Moto) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = moto.client("iam").create_role(RoleName="run", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    client = moto.client("lambda")
    for name, variables in (("clean", {"REGION": "us-east-1"}), ("leaky", {"DB_PASSWORD": "hunter2-and-more"})):
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="main.handler",
            Code={"ZipFile": code()},
            Environment={"Variables": variables},
        )
    client.add_permission(FunctionName="leaky", StatementId="all", Action="lambda:InvokeFunction", Principal="*")
    client.put_function_concurrency(FunctionName="clean", ReservedConcurrentExecutions=5)
    report = moto.scan(live={"services": ("lambda",)})
    found = {
        (f.subject.address.rpartition(":")[2], f.rule.id): f.verdict
        for f in report.findings
        if f.subject.address.startswith("arn:aws:lambda") and "[*]" not in f.subject.address
    }
    assert found["clean", "secret-not-in-plain-text"] is PASS
    assert found["leaky", "secret-not-in-plain-text"] is FAIL
    assert found["clean", "function-concurrency-limited"] is PASS
    assert found["leaky", "function-concurrency-limited"] is FAIL
    assert found["leaky#all", "function-not-public"] is FAIL
    assert "hunter2" not in repr(report)


def test_tasks_images_and_clusters(moto: Moto) -> None:
    ecs = moto.client("ecs")
    ecs.create_cluster(clusterName="c")
    for image, settings in (("old", {"privileged": True}), ("new", {"user": "1000", "readonlyRootFilesystem": True})):
        ecs.register_task_definition(
            family="api",
            networkMode="host",
            containerDefinitions=[{"name": "api", "image": image, "memory": 64, **settings}],
        )
    ecs.create_service(cluster="c", serviceName="s", taskDefinition="api:1", desiredCount=0)
    moto.client("ecr").create_repository(repositoryName="open")
    resources = {"subnetIds": [], "endpointPublicAccess": True}
    moto.client("eks").create_cluster(
        name="k", roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks", resourcesVpcConfig=resources
    )
    found = verdicts(
        moto,
        ("ecs", "ecr", "eks"),
        "task-read-only-root",
        "task-host-network-user",
        "image-scanning",
        "cluster-audit-logs",
    )
    assert found["api:1", "task-read-only-root"] is FAIL
    assert found["api:1", "task-host-network-user"] is FAIL
    assert found["api:2", "task-read-only-root"] is PASS
    assert found["api:2", "task-host-network-user"] is PASS
    assert found["open", "image-scanning"] in (FAIL, UNKNOWN)
    assert found["k", "cluster-audit-logs"] is FAIL
