"""SAM's APIs, the explicit ones and those that events imply.

Source: SAM developer guide, "AWS::Serverless::Api", "AWS::Serverless::HttpApi" and "CloudFormation resources generated
when AWS::Serverless::Api is specified".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from phiward.loaders.cloudformation.sam.made import Made, Node, Serverless, is_function, reference, suffix, tags
from phiward.model.value import Unknown

_REST = (
    "ApiKeySourceType", "BinaryMediaTypes", "Description", "EndpointAccessMode", "MinimumCompressionSize", "Mode",
    "Name", "Policy", "SecurityPolicy",
)  # fmt: skip
_STAGE = (
    "AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "CanarySetting", "MethodSettings", "StageName",
    "TracingEnabled", "Variables",
)  # fmt: skip
_HTTP_STAGE = ("AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageName", "StageVariables")
_WORKED_IN = (
    "Auth",
    "BinaryMediaTypes",
    "Cors",
    "GatewayResponses",
    "Models",
    "CorsConfiguration",
    "DisableExecuteApiEndpoint",
)
"""What SAM writes into the definition of an API."""
DEFAULT = "$default"
_MAPPED = {
    "AWS::ApiGateway::BasePathMapping": ("RestApiId", "BasePath"),
    "AWS::ApiGatewayV2::ApiMapping": ("ApiId", "ApiMappingKey"),
}
"""How a mapping names the API and a path of the domain name."""
_signs = re.compile(r"[^0-9A-Za-z]+")


def rest_api(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """A REST API with its deployment and its stage."""
    properties = sam.taken(_REST)
    places = dict(sam.places)
    endpoint = properties["EndpointConfiguration"] = _endpoint(sam.get("EndpointConfiguration"))
    if isinstance(endpoint, dict) and "Types" in endpoint:
        properties["Parameters"] = {"endpointConfigurationTypes": endpoint["Types"][0]}
    if sam.get("FailOnWarnings"):
        properties["FailOnWarnings"] = sam.get("FailOnWarnings")
    properties |= _definition(sam)
    if sam.get("DisableExecuteApiEndpoint") is not None:
        properties["DisableExecuteApiEndpoint"] = sam.get("DisableExecuteApiEndpoint")
    auth = sam.get("Auth")
    if is_function(auth) or (isinstance(auth, dict) and "ResourcePolicy" in auth):
        properties["Policy"] = Unknown("what SAM makes of the resource policy of the API is not worked out")
        places["Policy"] = sam.places["Auth"]
    if sam.get("PropagateTags") is True:
        properties["Tags"] = tags(sam.get("Tags"))
    yield sam.name, sam.made("AWS::ApiGateway::RestApi", properties, places)
    yield f"{sam.name}Deployment", sam.made("AWS::ApiGateway::Deployment", {"RestApiId": reference(sam.name)})
    stage = {
        **sam.taken(_STAGE),
        "RestApiId": reference(sam.name),
        "DeploymentId": reference(f"{sam.name}Deployment"),
        "Tags": tags(sam.get("Tags")),
    }
    stage_id = f"{sam.name}{suffix(sam.get('StageName'))}Stage"
    yield stage_id, sam.made("AWS::ApiGateway::Stage", stage, sam.places)
    yield from _domain(sam, "AWS::ApiGateway::DomainName", _rest_domain)
    yield from _mappings(sam, "AWS::ApiGateway::BasePathMapping", stage_id)
    authorizers = auth.get("Authorizers") if isinstance(auth, dict) else None
    for name, authorizer in authorizers.items() if isinstance(authorizers, dict) else ():
        function = authorizer.get("FunctionArn") if isinstance(authorizer, dict) else None
        if function is not None:
            yield f"{sam.name}{name}AuthorizerPermission", _authorizes(sam, function)


def http_api(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """An HTTP API with its stage."""
    properties = _definition(sam)
    if sam.get("FailOnWarnings"):
        properties["FailOnWarnings"] = sam.get("FailOnWarnings")
    if sam.get("DisableExecuteApiEndpoint") is not None:
        properties["DisableExecuteApiEndpoint"] = sam.get("DisableExecuteApiEndpoint")
    cors = sam.get("CorsConfiguration")
    if cors is not None:
        plain = isinstance(cors, dict) and not is_function(cors)
        properties["CorsConfiguration"] = cors if plain else Unknown("whom its CORS lets in is not worked out")
    if isinstance(properties.get("Body"), dict):
        why = Unknown("what SAM writes into the definition of the API is not worked out")
        properties["Body"] = {**properties["Body"], "paths": why, "tags": why}
    written = sam.get("Tags")
    own = {"httpapi:createdBy": "SAM"}
    properties["Tags"] = {**written, **own} if isinstance(written, dict) and not is_function(written) else own
    yield sam.name, sam.made("AWS::ApiGatewayV2::Api", properties, sam.places)
    name = sam.get("StageName")
    name = DEFAULT if name is None else name
    id_ = "ApiGatewayDefaultStage" if name == DEFAULT else f"{suffix(name)}Stage"
    stage = {**sam.taken(_HTTP_STAGE), "StageName": name, "ApiId": reference(sam.name), "AutoDeploy": True}
    stage["Tags"] = properties["Tags"]
    yield f"{sam.name}{id_}", sam.made("AWS::ApiGatewayV2::Stage", stage, sam.places)
    yield from _domain(sam, "AWS::ApiGatewayV2::DomainName", _http_domain, Tags=properties["Tags"])
    yield from _mappings(sam, "AWS::ApiGatewayV2::ApiMapping", f"{sam.name}{id_}")


def _authorizes(sam: Serverless, function: Node) -> Made:
    """That an API may ask a function who its callers are."""
    source = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*"
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": function,
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": [source, {"__ApiId__": reference(sam.name)}]},
    }
    return sam.made("AWS::Lambda::Permission", properties, dict.fromkeys(properties, sam.places["Auth"]))


def _definition(sam: Serverless) -> dict[str, Node]:
    """The definition of an API: where it is stored, as it is written, or as SAM works it out."""
    if sam.get("DefinitionUri") is not None:
        return {"BodyS3Location": Unknown("where its definition is uploaded to is decided when it is packaged")}
    body = sam.get("DefinitionBody")
    if body is None or any(sam.get(name) is not None for name in _WORKED_IN):
        return {"Body": Unknown("what SAM writes into the definition of the API is not worked out")}
    return {"Body": body}


def _endpoint(written: Node) -> Node:
    if written is None:
        return None
    if isinstance(written, str) or (is_function(written) and "Fn::If" not in written):
        return {"Types": [written]}
    if is_function(written) or not isinstance(written, dict):
        return Unknown("of which type its endpoint is, is not known")
    names = {"VPCEndpointIds": "VpcEndpointIds", "VpcEndpointIds": "VpcEndpointIds", "IpAddressType": "IpAddressType"}
    found = {names[key]: value for key, value in written.items() if key in names}
    return {"Types": [written["Type"]], **found} if "Type" in written else found


def _domain(sam: Serverless, type_: str, properties: Any, **more: Node) -> Iterator[tuple[str, Made]]:
    domain = sam.get("Domain")
    if not isinstance(domain, dict) or is_function(domain):
        return
    places = {key: (*sam.places["Domain"], key) for key in domain}
    yield f"{sam.name}DomainName", sam.made(type_, {**properties(domain), **more}, places)


def _mappings(sam: Serverless, type_: str, stage: str) -> Iterator[tuple[str, Made]]:
    """What leads from the domain name to the API: from each of its base paths, or from all of it."""
    domain = sam.get("Domain")
    if not isinstance(domain, dict) or is_function(domain):
        return
    api, key = _MAPPED[type_]
    written = domain.get("BasePath")
    paths = written if isinstance(written, list) else [written]
    for path in paths or [None]:
        clean = _signs.sub("", path) if isinstance(path, str) else ""
        properties = {"DomainName": reference(f"{sam.name}DomainName"), api: reference(sam.name), key: path}
        id_ = f"{sam.name}{clean}{type_.rpartition(':')[2]}"
        yield id_, sam.made(type_, {**properties, "Stage": reference(stage)}, {key: sam.places["Domain"]})


def _rest_domain(domain: Mapping[str, Any]) -> dict[str, Node]:
    kind = domain.get("EndpointConfiguration", "REGIONAL")
    certificate = "CertificateArn" if kind == "EDGE" else "RegionalCertificateArn"
    return {
        "DomainName": domain.get("DomainName"),
        "EndpointConfiguration": {"Types": [kind]},
        certificate: domain.get("CertificateArn"),
        "SecurityPolicy": domain.get("SecurityPolicy"),
        "MutualTlsAuthentication": domain.get("MutualTlsAuthentication"),
    }


def _http_domain(domain: Mapping[str, Any]) -> dict[str, Node]:
    configuration = {
        "CertificateArn": domain.get("CertificateArn"),
        "EndpointType": domain.get("EndpointConfiguration", "REGIONAL"),
        "SecurityPolicy": domain.get("SecurityPolicy"),
    }
    return {
        "DomainName": domain.get("DomainName"),
        "DomainNameConfigurations": [{key: value for key, value in configuration.items() if value is not None}],
        "MutualTlsAuthentication": domain.get("MutualTlsAuthentication"),
    }
