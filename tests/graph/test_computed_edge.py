"""How endpoints speak TLS, and whether they ask who calls."""

from __future__ import annotations

import pytest

from phiward.graph.computed.edge import tls_version
from phiward.model.value import Unknown
from tests.graph.properties import read


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "TLSv1.3"),
        ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", "TLSv1.3"),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1.2"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "TLSv1.2"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "TLSv1.2"),
        ("ELBSecurityPolicy-TLS13-1-1-2021-06", "TLSv1.1"),
        ("ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", "TLSv1.0"),
        ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "TLSv1.2"),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", "TLSv1.1"),
        ("ELBSecurityPolicy-TLS-1-0-2015-04", "TLSv1.0"),
        ("ELBSecurityPolicy-FS-1-2-Res-2019-08", "TLSv1.2"),
        ("ELBSecurityPolicy-FS-2018-06", "TLSv1.0"),
        ("ELBSecurityPolicy-2016-08", "TLSv1.0"),
        ("ELBSecurityPolicy-2011-08", "SSLv3"),
        ("TLSv1.2_2021", "TLSv1.2"),
        ("TLSv1.3_2025", "TLSv1.3"),
        ("TLSv1", "TLSv1.0"),
        ("TLSv1_2016", "TLSv1.0"),
        ("TLS_1_2", "TLSv1.2"),
        ("SecurityPolicy_TLS13_1_2_PQ_2025_09", "TLSv1.2"),
        ("SecurityPolicy_TLS13_2025_EDGE", "TLSv1.3"),
    ],
)
def test_policies_by_name(name, version):
    assert tls_version(name) == version


@pytest.mark.parametrize(
    "name", ["", "ELBSecurityPolicy-TLS14-1-4-2030-01", "ELBSecurityPolicy-2016-08\n", "TLSv1.9_2031"]
)
def test_a_name_of_no_known_family_is_unknown(name):
    assert isinstance(tls_version(name), Unknown)


def listener(body):
    return f'variable "v" {{}}\nresource "aws_lb_listener" "a" {{\n{body}\n}}'


REDIRECT = 'default_action {\ntype = "redirect"\nredirect {\nprotocol = "HTTPS"\nstatus_code = "HTTP_301"\n}\n}'
FORWARD = 'default_action {\ntype = "forward"\n}'
RULE = 'resource "aws_lb_listener_rule" "r" {{\nlistener_arn = aws_lb_listener.a.arn\naction {{\n{}\n}}\n}}'


@pytest.mark.parametrize(
    ("body", "beside", "expected"),
    [
        ('protocol = "HTTPS"\n' + FORWARD, "", True),
        ('protocol = "TLS"\n' + FORWARD, "", True),
        ('protocol = "HTTP"\n' + FORWARD, "", False),
        ('protocol = "HTTP"\n' + REDIRECT, "", True),
        ('protocol = "HTTP"\n' + REDIRECT.replace("HTTPS", "#{protocol}"), "", False),
        ('protocol = "HTTP"\n' + REDIRECT.replace('"HTTPS"', "var.v"), "", "unknown"),
        ('protocol = "HTTP"\ndefault_action {\ntype = "fixed-response"\n}', "", True),
        ('protocol = "HTTP"\n' + REDIRECT, RULE.format('type = "forward"'), False),
        ('protocol = "HTTP"\n' + REDIRECT, RULE.format('type = "fixed-response"'), True),
        (
            'protocol = "HTTP"\n' + FORWARD,
            RULE.format('type = "redirect"\nredirect {\nprotocol = "HTTPS"\n}'),
            "unknown",
        ),
        ('protocol = "TCP"\n' + FORWARD, "", "unknown"),
        ("protocol = var.v\n" + FORWARD, "", "unknown"),
        (FORWARD, "", "unknown"),
        (
            "load_balancer_arn = aws_lb.g.arn\n" + FORWARD,
            'resource "aws_lb" "g" {\nload_balancer_type = "gateway"\n}',
            None,
        ),
        (
            "load_balancer_arn = aws_lb.g.arn\n" + FORWARD,
            'resource "aws_lb" "g" {\nload_balancer_type = var.v\n}',
            "unknown",
        ),
    ],
)
def test_listeners(tmp_path, body, beside, expected):
    text = listener(body) + "\n" + beside
    assert read(tmp_path, text, "tls.enforced", "aws_lb_listener.a") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('protocol = "HTTPS"', "TLSv1.0"),
        ('protocol = "HTTPS"\nssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"', "TLSv1.2"),
        ('protocol = "HTTP"\nssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"', None),
        ('protocol = "TCP"', None),
        ("protocol = var.v", "unknown"),
        ('protocol = "TLS"\nssl_policy = var.v', "unknown"),
    ],
)
def test_listener_versions(tmp_path, body, expected):
    assert read(tmp_path, listener(body), "tls.minimum_version") == expected


CLASSIC = 'resource "aws_elb" "a" {{\nname = "a"\nlistener {{\nlb_protocol = "{}"\n}}\n}}\n'
NEGOTIATION = """resource "aws_load_balancer_policy" "p" {{
  load_balancer_name = aws_elb.a.name
  policy_name        = "tls"
  policy_type_name   = "SSLNegotiationPolicyType"
  policy_attribute {{
    name  = "{}"
    value = "{}"
  }}
}}
resource "aws_load_balancer_listener_policy" "l" {{
  load_balancer_name = aws_elb.a.name
  policy_names       = ["tls"]
}}
"""


@pytest.mark.parametrize(
    ("text", "enforced", "version"),
    [
        (CLASSIC.format("https"), True, "TLSv1.0"),
        (CLASSIC.format("http"), False, None),
        (CLASSIC.format("tcp"), "unknown", None),
        (
            CLASSIC.format("HTTPS")
            + NEGOTIATION.format("Reference-Security-Policy", "ELBSecurityPolicy-TLS-1-2-2017-01"),
            True,
            "TLSv1.2",
        ),
        (CLASSIC.format("ssl") + NEGOTIATION.format("Protocol-TLSv1.2", "true"), True, "unknown"),
        (
            CLASSIC.format("ssl")
            + NEGOTIATION.format("Reference-Security-Policy", "ELBSecurityPolicy-TLS-1-2-2017-01").replace(
                '"SSLNegotiationPolicyType"', "var.v"
            ),
            True,
            "unknown",
        ),
    ],
)
def test_classic_load_balancers(tmp_path, text, enforced, version):
    assert read(tmp_path, text, "tls.enforced", "aws_elb.a") == enforced
    assert read(tmp_path, text, "tls.minimum_version", "aws_elb.a") == version


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        ("cloudfront_default_certificate = true", "TLSv1.0"),
        ('acm_certificate_arn = "arn"', "TLSv1.0"),
        ('acm_certificate_arn = "arn"\nminimum_protocol_version = "TLSv1.2_2021"', "TLSv1.2"),
        ("cloudfront_default_certificate = var.v", "unknown"),
    ],
)
def test_cdn_versions(tmp_path, certificate, expected):
    text = f'variable "v" {{}}\nresource "aws_cloudfront_distribution" "a" {{\nviewer_certificate {{\n{certificate}\n}}\n}}'
    assert read(tmp_path, text, "tls.minimum_version") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('principal = "*"', True),
        ('principal = "*"\nsource_account = "111122223333"', False),
        ('principal = "*"\nsource_arn = "${aws_api_gateway_rest_api.r.execution_arn}/*/GET/a"', False),
        ('principal = "*"\nsource_arn = "arn:aws:sns:*:*:*"', True),
        ('principal = "*"\nsource_arn = var.v', "unknown"),
        ('principal = "*"\nprincipal_org_id = "o-*"', True),
        ("principal = var.v", "unknown"),
        ('principal = "apigateway.amazonaws.com"', False),
        ('principal = "111122223333"', False),
    ],
)
def test_function_permissions(tmp_path, body, expected):
    text = f'variable "v" {{}}\nresource "aws_api_gateway_rest_api" "r" {{}}\nresource "aws_lambda_permission" "a" {{\n{body}\n}}'
    assert read(tmp_path, text, "access.public", "aws_lambda_permission.a") == expected


@pytest.mark.parametrize(
    ("body", "beside", "expected"),
    [
        ('route_key = "GET /a"', "", True),
        ('route_key = "GET /a"\nauthorization_type = "JWT"', "", False),
        ('route_key = "OPTIONS /a"', "", False),
        ('route_key = "$default"', "", "unknown"),
        ('route_key = "$default"\nauthorization_type = "JWT"', "", False),
        ('route_key = "$default"\napi_id = aws_apigatewayv2_api.s.id', "HTTP", True),
        ('route_key = "$default"\napi_id = aws_apigatewayv2_api.s.id', "WEBSOCKET", None),
        ('route_key = "$connect"', "", True),
        ('route_key = "send"', "", None),
        ("route_key = var.v", "", "unknown"),
    ],
)
def test_routes(tmp_path, body, beside, expected):
    text = f'variable "v" {{}}\nresource "aws_apigatewayv2_route" "a" {{\n{body}\n}}'
    if beside:
        text += f'\nresource "aws_apigatewayv2_api" "s" {{\nprotocol_type = "{beside}"\n}}'
    assert read(tmp_path, text, "access.anonymous", "aws_apigatewayv2_route.a") == expected


@pytest.mark.parametrize(
    ("protocols", "expected"), [(None, True), ('["SFTP", "FTPS"]', True), ('["FTP"]', False), ('["AS2"]', "unknown")]
)
def test_file_transfer(tmp_path, protocols, expected):
    body = f"protocols = {protocols}" if protocols else ""
    assert read(tmp_path, f'resource "aws_transfer_server" "a" {{\n{body}\n}}', "tls.enforced") == expected


def test_a_client_only_mesh_node_has_nothing_to_enforce(tmp_path):
    text = 'resource "aws_appmesh_virtual_node" "a" {\nspec {\n}\n}'
    assert read(tmp_path, text, "tls.enforced") is None


def test_a_validation_that_may_be_left_out_is_not_taken_for_written(tmp_path):
    validation = 'dynamic "validation" {\nfor_each = var.trust\ncontent {\n}\n}'
    listener = f'listener {{\ntls {{\nmode = "STRICT"\n{validation}\n}}\n}}'
    text = f'variable "trust" {{}}\nresource "aws_appmesh_virtual_node" "a" {{\nspec {{\n{listener}\n}}\n}}'
    assert read(tmp_path, text, "mutual_tls.enabled") == "unknown"


def test_one_lax_listener_of_a_mesh_node_decides(tmp_path):
    strict = 'listener {\ntls {\nmode = "STRICT"\nvalidation {\ntrust {\n}\n}\n}\n}'
    text = f'resource "aws_appmesh_virtual_node" "a" {{\nspec {{\n{strict}\nlistener {{\n}}\n}}\n}}'
    assert read(tmp_path, text, "tls.enforced") is False
    assert read(tmp_path, text, "mutual_tls.enabled") is False


def lattice(service, network=""):
    text = f'resource "aws_vpclattice_service" "a" {{\n{service}\n}}\n'
    if network:
        text += f'resource "aws_vpclattice_service_network" "n" {{\nauth_type = "{network}"\n}}\n'
        text += (
            'resource "aws_vpclattice_service_network_service_association" "x" {\n'
            "service_identifier = aws_vpclattice_service.a.id\n"
            "service_network_identifier = aws_vpclattice_service_network.n.id\n}\n"
        )
    return text


@pytest.mark.parametrize(
    ("service", "network", "expected"),
    [
        ("", "", True),
        ('auth_type = "AWS_IAM"', "NONE", False),
        ('auth_type = "NONE"', "AWS_IAM", False),
        ('auth_type = "NONE"', "NONE", True),
    ],
)
def test_lattice_services(tmp_path, service, network, expected):
    text = lattice(service, network)
    assert read(tmp_path, text, "access.anonymous", "aws_vpclattice_service.a") is expected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("", None),
        ('volume {\nname = "scratch"\n}', None),
        ('volume {\nname = "a"\nefs_volume_configuration {\ntransit_encryption = "ENABLED"\n}\n}', True),
        ('volume {\nname = "a"\nefs_volume_configuration {\n}\n}', False),
    ],
)
def test_task_mounts(tmp_path, volume, expected):
    text = f'resource "aws_ecs_task_definition" "a" {{\nfamily = "a"\n{volume}\n}}'
    assert read(tmp_path, text, "encryption.in_transit") is expected


@pytest.mark.parametrize(
    ("kind", "drops", "expected"),
    [("", "", False), ("", "true", True), ("network", "", None), ("application", "var.v", "unknown")],
)
def test_invalid_headers(tmp_path, kind, drops, expected):
    body = (f'load_balancer_type = "{kind}"\n' if kind else "") + (
        f"drop_invalid_header_fields = {drops}" if drops else ""
    )
    text = f'variable "v" {{}}\nresource "aws_lb" "a" {{\n{body}\n}}'
    assert read(tmp_path, text, "network.drops_invalid_headers") == expected
