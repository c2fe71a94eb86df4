"""Whole templates: what they declare, where it stands, and what is nested, included or repeated in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stacks import Stacks, reason

from phiward.loaders.cloudformation.discovery import may_be_template
from phiward.model.value import OpenAttributes, Partial, Reference, Sensitive, Unknown

VOLUME = "Type: AWS::EC2::Volume"


def one(tmp_path, text: str, **settings: Any) -> Stacks:
    return Stacks(tmp_path, {"template.yaml": text}, **settings)


def holes(stacks: Stacks) -> list[str]:
    return [hole.reason for scope in stacks.loaded.scopes for hole in scope.holes]


# -- what is a template

TEMPLATES = {
    "by its version": "AWSTemplateFormatVersion: 2010-09-09\nResources: {}\n",
    "by a resource": f"Resources:\n  V: {{{VOLUME}}}\n",
    "by a custom resource": "Resources:\n  V:\n    Type: Custom::Any\n",
    "by its transform": "Transform: AWS::Serverless-2016-10-31\nResources: {}\n",
    "behind a mark": "\ufeff---\n# a comment\nDescription: x\nResources:\n  V:\n    Type: 'AWS::EC2::Volume'\n",
    "as JSON": '{"Resources": {"V": {"Type": "AWS::EC2::Volume"}}}',
    "as JSON on one line": '{"Description":"x","Resources":{"V":{"Type":"AWS::EC2::Volume"}}}',
    "as JSON that is broken": '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {',
}
OTHERS = {
    "a manifest": "apiVersion: v1\nkind: ConfigMap\ndata:\n  t: |\n    AWSTemplateFormatVersion: 2010-09-09\n    Resources: {}\n",
    "serverless.yml": "service: a\nresources:\n  Resources:\n    V:\n      Type: AWS::EC2::Volume\n",
    "appspec.yaml": "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n",
    "a plan": json.dumps({"planned_values": {"body": '{"AWSTemplateFormatVersion": "2010-09-09"}'}}),
    "JSON with one inside": json.dumps({"a": {"Resources": {"V": {"Type": "AWS::EC2::Volume"}}}}),
    "resources of others": "Resources:\n  - a\n  - b\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES)
def test_what_is_a_template(text):
    assert may_be_template(text.encode())


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_what_is_none(text):
    assert not may_be_template(text.encode())


# -- resources

DECLARED = f"""\
Parameters:
  Stage: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsNever: !Equals [a, b]
  Both: !And [!Condition IsProd, !Condition IsNever]
Resources:
  Here:
    {VOLUME}
    DeletionPolicy: Retain
    UpdateReplacePolicy: !If [IsNever, Retain, Delete]
    Properties:
      Encrypted: true
      Tags:
        - !If [IsNever, {{Key: no, Value: no}}, !Ref "AWS::NoValue"]
        - {{Key: tenant, Value: mercy}}
      Nested: !If
        - IsNever
        - a: 1
        - b:
            - c: 2
  Perhaps: {{{VOLUME}, Condition: IsProd}}
  Never: {{{VOLUME}, Condition: IsNever}}
  Neither: {{{VOLUME}, Condition: Both}}
"""


def test_a_resource_has_its_properties_and_what_is_kept_of_it(tmp_path):
    stacks = one(tmp_path, DECLARED)
    assert stacks.attributes("Here") == {
        "Encrypted": True,
        "Tags": [{"Key": "tenant", "Value": "mercy"}],
        "Nested": {"b": [{"c": 2}]},
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Delete",
    }
    assert not stacks.problems


def test_a_condition_decides_whether_it_is_there(tmp_path):
    stacks = one(tmp_path, DECLARED)
    assert list(stacks.resources) == ["Here", "Perhaps"]
    perhaps = stacks.resources["Perhaps"]
    assert not perhaps.counted
    assert reason(perhaps.uncounted) == "the condition IsProd is not known: the parameter Stage has no value"
    assert stacks.resources["Here"].counted
    assert "Perhaps" in one(tmp_path, DECLARED, template_parameters={"Stage": "prod"}).resources
    assert "Perhaps" not in one(tmp_path, DECLARED, template_parameters={"Stage": "dev"}).resources


@pytest.mark.parametrize(
    "path, line, column",
    [
        ((), 8, 3),
        (("Encrypted",), 13, 7),
        (("DeletionPolicy",), 10, 5),
        (("UpdateReplacePolicy",), 11, 5),
        (("Tags", 0, "Key"), 16, 12),
        (("Nested", "b"), 20, 11),
        (("Nested", "b", 0, "c"), 21, 15),
        (("NotWritten",), 12, 5),
    ],
)
def test_every_attribute_knows_where_it_stands(tmp_path, path, line, column):
    origin = one(tmp_path, DECLARED).resources["Here"].origin
    span = origin.locate(path).span if path else origin.header().span
    assert (span.line, span.column) == (line, column)


def test_a_comment_above_a_resource_or_inside_of_it_is_about_it(tmp_path):
    [lines] = one(tmp_path, DECLARED).resources["Here"].origin.lines()
    assert (lines.first, lines.last) == (7, 21)


LOOP = f"""\
Transform: AWS::LanguageExtensions
Parameters:
  Open: {{Type: CommaDelimitedList}}
Mappings: {{Names: {{All: {{Of: [mercy, stjude]}}}}}}
Resources:
  Fn::ForEach::Tenants:
    - Tenant
    - !FindInMap [Names, All, Of]
    - Volume${{Tenant}}:
        {VOLUME}
        Properties:
          Tags: [{{Key: tenant, Value: !Ref Tenant}}]
      Alias${{Tenant}}:
        Type: AWS::KMS::Alias
        Properties: {{AliasName: !Sub "alias/${{Tenant}}", TargetKeyId: !GetAtt ["Key", Arn]}}
      Other${{Tenant}}:
        {VOLUME}
        Properties: {{KmsKeyId: {{Ref: !Sub "Volume${{Tenant}}"}}}}
  Key: {{Type: AWS::KMS::Key}}
  Fn::ForEach::Any:
    - Name
    - !Ref Open
    - Some${{Name}}: {{{VOLUME}, Properties: {{Encrypted: true, Name: !Sub "v-${{Name}}"}}}}
      More${{Name}}: {{{VOLUME}, Properties: {{Of: !GetAtt [!Sub "Some${{Name}}", Arn]}}}}
"""


def test_a_loop_makes_a_resource_for_each_element(tmp_path):
    stacks = one(tmp_path, LOOP, template_parameters={"Open": "a,b"})
    assert not stacks.problems
    assert [*stacks.resources] == [
        "Volumemercy", "Aliasmercy", "Othermercy", "Volumestjude", "Aliasstjude", "Otherstjude", "Key",
        "Somea", "Morea", "Someb", "Moreb",
    ]  # fmt: skip
    assert stacks.attributes("Volumestjude")["Tags"] == [{"Key": "tenant", "Value": "stjude"}]
    assert stacks.attributes("Aliasmercy") == {"AliasName": "alias/mercy", "TargetKeyId": Reference("Key", ("Arn",))}
    assert stacks.attributes("Otherstjude")["KmsKeyId"] == Reference("Volumestjude")
    assert stacks.resources["Volumestjude"].origin.locate(("Tags", 0, "Value")).span.line == 12


def test_a_loop_over_what_is_not_known_has_an_example(tmp_path):
    stacks = one(tmp_path, LOOP)
    example = stacks.resources["Some*"]
    assert example.attributes["Encrypted"] is True
    assert isinstance(example.attributes["Name"], Partial)
    assert not example.counted
    assert stacks.attributes("More*")["Of"] == Reference("Some*", ("Arn",))
    assert holes(stacks) == ["what Fn::ForEach::Any ranges over is not known: the parameter Open has no value"]


@pytest.mark.parametrize("text", ["1e3", "1.5E-2", "-0.5", "12", "1E400"])
def test_json_has_numbers_that_yaml_has_not(tmp_path, text):
    template = f'{{"Resources": {{"A": {{"Type": "Custom::A", "Properties": {{"N": {text}}}}}}}}}'
    found = Stacks(tmp_path, {"t.json": template}).attributes("A")["N"]
    assert found == (json.loads(text) if text != "1E400" else text)


# -- nested stacks

ROOT = """\
Parameters: {Size: {Type: Number, Default: 5}}
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./parts/network.yaml
      Parameters: {Size: !Ref Size, Key: !GetAtt Key.Arn, Several: !Join [",", [!Ref Key, x]]}
  Key: {Type: AWS::KMS::Key}
  After: {Type: AWS::EC2::Volume, Properties: {Of: !GetAtt Network.Outputs.Volume, Tag: !GetAtt Network.Outputs.Tag}}
"""
NETWORK = """\
Parameters: {Size: {Type: Number}, Key: {Type: String}, Several: {Type: CommaDelimitedList}}
Resources:
  Volume:
    Type: AWS::EC2::Volume
    Properties: {Size: !Ref Size, KmsKeyId: !Ref Key, Several: !Ref Several, Region: !Ref "AWS::Region"}
Outputs:
  Volume: {Value: !Ref Volume}
  Tag: {Value: !Sub "tag-${Size}"}
"""


def test_a_nested_stack_is_loaded_with_its_parameters_and_judged_once(tmp_path):
    stacks = Stacks(
        tmp_path, {"root.yaml": ROOT, "parts/network.yaml": NETWORK}, template_parameters={"AWS::Region": "us-east-1"}
    )
    assert not stacks.problems
    assert [scope.path for scope in stacks.loaded.scopes] == ["root.yaml"]
    assert [*stacks.resources] == ["Network", "Network.Volume", "Key", "After"]
    inner = stacks.resources["Network.Volume"]
    assert inner.attributes == {
        "Size": 5,
        "KmsKeyId": Reference("Key", ("Arn",)),
        "Several": [Reference("Key"), "x"],
        "Region": "us-east-1",
    }
    assert inner.origin.locate(("Size",)).path == "parts/network.yaml"
    assert [(call.path, call.span.line) for call in inner.module_calls] == [("root.yaml", 3)]
    assert stacks.attributes("After") == {"Of": Reference("Network.Volume"), "Tag": "tag-5"}


def test_a_nested_template_that_is_named_is_judged_through_what_nests_it(tmp_path):
    stacks = Stacks(tmp_path, {".git/HEAD": "", "root.yaml": ROOT, "parts/network.yaml": NETWORK}, "parts/network.yaml")
    assert [scope.path for scope in stacks.loaded.scopes] == ["root.yaml"]


def test_the_id_of_a_resource_is_never_empty(tmp_path):
    root = """
Resources:
  Key: {Type: "AWS::KMS::Key"}
  Own: {Type: "Custom::Key"}
  ByArn: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: a.yaml, Parameters: {K: !GetAtt Key.Arn}}}
  ById: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: a.yaml, Parameters: {K: !Ref Key}}}
  ByNothing: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: a.yaml}}
  ByOwn: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: a.yaml, Parameters: {K: !GetAtt Own.Arn}}}
  ByOther: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: a.yaml, Parameters: {K: !GetAtt Key.Other}}}
"""
    nested = """
Parameters: {K: {Type: String, Default: ""}}
Conditions: {HasKey: !Not [!Equals [!Ref K, ""]]}
Resources: {Here: {Type: "AWS::S3::Bucket", Properties: {Tag: !If [HasKey, given, none]}}}
"""
    stacks = Stacks(tmp_path, {"root.yaml": root, "a.yaml": nested})
    found = {name: stacks.attributes(f"{name}.Here")["Tag"] for name in ("ByArn", "ById", "ByNothing")}
    assert found == {"ByArn": "given", "ById": "given", "ByNothing": "none"}
    for name in ("ByOwn", "ByOther"):
        assert "is known only once the stack is deployed" in reason(stacks.attributes(f"{name}.Here")["Tag"])


def test_what_a_loop_nests_is_judged_through_it_alone(tmp_path):
    root = """
Resources:
  Fn::ForEach::Tenants:
    - Tenant
    - [Mercy, StJude]
    - Fn::ForEach::Stores:
        - Store
        - [A]
        - ${Tenant}${Store}:
            Type: AWS::CloudFormation::Stack
            Properties: {TemplateURL: store.yaml, Parameters: {Tenant: !Ref Tenant}}
  Fn::ForEach::Owners:
    - Owner
    - [north, south]
    - ${Owner}Own:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: !Sub "own/${Owner}.yaml"}
  Fn::ForEach::Broken: none
"""
    own = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}"
    store = """
Parameters:
  Tenant: {Type: String}
Resources:
  Bucket: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Ref Tenant}}
"""
    files = {"root.yaml": root, "store.yaml": store, "own/north.yaml": own, "own/south.yaml": own, "own/west.yaml": own}
    stacks = Stacks(tmp_path, files)
    assert sorted(scope.path for scope in stacks.loaded.scopes) == ["own/west.yaml", "root.yaml"]
    assert {"northOwn.Queue", "southOwn.Queue"} < stacks.resources.keys()
    assert stacks.attributes("MercyA.Bucket") == {"BucketName": "Mercy"}
    assert stacks.attributes("StJudeA.Bucket") == {"BucketName": "StJude"}


@pytest.mark.parametrize(
    "url, why",
    [
        ("https://s3.amazonaws.com/b/t.yaml", "https://s3.amazonaws.com/b/t.yaml is not in what was scanned"),
        ("nowhere.yaml", "there is no file nowhere.yaml"),
        ("../outside.yaml", "there is no file ../outside.yaml"),
        ("!Sub 'https://${AWS::Region}/t'", "where it stands is known only once the stack is deployed"),
        ("root.yaml", "root.yaml is nested in itself"),
    ],
)
def test_what_is_nested_and_not_there_is_a_hole(tmp_path, url, why):
    text = ROOT.replace("./parts/network.yaml", url)
    stacks = Stacks(tmp_path / "tree", {"root.yaml": text})
    assert [(problem.code, problem.line) for problem in stacks.problems] == [("nested-stack", 3)]
    assert why in stacks.problems[0].message
    [hole] = stacks.loaded.scopes[0].holes
    assert hole.references == {"Key"}
    assert why in reason(stacks.attributes("After")["Of"])


def test_the_synthesised_output_of_the_cdk_names_its_nested_templates(tmp_path):
    root = {
        "Resources": {
            "N": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {
                    "TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::URLSuffix"}, "/x.json"]]}
                },
                "Metadata": {"aws:asset:path": "N.nested.template.json", "aws:asset:property": "TemplateURL"},
            }
        }
    }
    inner = {"Resources": {"V": {"Type": "AWS::EC2::Volume", "Properties": {"Encrypted": True}}}}
    files = {"cdk.out/App.template.json": json.dumps(root), "cdk.out/N.nested.template.json": json.dumps(inner)}
    stacks = Stacks(
        tmp_path, {**files, "cdk.out/tree.json": '{"version": "tree-0.1", "tree": {}}', "cdk.out/manifest.json": "{}"}
    )
    assert not stacks.problems
    assert [*stacks.resources] == ["N", "N.V"]


def test_an_unknown_condition_of_a_nested_stack_is_one_of_all_that_is_in_it(tmp_path):
    text = ROOT.replace("    Properties:", "    Condition: Maybe\n    Properties:", 1).replace(
        "Resources:", "Conditions: {Maybe: !Equals [!Ref 'AWS::Region', a]}\nResources:", 1
    )
    stacks = Stacks(tmp_path, {"root.yaml": text, "parts/network.yaml": NETWORK})
    assert not stacks.resources["Network.Volume"].counted
    assert stacks.resources["Network.Volume"].number == stacks.resources["Network"].number


# -- macros and what is included

INCLUDING = f"""\
Resources:
  A:
    {VOLUME}
    Properties:
      Encrypted: true
      Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: LOCATION}}}}
"""


def test_a_piece_of_the_tree_is_included(tmp_path):
    files = {
        "t.yaml": INCLUDING.replace("LOCATION", "piece.yaml"),
        "piece.yaml": "Size: !Sub '${AWS::Region}'\nMore: 1\n",
    }
    stacks = Stacks(tmp_path, files, template_parameters={"AWS::Region": "r"})
    assert stacks.attributes("A") == {"Encrypted": True, "Size": "r", "More": 1}


def test_what_cannot_be_included_may_be_anything(tmp_path):
    stacks = one(tmp_path, INCLUDING.replace("LOCATION", "s3://b/piece.yaml"))
    attributes = stacks.attributes("A")
    assert isinstance(attributes, OpenAttributes)
    assert attributes.get("Encrypted") is True
    assert "s3://b/piece.yaml is not in what was scanned" in reason(attributes.get("KmsKeyId"))
    assert [(problem.code, problem.line) for problem in stacks.problems] == [("include", 6)]


def test_a_macro_of_the_account_may_change_what_is_not_written(tmp_path):
    stacks = one(tmp_path, f"Transform: [Mine]\nResources:\n  A: {{{VOLUME}, Properties: {{Encrypted: true}}}}\n")
    why = "template.yaml:1: what the macro Mine makes of it is not known"
    assert stacks.attributes("A").get("Encrypted") is True
    assert reason(stacks.attributes("A").get("KmsKeyId")) == why
    assert holes(stacks) == [why]
    assert [(problem.code, problem.line) for problem in stacks.problems] == [("macro", 1)]


def test_a_parameter_that_is_not_echoed_is_sensitive_everywhere(tmp_path):
    text = "Parameters: {P: {Type: String, NoEcho: true, Default: hunter2}}\nResources:\n  D: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: !Ref P}}\n"
    assert type(one(tmp_path, text).attributes("D")["MasterUserPassword"]) is Sensitive


# -- bad input

BAD = {
    "a tab": ("AWSTemplateFormatVersion: 2010-09-09\nResources:\n\tV: 1\n", "syntax", 3),
    "a key twice": (f"Resources:\n  V: {{{VOLUME}}}\n  V: {{{VOLUME}}}\n", "syntax", 3),
    "not closed": ('{"Resources": {"V": {"Type": "AWS::EC2::Volume"\n', "syntax", 1),
    "a list": ("AWSTemplateFormatVersion: 2010-09-09\nResources: [a]\n", "template", 2),
    "no type": ("AWSTemplateFormatVersion: 2010-09-09\nResources:\n  V: {Properties: {}}\n", "template", 3),
    "a text": ("AWSTemplateFormatVersion: 2010-09-09\nResources:\n  V: abc\n", "template", 3),
    "a parameter": (f"Parameters: {{P: abc}}\nResources:\n  V: {{{VOLUME}}}\n", "template", 1),
    "two documents": (f"Resources:\n  V: {{{VOLUME}}}\n---\nResources: {{}}\n", "template", 4),
    "properties": (f"Resources:\n  V: {{{VOLUME}, Properties: [a]}}\n", "template", 2),
    "a condition in a circle": (
        f"Conditions: {{A: !Not [!Condition B], B: !Not [!Condition A]}}\nResources:\n  V: {{{VOLUME}, Condition: A}}\n",
        "template", 1,
    ),
    "a condition that is none": (f"Resources:\n  V: {{{VOLUME}, Condition: Nowhere}}\n", "template", 2),
    "a bomb": (
        "Resources:\n  V:\n    Type: AWS::EC2::Volume\n    a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"    {n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 9)}]\n" for n in "bcdefgh"),
        "syntax", 9,
    ),
    "too deep": ("Resources:\n  V: {Type: AWS::EC2::Volume, a: " + "[" * 500 + "]" * 500 + "}\n", "syntax", 2),
}  # fmt: skip


@pytest.mark.parametrize("text, code, line", BAD.values(), ids=BAD)
def test_bad_input_is_told_with_its_line_and_hides_nothing_else(tmp_path, text, code, line):
    stacks = Stacks(tmp_path, {"bad.yaml": text, "good.yaml": f"Resources:\n  G: {{{VOLUME}}}\n"})
    assert [(problem.path, problem.code, problem.line) for problem in stacks.problems][:1] == [("bad.yaml", code, line)]
    assert all(problem.incomplete for problem in stacks.problems)
    assert "G" in stacks.resources


def test_references_in_a_circle_stay_references(tmp_path):
    text = "Resources:\n  A: {Type: AWS::EC2::Volume, Properties: {X: !GetAtt B.X}}\n  B: {Type: AWS::EC2::Volume, Properties: {X: !GetAtt A.X}}\n"
    stacks = one(tmp_path, text)
    assert stacks.attributes("A") == {"X": Reference("B", ("X",))}
    assert not stacks.problems


def test_a_long_chain_of_conditions_is_cut(tmp_path):
    chain = "".join(f"  A{n}: !Not [!Condition A{n + 1}]\n" for n in range(20_000))
    text = f"Conditions:\n{chain}  A20000: !Equals [a, a]\nResources:\n  V: {{{VOLUME}, Condition: A0}}\n"
    stacks = one(tmp_path, text)
    assert [problem.message for problem in stacks.problems] == ["conditions need one another more than 100 times over"]
    assert not stacks.resources["V"].counted


def test_a_condition_on_a_condition_says_why_at_its_root(tmp_path):
    text = DECLARED.replace("Both: !And [!Condition IsProd, !Condition IsNever]", "Both: !Not [!Condition IsProd]")
    why = one(tmp_path, text).resources["Neither"].uncounted
    assert reason(why) == "the condition Both is not known: the parameter Stage has no value"


def test_a_loop_over_resources_ranges_over_nothing(tmp_path):
    text = f"Resources:\n  Fn::ForEach::L: [N, [!Ref V], {{'X${{N}}': {{{VOLUME}}}}}]\n  V: {{{VOLUME}}}\n"
    stacks = one(tmp_path, text)
    assert [(problem.message, problem.line) for problem in stacks.problems] == [
        ("there is no parameter and no resource V", 2)
    ]
    assert "V" in stacks.resources


def test_a_stack_whose_parameters_need_its_outputs_is_told(tmp_path):
    text = ROOT.replace("Size: !Ref Size", "Size: !GetAtt Network.Outputs.Tag")
    stacks = Stacks(tmp_path, {"root.yaml": text, "parts/network.yaml": NETWORK})
    assert "the stack Network needs itself" in [problem.message for problem in stacks.problems]


@pytest.mark.parametrize("section", ["Parameters", "Mappings", "Conditions"])
def test_what_is_included_in_a_section_may_be_what_is_missing(tmp_path, section):
    text = (
        f"{section}:\n  Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: s3://b/k}}}}\n"
        f"Resources:\n  V: {{{VOLUME}, Properties: {{A: !Ref P, B: !FindInMap [M, a, b], C: !If [C, 1, 2]}}}}\n"
    )
    stacks = one(tmp_path, text)
    assert [(problem.code, problem.line) for problem in stacks.problems] == [("include", 2)]
    assert {type(value) for value in stacks.attributes("V").values()} == {Unknown}


def test_stacks_that_nest_each_other_end(tmp_path):
    nests = "Resources:\n  N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {}}}}}\n"
    stacks = Stacks(tmp_path, {"a.yaml": nests.format("b.yaml"), "b.yaml": nests.format("a.yaml")})
    assert {problem.code for problem in stacks.problems} == {"nested-stack"}
    assert "N.N" in stacks.resources


def test_what_grows_without_end_is_cut(tmp_path):
    loops = "".join(
        "  " * (2 * depth + 1) + f"Fn::ForEach::L{depth}: [V{depth}, [a, b, c, d, e, f, g, h, i, j], {{\n"
        for depth in range(8)
    )
    name = "".join(f"${{V{depth}}}" for depth in range(8))
    text = f'Resources:\n{loops}"R{name}": {{{VOLUME}}}' + "}]" * 8 + "\n"
    stacks = one(tmp_path, text)
    assert len(stacks.resources) < 20_000
    assert any("more than can be looked at" in reason for reason in holes(stacks))


def test_long_texts_that_repeat_are_cut(tmp_path):
    refs = ", ".join(["!Ref P"] * 2000)
    text = f"Parameters: {{P: {{Type: String, Default: {'x' * 60_000}}}}}\nResources:\n  V: {{{VOLUME}, Properties: {{A: !Join ['', [{refs}]]}}}}\n"
    assert isinstance(one(tmp_path, text).attributes("V")["A"], Unknown)


# -- SAM

SERVERLESS = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 5
    Environment: {Variables: {A: common}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: a.b
      Runtime: python3.12
      Environment:
        Variables:
          B: own
      Policies:
        - Statement:
            - {Effect: Allow, Action: "*", Resource: "*"}
        - AmazonS3FullAccess
      FunctionUrlConfig:
        AuthType: NONE
      Events:
        Get: {Type: Api, Properties: {Path: /a, Method: get}}
  Uses:
    Type: Custom::Uses
    Properties: {Stage: !Ref ServerlessRestApiProdStage, Role: !GetAtt FRole.Arn, Api: !Sub "${ServerlessRestApi}"}
"""


@pytest.mark.parametrize(
    "address, path, line",
    [
        ("F", ("Timeout",), 4),
        ("F", ("Handler",), 11),
        ("F", ("Environment", "Variables", "B"), 15),
        ("F", ("Tags",), 7),
        ("FRole", ("Policies", 0, "PolicyDocument", "Statement", 0), 18),
        ("FRole", ("ManagedPolicyArns", 0), 16),
        ("FRole", ("ManagedPolicyArns", 1), 19),
        ("FRole", ("AssumeRolePolicyDocument",), 7),
        ("FUrl", ("AuthType",), 21),
        ("FGetPermissionProd", ("SourceArn",), 23),
    ],
)
def test_what_sam_makes_stands_where_it_is_asked_for(tmp_path, address, path, line):
    stacks = one(tmp_path, SERVERLESS)
    assert stacks.resources[address].origin.locate(path).span.line == line


def test_what_sam_makes_can_be_referred_to(tmp_path):
    stacks = one(tmp_path, SERVERLESS)
    assert not stacks.problems
    assert stacks.attributes("Uses") == {
        "Stage": Reference("ServerlessRestApiProdStage"),
        "Role": Reference("FRole", ("Arn",)),
        "Api": Reference("ServerlessRestApi"),
    }


def test_what_sam_makes_and_is_not_worked_out_is_a_hole(tmp_path):
    text = SERVERLESS.replace(
        "{Type: Api, Properties: {Path: /a, Method: get}}", "{Type: IoTRule, Properties: {Sql: x}}"
    )
    text = text.replace("  Uses:", "  Q:\n    Type: AWS::Serverless::GraphQLApi\n  Uses:").replace(
        "Stage: !Ref ServerlessRestApiProdStage, ", ""
    )
    stacks = one(tmp_path, text.replace(', Api: !Sub "${ServerlessRestApi}"', ""))
    assert not stacks.problems
    assert holes(stacks) == [
        "what SAM makes of the event Get (IoTRule) of F is not worked out",
        "what SAM makes of Q (AWS::Serverless::GraphQLApi) is not worked out",
    ]
