"""APIs and what stands around analytics over a real socket: made with AWS's own client, found, and judged."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.loaders.aws.answers import rules
from tests.loaders.aws.server import ACCOUNT, Moto

from phiward.model.finding import Verdict

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service"


def failures(moto: Moto, *services: str) -> dict[str, list[str]]:
    """The rules that fail, by the address of what was read."""
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for finding in moto.scan(live={"services": services}).findings:
        if finding.subject.address.startswith("arn:") and "[*]" not in finding.subject.address:
            found[finding.subject.address][finding.rule.id] = finding.verdict
    return {address: rules(verdicts, Verdict.FAIL) for address, verdicts in found.items()}


def test_rest_and_http_apis(moto: Moto) -> None:
    v1, v2 = moto.client("apigateway"), moto.client("apigatewayv2")
    rest = v1.create_rest_api(name="records", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = v1.get_resources(restApiId=rest)["items"][0]["id"]
    about = {"restApiId": rest, "resourceId": root, "httpMethod": "GET"}
    v1.put_method(**about, authorizationType="NONE")
    v1.put_integration(**about, type="MOCK")
    v1.create_deployment(restApiId=rest, stageName="prod")
    changes = {"/*/*/logging/loglevel": "ERROR", "/*/*/logging/dataTrace": "true", "/tracingEnabled": "true"}
    v1.update_stage(
        restApiId=rest,
        stageName="prod",
        patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in changes.items()],
    )
    v1.create_domain_name(domainName="api.example.org", certificateName="c", securityPolicy="TLS_1_2")
    v1.create_base_path_mapping(domainName="api.example.org", restApiId=rest, stage="prod")
    http = v2.create_api(Name="portal", ProtocolType="HTTP")["ApiId"]
    route = v2.create_route(ApiId=http, RouteKey="GET /p")["RouteId"]
    v2.create_stage(ApiId=http, StageName="$default")
    arn = "arn:aws:apigateway:us-east-1::"
    assert failures(moto, "apigateway", "apigatewayv2", "wafv2") == {
        f"{arn}/restapis/{rest}": ["api-default-endpoint-closed"],
        f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{rest}/prod/*": [],  # the server shows no summary of a deployment
        f"{arn}/restapis/{rest}/stages/prod": ["access-logging", "stage-client-certificate", "web-acl-attached"],
        f"{arn}/restapis/{rest}/stages/prod/settings/*/*": ["api-bodies-not-logged"],
        f"{arn}/domainnames/api.example.org": ["api-mutual-tls"],
        f"{arn}/apis/{http}": [],
        f"{arn}/apis/{http}/routes/{route}": ["api-authenticated"],
        f"{arn}/apis/{http}/stages/$default": ["access-logging"],
    }


def test_what_analytics_keep(moto: Moto) -> None:
    key = moto.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)["KeyMetadata"]["Arn"]
    moto.client("kms").enable_key_rotation(KeyId=key)
    result = {
        "OutputLocation": "s3://results/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key},
    }
    moto.client("athena").create_work_group(
        Name="notes", Configuration={"EnforceWorkGroupConfiguration": True, "ResultConfiguration": result}
    )
    glue = moto.client("glue")
    glue.create_database(DatabaseInput={"Name": "notes"})
    glue.put_data_catalog_encryption_settings(
        DataCatalogEncryptionSettings={"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}}
    )
    moto.client("sagemaker").create_notebook_instance(
        NotebookInstanceName="research", InstanceType="ml.t3.medium", RoleArn=ROLE, KmsKeyId=key
    )
    agent = moto.client("bedrock-agent").create_agent(agentName="triage", agentResourceRoleArn=ROLE)["agent"][
        "agentArn"
    ]
    found = failures(moto, "athena", "glue", "sagemaker", "bedrockagent", "kms")
    assert {address: failed for address, failed in found.items() if ":kms:" not in address} == {
        f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/notes": [],
        f"arn:aws:glue:us-east-1:{ACCOUNT}:catalog": ["encryption-at-rest"],
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/research": ["research-no-internet-path"],
        agent: ["customer-managed-key"],
    }


def test_builds_pools_and_servers(moto: Moto) -> None:
    environment: dict[str, Any] = {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}
    variables = [{"name": "DB_PASSWORD", "value": "correct-horse-battery", "type": "PLAINTEXT"}]
    moto.client("codebuild").create_project(
        name="images",
        source={"type": "GITHUB", "location": "https://token@github.com/example/images"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={**environment, "environmentVariables": variables},
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/builds",
    )
    cognito = moto.client("cognito-idp")
    policy = {"PasswordPolicy": {"MinimumLength": 14}}
    pool = cognito.create_user_pool(PoolName="patients", MfaConfiguration="OFF", Policies=policy)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        AccessTokenValidity=15,
        RefreshTokenValidity=30,
        TokenValidityUnits={"AccessToken": "minutes", "RefreshToken": "days"},
    )["UserPoolClient"]["ClientId"]
    server = moto.client("transfer").create_server(Protocols=["FTP"], EndpointType="PUBLIC")["ServerId"]
    at = f"us-east-1:{ACCOUNT}"
    assert failures(moto, "codebuild", "cognito-idp", "transfer") == {
        f"arn:aws:codebuild:{at}:project/images": ["build-source-without-token", "secret-not-in-plain-text"],
        f"arn:aws:cognito-idp:{at}:userpool/{pool}": ["password-reuse", "user-pool-mfa"],
        f"arn:aws:cognito-idp:{at}:userpool/{pool}/client/{client}": ["session-renewal"],
        f"arn:aws:transfer:{at}:server/{server}": ["access-logging", "tls-enforced"],
    }
