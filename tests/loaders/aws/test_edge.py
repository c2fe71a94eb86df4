"""Load balancers, distributions, web ACLs and service networks: what AWS answers, and what is held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import all_said, denied, judged, settled

from phiward.model.finding import Verdict

OWN = "111122223333"
ELB = f"arn:aws:elasticloadbalancing:us-east-1:{OWN}:"
SOUND, FLAWED, NETWORK, GATEWAY = (
    f"{ELB}loadbalancer/{name}"
    for name in ("app/sound/0000000000000001", "app/flawed/0000000000000002", "net/n/0000000000000003", "gwy/g/1")
)
REGIONAL = f"arn:aws:wafv2:us-east-1:{OWN}:regional/webacl/"
GLOBAL = f"arn:aws:wafv2:us-east-1:{OWN}:global/webacl/"
LATTICE = f"arn:aws:vpc-lattice:us-east-1:{OWN}:"
CDN = f"arn:aws:cloudfront::{OWN}:distribution/"
CERTIFICATE = f"arn:aws:acm:us-east-1:{OWN}:certificate/a"


def attributes(**written: str) -> dict[str, Any]:
    return {"Attributes": [{"Key": name.replace("__", "."), "Value": value} for name, value in written.items()]}


SET = {
    "access_logs__s3__enabled": "true",
    "access_logs__s3__bucket": "logs",
    "deletion_protection__enabled": "true",
    "load_balancing__cross_zone__enabled": "true",
    "routing__http__drop_invalid_header_fields__enabled": "true",
}
UNSET = dict.fromkeys(SET, "false")


def listener(balancer: str, number: int, protocol: str, **settings: Any) -> dict[str, Any]:
    arn = f"{balancer.replace(':loadbalancer/', ':listener/')}/{number}"
    written = {"DefaultActions": [{"Type": "forward"}], **settings}
    return {"ListenerArn": arn, "LoadBalancerArn": balancer, "Protocol": protocol, "Port": number, **written}


TO_HTTPS = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
LISTENERS = {
    SOUND: [
        listener(SOUND, 80, "HTTP", DefaultActions=TO_HTTPS),
        listener(
            SOUND,
            443,
            "HTTPS",
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=[{"CertificateArn": CERTIFICATE}],
            MutualAuthentication={"Mode": "verify", "IgnoreClientCertificateExpiry": False},
        ),
    ],
    FLAWED: [
        listener(FLAWED, 80, "HTTP"),
        listener(FLAWED, 8080, "HTTP", DefaultActions=TO_HTTPS),
        listener(
            FLAWED,
            443,
            "HTTPS",
            SslPolicy="ELBSecurityPolicy-2016-08",
            Certificates=[{"CertificateArn": f"arn:aws:iam::{OWN}:server-certificate/old"}],
        ),
    ],
    NETWORK: [],
    GATEWAY: [listener(GATEWAY, 6081, "GENEVE")],
}
ELBV2: dict[str, Any] = {
    "describe_load_balancers": {
        "LoadBalancers": [
            {"LoadBalancerArn": arn, "LoadBalancerName": arn.split("/")[1], "Type": kind, "Scheme": scheme}
            for arn, kind, scheme in (
                (SOUND, "application", "internet-facing"),
                (FLAWED, "application", "internet-facing"),
                (NETWORK, "network", "internal"),
                (GATEWAY, "gateway", "internal"),
            )
        ]
    },
    "describe_load_balancer_attributes": [
        {"params": {"LoadBalancerArn": SOUND}, "answer": attributes(**SET)},
        {"params": {"LoadBalancerArn": FLAWED}, "answer": attributes(**UNSET)},
        {"answer": attributes(deletion_protection__enabled="true", load_balancing__cross_zone__enabled="false")},
    ],
    "describe_tags": {
        "TagDescriptions": [
            {"ResourceArn": arn, "Tags": [{"Key": "tenant", "Value": "mercy"}] if arn == SOUND else []}
            for arn in (
                *LISTENERS,
                *(found["ListenerArn"] for of_one in LISTENERS.values() for found in of_one),
                *(f"{ELB}targetgroup/{name}/1" for name in ("tls", "plain", "function")),
            )
        ]
    },
    "describe_listeners": [
        {"params": {"LoadBalancerArn": balancer}, "answer": {"Listeners": found}}
        for balancer, found in LISTENERS.items()
    ],
    "describe_rules": [
        {
            "params": {"ListenerArn": f"{FLAWED.replace(':loadbalancer/', ':listener/')}/8080"},
            "answer": {
                "Rules": [{"RuleArn": f"{ELB}listener-rule/1", "IsDefault": False, "Actions": [{"Type": "forward"}]}]
            },
        },
        {"answer": {"Rules": [{"RuleArn": f"{ELB}listener-rule/0", "IsDefault": True, "Actions": TO_HTTPS}]}},
    ],
    "describe_target_groups": {
        "TargetGroups": [
            {"TargetGroupArn": f"{ELB}targetgroup/tls/1", "TargetGroupName": "tls", "Protocol": "HTTPS"},
            {"TargetGroupArn": f"{ELB}targetgroup/plain/1", "TargetGroupName": "plain", "Protocol": "HTTP"},
            {"TargetGroupArn": f"{ELB}targetgroup/function/1", "TargetGroupName": "function", "TargetType": "lambda"},
        ]
    },
}


def policy(name: str, reference: str) -> dict[str, Any]:
    return {
        "PolicyName": name,
        "PolicyTypeName": "SSLNegotiationPolicyType",
        "PolicyAttributeDescriptions": [{"AttributeName": "Reference-Security-Policy", "AttributeValue": reference}],
    }


def classic(name: str, protocol: str, certificate: str, policies: list[str]) -> dict[str, Any]:
    listens = {
        "Protocol": protocol,
        "LoadBalancerPort": 443,
        "InstanceProtocol": "HTTPS",
        "InstancePort": 443,
        **({"SSLCertificateId": certificate} if certificate else {}),
    }
    listeners = [{"Listener": listens, "PolicyNames": policies}]
    return {"LoadBalancerName": name, "Scheme": "internal", "ListenerDescriptions": listeners}


CLASSIC: dict[str, Any] = {
    "describe_load_balancers": {
        "LoadBalancerDescriptions": [
            classic("sound", "HTTPS", CERTIFICATE, ["strong"]),
            classic("flawed", "HTTPS", f"arn:aws:iam::{OWN}:server-certificate/old", ["weak"]),
            classic("plain", "HTTP", "", []),
        ]
    },
    "describe_load_balancer_attributes": [
        {
            "params": {"LoadBalancerName": "sound"},
            "answer": {
                "LoadBalancerAttributes": {
                    "AccessLog": {"Enabled": True, "S3BucketName": "logs"},
                    "CrossZoneLoadBalancing": {"Enabled": True},
                }
            },
        },
        {
            "answer": {
                "LoadBalancerAttributes": {
                    "AccessLog": {"Enabled": False},
                    "CrossZoneLoadBalancing": {"Enabled": False},
                }
            }
        },
    ],
    "describe_tags": {
        "TagDescriptions": [{"LoadBalancerName": name, "Tags": []} for name in ("sound", "flawed", "plain")]
    },
    "describe_load_balancer_policies": {
        "PolicyDescriptions": [
            policy("strong", "ELBSecurityPolicy-TLS-1-2-2017-01"),
            policy("weak", "ELBSecurityPolicy-2016-08"),
        ]
    },
}
WAF: dict[str, Any] = {
    "list_web_acls": [
        {
            "params": {"Scope": "REGIONAL"},
            "answer": {
                "WebACLs": [{"ARN": f"{REGIONAL}{name}/1", "Id": "1", "Name": name} for name in ("sound", "mute")]
            },
        },
        {
            "params": {"Scope": "CLOUDFRONT"},
            "answer": {"WebACLs": [{"ARN": f"{GLOBAL}edge/1", "Id": "1", "Name": "edge"}]},
        },
    ],
    "list_resources_for_web_acl": [
        {
            "params": {"WebACLArn": f"{REGIONAL}sound/1", "ResourceType": "APPLICATION_LOAD_BALANCER"},
            "answer": {"ResourceArns": [SOUND]},
        }
    ],
    "list_logging_configurations": [
        {
            "params": {"Scope": "REGIONAL"},
            "answer": {
                "LoggingConfigurations": [
                    {
                        "ResourceArn": f"{REGIONAL}sound/1",
                        "LogDestinationConfigs": ["arn:aws:s3:::aws-waf-logs-a"],
                        "RedactedFields": [{"SingleHeader": {"Name": name}} for name in ("authorization", "cookie")],
                    }
                ]
            },
        },
        {
            "answer": {
                "LoggingConfigurations": [
                    {"ResourceArn": f"{GLOBAL}edge/1", "LogDestinationConfigs": ["arn:aws:s3:::aws-waf-logs-a"]}
                ]
            }
        },
    ],
}
CLOUDFRONT: dict[str, Any] = {
    "list_distributions": {
        "DistributionList": {
            "Items": [
                {
                    "Id": "SOUND",
                    "ARN": f"{CDN}SOUND",
                    "DefaultCacheBehavior": {"ViewerProtocolPolicy": "redirect-to-https"},
                    "CacheBehaviors": {"Items": [{"PathPattern": "/api", "ViewerProtocolPolicy": "https-only"}]},
                    "ViewerCertificate": {
                        "CloudFrontDefaultCertificate": False,
                        "ACMCertificateArn": CERTIFICATE,
                        "MinimumProtocolVersion": "TLSv1.2_2021",
                    },
                    "WebACLId": f"{GLOBAL}edge/1",
                },
                {
                    "Id": "FLAWED",
                    "ARN": f"{CDN}FLAWED",
                    "DefaultCacheBehavior": {"ViewerProtocolPolicy": "redirect-to-https"},
                    "CacheBehaviors": {"Items": [{"PathPattern": "/api", "ViewerProtocolPolicy": "allow-all"}]},
                    "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
                    "WebACLId": "",
                },
            ]
        }
    },
    "get_distribution_config": [
        {
            "params": {"Id": "SOUND"},
            "answer": {"DistributionConfig": {"Logging": {"Enabled": True, "Bucket": "logs.s3.amazonaws.com"}}},
        },
        {"answer": {"DistributionConfig": {"Logging": {"Enabled": False, "Bucket": ""}}}},
    ],
    "list_tags_for_resource": {"Tags": {"Items": []}},
}


def named(kind: str, name: str, account: str = OWN) -> dict[str, Any]:
    return {"id": name, "name": name, "arn": f"arn:aws:vpc-lattice:us-east-1:{account}:{kind}/{name}"}


VPC_LATTICE: dict[str, Any] = {
    "list_service_networks": {
        "items": [
            named("servicenetwork", "guarded"),
            named("servicenetwork", "open"),
            named("servicenetwork", "x", "9" * 12),
        ]
    },
    "get_service_network": [
        {"params": {"serviceNetworkIdentifier": "guarded"}, "answer": {"authType": "AWS_IAM"}},
        {"answer": {"authType": "NONE"}},
    ],
    "list_services": {"items": [named("service", name) for name in ("own", "by-network", "anonymous")]},
    "get_service": [
        {"params": {"serviceIdentifier": "own"}, "answer": {"authType": "AWS_IAM"}},
        {"answer": {"authType": "NONE"}},
    ],
    "list_service_network_service_associations": [
        {
            "params": {"serviceIdentifier": service},
            "answer": {
                "items": [
                    {
                        "arn": f"{LATTICE}servicenetworkserviceassociation/{service}",
                        "status": "ACTIVE",
                        "serviceNetworkArn": f"{LATTICE}servicenetwork/{network}",
                    }
                ]
            },
        }
        for service, network in (("own", "open"), ("by-network", "guarded"), ("anonymous", "open"))
    ],
    "list_access_log_subscriptions": [
        {
            "params": {"resourceIdentifier": name},
            "answer": {
                "items": [{"arn": f"{LATTICE}accesslogsubscription/{name}", "destinationArn": "arn:aws:s3:::logs"}]
            },
        }
        for name in ("guarded", "own")
    ],
    "list_listeners": [
        {
            "params": {"serviceIdentifier": "own"},
            "answer": {
                "items": [
                    {"arn": f"{LATTICE}service/own/listener/{protocol}", "name": protocol.lower(), "protocol": protocol}
                    for protocol in ("HTTP", "HTTPS")
                ]
            },
        }
    ],
}
ACCOUNT = {"elbv2": ELBV2, "elb": CLASSIC, "wafv2": WAF, "cloudfront": CLOUDFRONT, "vpc-lattice": VPC_LATTICE}
BALANCER = [
    "access-logging",
    "load-balancer-deletion-protection",
    "load-balancer-drops-invalid-headers",
    "web-acl-attached",
]
LISTENED = ["certificate-from-acm", "load-balancer-mutual-tls", "tls-enforced", "tls-minimum-version"]
EXPECTED: dict[str, dict[str, list[str]]] = {
    SOUND: {"pass": sorted([*BALANCER, "load-balancer-cross-zone"])},
    FLAWED: {"fail": sorted([*BALANCER, "load-balancer-cross-zone"])},
    NETWORK: {"fail": ["access-logging", "load-balancer-cross-zone"], "pass": ["load-balancer-deletion-protection"]},
    GATEWAY: {"fail": ["access-logging", "load-balancer-cross-zone"], "pass": ["load-balancer-deletion-protection"]},
    f"{ELB}listener/app/sound/0000000000000001/80": {"pass": ["tls-enforced"]},
    f"{ELB}listener/app/sound/0000000000000001/443": {"pass": LISTENED},
    f"{ELB}listener/app/flawed/0000000000000002/80": {"fail": ["tls-enforced"]},
    f"{ELB}listener/app/flawed/0000000000000002/8080": {"fail": ["tls-enforced"]},
    f"{ELB}listener/app/flawed/0000000000000002/443": {
        "fail": ["certificate-from-acm", "load-balancer-mutual-tls", "tls-minimum-version"],
        "pass": ["tls-enforced"],
    },
    f"{ELB}targetgroup/tls/1": {"pass": ["targets-tls"]},
    f"{ELB}targetgroup/plain/1": {"fail": ["targets-tls"]},
    f"{ELB}loadbalancer/sound": {
        "pass": [
            "access-logging",
            "certificate-from-acm",
            "load-balancer-cross-zone",
            "tls-enforced",
            "tls-minimum-version",
        ]
    },
    f"{ELB}loadbalancer/flawed": {
        "fail": ["access-logging", "certificate-from-acm", "load-balancer-cross-zone", "tls-minimum-version"],
        "pass": ["tls-enforced"],
    },
    f"{ELB}loadbalancer/plain": {"fail": ["access-logging", "load-balancer-cross-zone", "tls-enforced"]},
    f"{REGIONAL}sound/1": {"pass": ["waf-log-redaction", "waf-logging"]},
    f"{REGIONAL}mute/1": {"fail": ["waf-logging"]},
    f"{GLOBAL}edge/1": {"fail": ["waf-log-redaction"], "pass": ["waf-logging"]},
    f"{CDN}SOUND": {"pass": ["access-logging", "tls-enforced", "tls-minimum-version", "web-acl-attached"]},
    f"{CDN}FLAWED": {"fail": ["access-logging", "tls-enforced", "tls-minimum-version", "web-acl-attached"]},
    f"{LATTICE}servicenetwork/guarded": {"pass": ["access-logging", "lattice-authenticated"]},
    f"{LATTICE}servicenetwork/open": {"fail": ["access-logging", "lattice-authenticated"]},
    f"{LATTICE}service/own": {"pass": ["access-logging", "lattice-authenticated"]},
    f"{LATTICE}service/by-network": {"fail": ["access-logging"], "pass": ["lattice-authenticated"]},
    f"{LATTICE}service/anonymous": {"fail": ["access-logging", "lattice-authenticated"]},
    f"{LATTICE}service/own/listener/HTTP": {"fail": ["tls-enforced"]},
    f"{LATTICE}service/own/listener/HTTPS": {"pass": ["tls-enforced"]},
}


def test_what_faces_the_network(tmp_path: Path) -> None:
    found = judged(ACCOUNT, tmp_path)
    assert all_said(found) == EXPECTED


def test_a_distribution_whose_logs_cloudwatch_delivers(tmp_path: Path) -> None:
    source = {"name": "edge", "service": "cloudfront", "logType": "ACCESS_LOGS", "resourceArns": [f"{CDN}FLAWED"]}
    logs = {
        "describe_delivery_sources": {"deliverySources": [{"arn": "arn:aws:logs:us-east-1:1:source", **source}]},
        "describe_deliveries": {"deliveries": [{"id": "1", "deliverySourceName": "edge"}]},
    }
    account = {"cloudfront": CLOUDFRONT, "logs": logs}
    idle = {"cloudfront": CLOUDFRONT, "logs": {**logs, "describe_deliveries": {"deliveries": []}}}
    assert judged(idle, tmp_path)[f"{CDN}FLAWED"]["access-logging"] is Verdict.UNKNOWN
    assert judged(account, tmp_path)[f"{CDN}FLAWED"]["access-logging"] is Verdict.PASS
    unread = judged(denied(account, "logs", "describe_delivery_sources"), tmp_path)
    assert unread[f"{CDN}FLAWED"]["access-logging"] is Verdict.UNKNOWN
    assert unread[f"{CDN}SOUND"]["access-logging"] is Verdict.PASS


def test_the_policies_of_a_listener_are_those_that_it_is_given(tmp_path: Path) -> None:
    """One that was left behind does not count, and one that may not be read leaves the version open."""
    found = judged(denied(ACCOUNT, "elb", "describe_load_balancer_policies"), tmp_path)
    assert found[f"{ELB}loadbalancer/sound"]["tls-minimum-version"] is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation"),
    [(service, operation) for service in sorted(ACCOUNT) for operation in sorted(ACCOUNT[service])],
)
def test_nothing_is_decided_by_a_call_that_is_denied(tmp_path: Path, service: str, operation: str) -> None:
    whole = settled(judged(ACCOUNT, tmp_path))
    assert settled(judged(denied(ACCOUNT, service, operation), tmp_path)) - whole == set()
