"""API Gateway, AppSync, Cognito and Transfer: what AWS answers, and what is held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import Answers, judged, rules

from phiward.model.finding import Verdict

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
DENIED = {"error": "AccessDeniedException", "http": 403}
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/edge/w1"
GATEWAY = "arn:aws:apigateway:us-east-1::"
CALLED = "arn:aws:execute-api:us-east-1:111122223333:a1/prod"
FORMAT = "$context.requestId $context.status $context.identity.sourceIp $context.identity.userArn"
LOGS = {"destinationArn": "arn:aws:logs:us-east-1:111122223333:log-group:api", "format": FORMAT}


def rest_api(stage: dict[str, Any], methods: dict[str, Any], **api: Any) -> dict[str, Any]:
    return {
        "get_rest_apis": {"items": [{"id": "a1", "name": "records", **api}]},
        "get_stages": {"item": [{"stageName": "prod", "deploymentId": "d1", **stage}]},
        "get_deployment": {"id": "d1", "apiSummary": {"/p": methods}},
    }


SOUND_REST = rest_api(
    {
        "accessLogSettings": LOGS,
        "webAclArn": WEB_ACL,
        "clientCertificateId": "c1",
        "tracingEnabled": True,
        "methodSettings": {
            "*/*": {
                "loggingLevel": "ERROR",
                "dataTraceEnabled": False,
                "cachingEnabled": True,
                "cacheDataEncrypted": True,
            }
        },
    },
    {
        "GET": {"authorizationType": "AWS_IAM", "apiKeyRequired": False},
        "OPTIONS": {"authorizationType": "NONE", "apiKeyRequired": False},
    },
    disableExecuteApiEndpoint=True,
    endpointConfiguration={"types": ["REGIONAL"]},
)
SOUND_REST["get_domain_names"] = {
    "items": [
        {
            "domainName": "api.example.org",
            "securityPolicy": "TLS_1_2",
            "mutualTlsAuthentication": {"truststoreUri": "s3://trust/ca.pem"},
        }
    ]
}
SOUND_REST["get_base_path_mappings"] = {"items": [{"basePath": "(none)", "restApiId": "a1", "stage": "prod"}]}


def test_a_sound_rest_api_passes(tmp_path: Path) -> None:
    found = judged({"apigateway": SOUND_REST}, tmp_path)
    failures = {address: failed for address, verdicts in found.items() if (failed := rules(verdicts, FAIL))}
    assert {address for address in failures if "apigateway" in address} == set()
    assert rules(found[f"{GATEWAY}/restapis/a1"], PASS) == ["api-default-endpoint-closed", "service-eligible"]
    assert rules(found[f"{GATEWAY}/restapis/a1/stages/prod"], PASS) == [
        "access-log-fields",
        "access-logging",
        "request-tracing",
        "service-eligible",
        "stage-client-certificate",
        "web-acl-attached",
    ]
    assert rules(found[f"{GATEWAY}/restapis/a1/stages/prod/settings/*/*"], PASS) == [
        "api-bodies-not-logged",
        "api-cache-encrypted",
        "api-execution-logging",
        "service-eligible",
    ]
    for method in ("GET", "OPTIONS"):
        verdicts = found[f"{CALLED}/{method}/p"]
        assert rules(verdicts, PASS) == ["api-authenticated", "service-eligible"]
    assert rules(found[f"{GATEWAY}/domainnames/api.example.org"], PASS) == [
        "api-mutual-tls",
        "service-eligible",
        "tls-enforced",
        "tls-minimum-version",
    ]


def test_a_flawed_rest_api_fails(tmp_path: Path) -> None:
    answers = rest_api({}, {"ANY": {"authorizationType": "NONE"}})
    answers["get_domain_names"] = {"items": [{"domainName": "api.example.org", "securityPolicy": "TLS_1_0"}]}
    answers["get_base_path_mappings"] = SOUND_REST["get_base_path_mappings"]
    found = judged({"apigateway": answers}, tmp_path)
    assert rules(found[f"{GATEWAY}/restapis/a1"], FAIL) == ["api-default-endpoint-closed"]
    assert rules(found[f"{GATEWAY}/restapis/a1/stages/prod"], FAIL) == [
        "access-logging",
        "request-tracing",
        "stage-client-certificate",
        "web-acl-attached",
    ]
    assert rules(found[f"{GATEWAY}/restapis/a1/stages/prod/settings/*/*"], FAIL) == ["api-execution-logging"]
    assert rules(found[f"{CALLED}/ANY/p"], FAIL) == ["api-authenticated"]
    assert rules(found[f"{GATEWAY}/domainnames/api.example.org"], FAIL) == ["api-mutual-tls", "tls-minimum-version"]


def test_what_is_deployed_is_judged(tmp_path: Path) -> None:
    """A part of the calls may go to another deployment, and one that hides its methods passes nothing."""
    answers = rest_api({"canarySettings": {"deploymentId": "d2", "percentTraffic": 5.0}}, {})
    signed, unsigned = {"authorizationType": "AWS_IAM"}, {"authorizationType": "NONE"}
    answers["get_deployment"] = [
        {"params": {"deploymentId": "d1"}, "answer": {"apiSummary": {"/p": {"GET": signed}}}},
        {"params": {"deploymentId": "d2"}, "answer": {"apiSummary": {"/p": {"GET": unsigned}}}},
    ]
    found = judged({"apigateway": answers}, tmp_path)
    assert found[f"{CALLED}/GET/p"]["api-authenticated"] is PASS
    assert found[f"{CALLED}/GET/p#canary"]["api-authenticated"] is FAIL
    answers["get_deployment"] = {"id": "d1"}
    assert judged({"apigateway": answers}, tmp_path)[f"{CALLED}/*"]["api-authenticated"] is UNKNOWN
    answers = {**answers, "get_stages": {"item": []}}
    assert not any("execute-api" in address for address in judged({"apigateway": answers}, tmp_path))


def test_settings_of_a_single_method_are_judged_by_themselves(tmp_path: Path) -> None:
    loud = {"loggingLevel": "INFO", "dataTraceEnabled": True, "cachingEnabled": True, "cacheDataEncrypted": False}
    found = judged({"apigateway": rest_api({"methodSettings": {"~1p/GET": loud}}, {})}, tmp_path)
    settings = found[f"{GATEWAY}/restapis/a1/stages/prod/settings/~1p/GET"]
    assert rules(settings, FAIL) == ["api-bodies-not-logged", "api-cache-encrypted"]
    assert f"{GATEWAY}/restapis/a1/stages/prod/settings/*/*" not in found


def test_a_mapping_of_several_levels_leads_to_a_rest_api_too(tmp_path: Path) -> None:
    """The older service shows none of them."""
    v2 = {
        "get_domain_names": {"Items": [{"DomainName": "api.example.org"}]},
        "get_api_mappings": {
            "Items": [{"ApiId": "a1", "ApiMappingId": "m1", "ApiMappingKey": "v1/records", "Stage": "p"}]
        },
    }
    found = judged({"apigateway": rest_api({}, {}), "apigatewayv2": v2}, tmp_path)
    assert rules(found[f"{GATEWAY}/restapis/a1"], FAIL) == ["api-default-endpoint-closed"]


def test_a_web_acl_that_the_service_of_web_acls_does_not_show_is_seen_at_its_stage(tmp_path: Path) -> None:
    answers: Answers = {"apigateway": SOUND_REST, "wafv2": {"list_web_acls": DENIED}}
    assert judged(answers, tmp_path)[f"{GATEWAY}/restapis/a1/stages/prod"]["web-acl-attached"] is PASS
    answers = {"apigateway": rest_api({}, {}), "wafv2": {"list_web_acls": DENIED}}
    assert judged(answers, tmp_path)[f"{GATEWAY}/restapis/a1/stages/prod"]["web-acl-attached"] is UNKNOWN


@pytest.mark.parametrize(
    ("denied", "about", "rule"),
    [
        ("get_deployment", "/restapis/a1/stages/prod:aws_api_gateway_method[*]", "api-authenticated"),
        ("get_stages", "/restapis/a1:aws_api_gateway_stage[*]", "access-logging"),
        ("get_stages", "/restapis/a1:aws_api_gateway_method_settings[*]", "api-execution-logging"),
        ("get_base_path_mappings", "/restapis/a1", "api-default-endpoint-closed"),
    ],
)
def test_what_may_not_be_read_is_unknown(tmp_path: Path, denied: str, about: str, rule: str) -> None:
    found = judged({"apigateway": {**SOUND_REST, denied: DENIED}}, tmp_path)
    assert found[f"{GATEWAY}{about}"][rule] is UNKNOWN


def http_api(route: dict[str, Any], stage: dict[str, Any], **api: Any) -> dict[str, Any]:
    selection = "$request.method $request.path"
    return {
        "get_apis": {
            "Items": [
                {"ApiId": "h1", "Name": "portal", "ProtocolType": "HTTP", "RouteSelectionExpression": selection, **api}
            ]
        },
        "get_routes": {"Items": [{"RouteId": "r1", "RouteKey": "GET /p", **route}]},
        "get_stages": {"Items": [{"StageName": "$default", **stage}]},
        "get_domain_names": {"Items": [{"DomainName": "portal.example.org"}]},
        "get_api_mappings": {"Items": [{"ApiId": "h1", "ApiMappingId": "m1", "Stage": "$default"}]},
    }


def test_http_apis(tmp_path: Path) -> None:
    logs = {"DestinationArn": LOGS["destinationArn"], "Format": FORMAT}
    sound = http_api({"AuthorizationType": "JWT"}, {"AccessLogSettings": logs}, DisableExecuteApiEndpoint=True)
    found = judged({"apigatewayv2": sound}, tmp_path)
    assert rules(found[f"{GATEWAY}/apis/h1"], PASS) == ["api-default-endpoint-closed", "service-eligible"]
    assert rules(found[f"{GATEWAY}/apis/h1/routes/r1"], PASS) == ["api-authenticated", "service-eligible"]
    assert rules(found[f"{GATEWAY}/apis/h1/stages/$default"], PASS) == [
        "access-log-fields",
        "access-logging",
        "service-eligible",
    ]
    found = judged({"apigatewayv2": http_api({"AuthorizationType": "NONE"}, {})}, tmp_path)
    assert rules(found[f"{GATEWAY}/apis/h1"], FAIL) == ["api-default-endpoint-closed"]
    assert rules(found[f"{GATEWAY}/apis/h1/routes/r1"], FAIL) == ["api-authenticated"]
    assert rules(found[f"{GATEWAY}/apis/h1/stages/$default"], FAIL) == ["access-logging"]


def test_only_the_way_into_a_websocket_api_asks_who_calls(tmp_path: Path) -> None:
    answers = http_api({}, {}, ProtocolType="WEBSOCKET")
    answers["get_routes"] = {
        "Items": [
            {"RouteId": "in", "RouteKey": "$connect", "AuthorizationType": "NONE"},
            {"RouteId": "rest", "RouteKey": "$default", "AuthorizationType": "NONE"},
        ]
    }
    found = judged({"apigatewayv2": answers}, tmp_path)
    assert found[f"{GATEWAY}/apis/h1/routes/in"]["api-authenticated"] is FAIL
    assert found[f"{GATEWAY}/apis/h1/routes/rest"]["api-authenticated"] is Verdict.NOT_APPLICABLE


GRAPHQL = "arn:aws:appsync:us-east-1:111122223333:apis/g1"


def graphql(cache: dict[str, Any] | None, **api: Any) -> Answers:
    apis = [{"params": {"apiType": "GRAPHQL"}, "answer": {"graphqlApis": [{"apiId": "g1", "arn": GRAPHQL, **api}]}}]
    return {"appsync": {"list_graphql_apis": apis, **({} if cache is None else {"get_api_cache": cache})}}


def test_graphql_apis_and_their_caches(tmp_path: Path) -> None:
    role = "arn:aws:iam::111122223333:role/logs"
    on = {"apiCache": {"atRestEncryptionEnabled": True, "transitEncryptionEnabled": True}}
    sound = graphql(on, xrayEnabled=True, logConfig={"fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": role})
    found = judged(sound, tmp_path)
    assert rules(found[GRAPHQL], PASS) == ["access-logging", "request-tracing", "service-eligible"]
    assert rules(found[f"{GRAPHQL}#aws_appsync_api_cache"], PASS) == [
        "encryption-at-rest",
        "encryption-in-transit",
        "service-eligible",
    ]
    found = judged(graphql({"apiCache": {"type": "SMALL"}}), tmp_path)
    assert rules(found[GRAPHQL], FAIL) == ["access-logging", "request-tracing"]
    assert rules(found[f"{GRAPHQL}#aws_appsync_api_cache"], FAIL) == ["encryption-at-rest", "encryption-in-transit"]
    assert f"{GRAPHQL}#aws_appsync_api_cache" not in judged(graphql(None), tmp_path)
    found = judged(graphql(DENIED), tmp_path)
    assert found[f"{GRAPHQL}#aws_appsync_api_cache"]["encryption-at-rest"] is UNKNOWN


POOL = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_a"


def pool(described: dict[str, Any], client: dict[str, Any]) -> Answers:
    return {
        "cognito-idp": {
            "list_user_pools": {"UserPools": [{"Id": "us-east-1_a", "Name": "patients"}]},
            "describe_user_pool": described if "error" in described else {"UserPool": described},
            "list_user_pool_clients": {
                "UserPoolClients": [{"ClientId": "c1", "UserPoolId": "us-east-1_a", "ClientName": "app"}]
            },
            "describe_user_pool_client": client if "error" in client else {"UserPoolClient": client},
        }
    }


def test_user_pools(tmp_path: Path) -> None:
    password = {"PasswordPolicy": {"MinimumLength": 14, "PasswordHistorySize": 24}}
    units = {"AccessToken": "minutes", "RefreshToken": "hours"}
    sound = pool(
        {"MfaConfiguration": "ON", "DeletionProtection": "ACTIVE", "Policies": password},
        {
            "AccessTokenValidity": 15,
            "RefreshTokenValidity": 8,
            "TokenValidityUnits": units,
            "ClientSecret": "never-shown",
        },
    )
    found = judged(sound, tmp_path)
    assert rules(found[POOL], PASS) == ["password-length", "password-reuse", "user-pool-mfa"]
    assert rules(found[f"{POOL}/client/c1"], PASS) == ["session-duration", "session-renewal"]
    found = judged(pool({"Policies": {"PasswordPolicy": {"MinimumLength": 8}}}, {"RefreshTokenValidity": 30}), tmp_path)
    assert rules(found[POOL], FAIL) == ["password-length", "password-reuse", "user-pool-mfa"]
    assert "session-renewal" in rules(found[f"{POOL}/client/c1"], FAIL)
    found = judged(pool(DENIED, DENIED), tmp_path)
    assert rules(found[POOL], UNKNOWN) == ["password-length", "password-reuse", "user-pool-mfa"]
    assert rules(found[f"{POOL}/client/c1"], UNKNOWN) == ["session-duration", "session-renewal"]


SERVER = "arn:aws:transfer:us-east-1:111122223333:server/s-1"


def server(described: dict[str, Any], **listed: Any) -> Answers:
    return {
        "transfer": {
            "list_servers": {"Servers": [{"Arn": SERVER, "ServerId": "s-1", **listed}]},
            "describe_server": described if "error" in described else {"Server": {"Arn": SERVER, **described}},
        }
    }


def test_transfer_servers(tmp_path: Path) -> None:
    group = "arn:aws:logs:us-east-1:111122223333:log-group:transfer:*"
    found = judged(server({"Protocols": ["SFTP"], "StructuredLogDestinations": [group]}), tmp_path)
    assert rules(found[SERVER], PASS) == ["access-logging", "service-eligible", "tls-enforced"]
    found = judged(server({"Protocols": ["SFTP", "FTP"], "StructuredLogDestinations": []}), tmp_path)
    assert rules(found[SERVER], FAIL) == ["access-logging", "tls-enforced"]
    found = judged(server(DENIED), tmp_path)
    assert {"access-logging", "tls-enforced"} <= set(rules(found[SERVER], UNKNOWN))
    assert rules(found[SERVER], FAIL) == []
