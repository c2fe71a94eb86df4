"""Every function: what it gives where it is decided, and what stays open where it is not."""

from __future__ import annotations

import pytest
from stacks import GONE, evaluated, reason

from phiward.model.value import Deployed, Imported, OpenAttributes, Partial, Reference, Sensitive, Unknown

BUCKET = Reference("Bucket")
OPEN = Unknown("the parameter Open has no value", "pass --parameter-overrides Open=...")
REGION = Deployed("AWS::Region depends on where the stack is deployed")
DECIDED = {
    "plain text": ("text", "text"),
    "plain number": ("5", 5),
    "a date is a text": ("2012-10-17", "2012-10-17"),
    "yes is true": ("yes", True),
    "y is a text": ("y", "y"),
    "an account id that begins with 0": ("012345678901", "012345678901"),
    "Ref of a parameter": ("!Ref Given", "prod"),
    "Ref of a number": ("!Ref Number", 7),
    "Ref of a list": ("!Ref Names", ["a", "b", "c"]),
    "Ref of the only allowed value": ("!Ref Only", "one"),
    "Ref of a resource": ("!Ref Bucket", BUCKET),
    "Ref in its long form": ("Ref: Bucket", BUCKET),
    "Ref of nothing": ("!Ref AWS::NoValue", GONE),
    "nothing in a mapping": ("{a: 1, b: !Ref 'AWS::NoValue'}", {"a": 1}),
    "nothing in a list": ("[1, !Ref 'AWS::NoValue', 2]", [1, 2]),
    "GetAtt": ("!GetAtt Bucket.Arn", Reference("Bucket", ("Arn",))),
    "GetAtt as a list": ("!GetAtt [Bucket, Arn]", Reference("Bucket", ("Arn",))),
    "GetAtt of a part": ("Fn::GetAtt: Bucket.Endpoint.Address", Reference("Bucket", ("Endpoint", "Address"))),
    "Sub": ("!Sub 'a-${Given}-${ Number }'", "a-prod-7"),
    "Sub with own variables": ("!Sub ['${x}/${Given}', {x: !Ref Given}]", "prod/prod"),
    "Sub of a literal": ("!Sub '${!Literal} ${Given}'", "${Literal} prod"),
    "Sub of a resource": ("!Sub '${Bucket.Arn}/*'", Partial((Reference("Bucket", ("Arn",)), "/*"))),
    "Sub of nothing but a resource": ("!Sub '${Bucket}'", BUCKET),
    "Join": ("!Join ['-', [a, !Ref Given, 5, true]]", "a-prod-5-true"),
    "Join of a list": ("!Join [',', !Ref Names]", "a,b,c"),
    "Join of nothing": ("!Join ['-', []]", ""),
    "Split": ("!Split ['-', 'a-b-c']", ["a", "b", "c"]),
    "Split of what was joined": ("!Split [',', !Join [',', [!Ref Bucket, b]]]", [BUCKET, "b"]),
    "Select": ("!Select [1, !Ref Names]", "b"),
    "Select by a text": ("!Select ['0', !Split ['/', 'x/y']]", "x"),
    "Select of an attribute": ("!Select [0, !GetAtt Bucket.Zones]", Reference("Bucket", ("Zones", 0))),
    "FindInMap": ("!FindInMap [Sizes, !Ref Given, Class]", "big"),
    "FindInMap of a list": ("!FindInMap [Sizes, dev, Zones]", ["x"]),
    "FindInMap with a default": ("!FindInMap [Sizes, stage, Class, {DefaultValue: none}]", "none"),
    "FindInMap where all say the same": ("!FindInMap [Sizes, !Ref Open, Same]", 1),
    "If": ("!If [IsProd, a, b]", "a"),
    "If not": ("!If [IsNot, a, b]", "b"),
    "If nothing": ("!If [IsNot, a, !Ref 'AWS::NoValue']", GONE),
    "If of two equal ones": ("!If [Maybe, {a: [1]}, {a: [1]}]", {"a": [1]}),
    "Base64": ("Fn::Base64: !Sub '#!${Given}'", "IyFwcm9k"),
    "Cidr": ("!Cidr [10.0.0.0/16, 3, 8]", ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
    "Cidr of few bits": ("!Select [1, !Cidr ['10.0.0.0/24', 2, 5]]", "10.0.0.32/27"),
    "Cidr without bits": ("!Cidr [10.0.0.0/16, 1]", ["10.0.0.0/24"]),
    "Length": ("Fn::Length: !Ref Names", 3),
    "ToJsonString": ("Fn::ToJsonString: {a: [1, true, !Ref Given]}", '{"a":[1,true,"prod"]}'),
    "ForEach": (
        'Fn::ForEach::Each: [Name, !Ref Names, {"key${Name}": {Ref: Name}, "x${Name}": !Sub "v-${Name}"}]',
        {"keya": "a", "xa": "v-a", "keyb": "b", "xb": "v-b", "keyc": "c", "xc": "v-c"},
    ),
    "ForEach of letters and digits": ('Fn::ForEach::Each: [V, [10.0.0.0/8], {"k&{V}": 1}]', {"k100008": 1}),
    "a reference to another secret store's name": ("'{{resolve}}'", "{{resolve}}"),
}
PARTLY = {
    "Sub": ("!Sub 'a-${Open}-b'", Partial(("a-", OPEN, "-b"))),
    "Join": ("!Join [':', [arn, !Ref 'AWS::Region', !Ref Bucket]]", Partial(("arn:", REGION, ":", BUCKET))),
    "If of two mappings": (
        "!If [Maybe, {a: 1, b: 2}, {a: 1, b: 3}]",
        {"a": 1, "b": Unknown("the condition Maybe is not known: the parameter Open has no value", OPEN.hint)},
    ),
    "ToJsonString": (
        "Fn::ToJsonString: {a: !Ref Open, b: !Ref Bucket}",
        Partial(('{"a":', OPEN, ',"b":"', BUCKET, '"}')),
    ),
    "a secret in a text": (
        "'postgres://app:{{resolve:secretsmanager:db:SecretString:password}}@host'",
        Partial(
            (
                "postgres://app:",
                Unknown("db is read from Secrets Manager, when the stack is deployed"),
                "@host",
            )
        ),
    ),
    "a secret by reference": (
        "!Sub 'x {{resolve:secretsmanager:${Bucket}:SecretString:password}} y'",
        Partial(("x ", Unknown("it is read from Secrets Manager, when the stack is deployed"), " y")),
    ),
}
OPEN_ONES = {
    "Ref": ("!Ref Open", "the parameter Open has no value"),
    "Ref of what is stored": (
        "!Ref Stored",
        "the parameter Stored is read from Parameter Store, when the stack is deployed",
    ),
    "the region": ("!Ref AWS::Region", "AWS::Region depends on where the stack is deployed"),
    "If": ("!If [Maybe, a, b]", "the condition Maybe is not known: the parameter Open has no value"),
    "If or nothing": (
        "!If [Maybe, a, !Ref 'AWS::NoValue']",
        "the condition Maybe is not known: the parameter Open has no value",
    ),
    "Select of an open index": ("!Select [!Ref Open, !Ref Names]", "the parameter Open has no value"),
    "Select behind what may not be there": (
        "!Select [1, [!If [Maybe, a, !Ref 'AWS::NoValue'], b]]",
        "the condition Maybe is not known: the parameter Open has no value",
    ),
    "Split": ("!Split [',', !Ref Open]", "the parameter Open has no value"),
    "Split of what a resource lists": (
        "!Split [',', !Sub '${Bucket.Names},b']",
        "${Bucket.Names},b is known only once the stack is deployed",
    ),
    "Split within a name": (
        "!Split ['-', !Sub '${Bucket}-b']",
        "${Bucket}-b is known only once the stack is deployed",
    ),
    "Join": ("!Join [',', !GetAZs '']", "which availability zones the region has depends on the account"),
    "FindInMap": ("!FindInMap [Sizes, !Ref Open, Class]", "the parameter Open has no value"),
    "GetAZs": ("!GetAZs us-east-1", "which availability zones us-east-1 has depends on the account"),
    "ImportValue": ("!ImportValue vpc", "another stack exports vpc"),
    "GetStackOutput": ("Fn::GetStackOutput: {StackName: a, OutputName: b}", "it is an output of another stack"),
    "Cidr": ("!Cidr [!Ref Open, 1]", "the parameter Open has no value"),
    "Base64": ("!Base64 {'Fn::Sub': 'a ${Open}'}", "what is encoded is known only in part"),
    "Length": ("Fn::Length: !GetAZs ''", "which availability zones the region has depends on the account"),
    "a secret": ("'{{resolve:secretsmanager:db}}'", "db is read from Secrets Manager, when the stack is deployed"),
    "a parameter": ("'{{resolve:ssm:/a/b:1}}'", "/a/b:1 is read from Parameter Store, when the stack is deployed"),
    "an encrypted parameter": (
        "'{{resolve:ssm-secure:/a}}'",
        "/a is read from Parameter Store, which keeps it encrypted, when the stack is deployed",
    ),
}
WRONG = {
    "an unknown function": ("!Foo bar", "Fn::Foo is not a function that is known here"),
    "Ref": ("!Ref Nowhere", "there is no parameter and no resource Nowhere"),
    "Ref of a list": ("!Ref [Bucket]", "Ref takes the name of a parameter or a resource"),
    "GetAtt": ("!GetAtt Nowhere.Arn", "there is no resource Nowhere"),
    "GetAtt of nothing": ("!GetAtt Bucket", "Fn::GetAtt takes a resource and an attribute"),
    "Sub": ("!Sub '${Nowhere}'", "there is no parameter and no resource Nowhere"),
    "Sub of a list": ("!Sub [a, b]", "Fn::Sub takes a text, and a mapping of variables beside it"),
    "Join": ("!Join ['-']", "Fn::Join takes a delimiter and a list"),
    "Join of a text": ("!Join ['-', abc]", "Fn::Join takes a delimiter and a list"),
    "Split": ("!Split ['', abc]", "Fn::Split takes a delimiter and a text"),
    "Select": ("!Select [5, !Ref Names]", "Fn::Select takes element 5 of 3"),
    "Select of a text": ("!Select [0, abc]", "Fn::Select takes an index and a list"),
    "FindInMap": ("!FindInMap [Sizes, prod, Nothing]", "there is no Sizes.prod.Nothing in the mappings"),
    "If": ("!If [Nowhere, a, b]", "there is no condition Nowhere"),
    "If without values": ("!If [IsProd]", "Fn::If takes a condition and two values"),
    "Cidr": ("!Cidr [nowhere, 1]", "Fn::Cidr takes an address block, a number of blocks and their bits"),
    "Cidr of too many": ("!Cidr [10.0.0.0/24, 9, 7]", "10.0.0.0/24 has no 9 such blocks"),
    "Length": ("Fn::Length: abc", "Fn::Length takes a list"),
    "ToJsonString": ("Fn::ToJsonString: abc", "Fn::ToJsonString takes a mapping or a list"),
    "ForEach": ("Fn::ForEach::X: [a]", "Fn::ForEach::X takes an identifier, a collection and a mapping"),
    "a function among keys": ("{'Fn::Sub': a, b: 1}", "Fn::Sub stands beside other keys"),
}


@pytest.mark.parametrize("expression, expected", DECIDED.values(), ids=DECIDED)
def test_what_is_decided(tmp_path, expression, expected):
    value, problems = evaluated(tmp_path, expression)
    assert value == expected
    assert type(value) is type(expected)
    assert not problems


@pytest.mark.parametrize("expression, expected", PARTLY.values(), ids=PARTLY)
def test_what_is_decided_in_part(tmp_path, expression, expected):
    assert evaluated(tmp_path, expression) == (expected, [])


@pytest.mark.parametrize("expression, why", OPEN_ONES.values(), ids=OPEN_ONES)
def test_what_is_not_decided(tmp_path, expression, why):
    value, problems = evaluated(tmp_path, expression)
    assert reason(value) == why
    assert not problems


@pytest.mark.parametrize("expression, why", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line_and_leaves_the_rest_alone(tmp_path, expression, why):
    value, problems = evaluated(
        tmp_path, f"one: {expression}\ntwo: 2" if expression[0] in "!{" else f"one: {{{expression}}}\ntwo: 2"
    )
    assert value["two"] == 2
    found = value["one"]
    assert why in reason(found.why if isinstance(found, OpenAttributes) else found)
    [problem] = problems
    assert (problem.message, problem.path, problem.line) == (why, "template.yaml", 23)
    assert problem.incomplete


def test_a_parameter_that_is_not_echoed_is_never_printed(tmp_path):
    value, _ = evaluated(tmp_path, "!Sub 'x-${Hidden}'")
    assert value == "x-hunter2"
    assert type(value) is Sensitive
    split, _ = evaluated(tmp_path, "!Split ['-', !Ref Hidden]")
    encoded, _ = evaluated(tmp_path, "!Base64 {Ref: Hidden}")
    assert {type(split[0]), type(encoded)} == {Sensitive}


@pytest.mark.parametrize("expression", ["!ImportValue a", "Fn::GetStackOutput: {StackName: a, OutputName: b}"])
def test_what_another_stack_puts_out_is_none_of_ours(tmp_path, expression):
    assert type(evaluated(tmp_path, expression)[0]) is Imported


def test_parameters_are_given(tmp_path):
    given = {"Open": "dev", "Names": "x,y", "AWS::Region": "eu-central-1", "Number": "8"}
    text = "[!Ref Open, !Ref Names, !Ref 'AWS::Region', !Ref Number, !If [Maybe, a, b]]"
    value, _ = evaluated(tmp_path, text, template_parameters=given)
    assert value == ["dev", ["x", "y"], "eu-central-1", 8, "b"]
