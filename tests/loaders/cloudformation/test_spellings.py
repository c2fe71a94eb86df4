"""YAML and JSON, short forms and long ones: a template means the same however it is spelled."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stacks import Stacks

names = st.text("abcXYZ019", min_size=1, max_size=4)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x7f", exclude_categories=["Cs", "Cc"]), max_size=8)
scalars = texts.filter(lambda text: "${" not in text and "{{" not in text) | st.integers(-5, 5) | st.booleans()
functions = st.recursive(
    st.one_of(
        scalars,
        st.sampled_from(
            [{"Ref": "Given"}, {"Ref": "Open"}, {"Ref": "Other"}, {"Ref": "AWS::Region"}, {"Ref": "AWS::NoValue"}]
        ),
        st.sampled_from(
            [{"Fn::GetAtt": "Other.Arn"}, {"Fn::Sub": "a-${Given}-${Open}-${Other.Arn}"}, {"Fn::GetAZs": ""}]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(names, inner, max_size=3),
        st.builds(
            lambda a, b, name: {"Fn::If": [name, a, b]}, inner, inner, st.sampled_from(["Sure", "Never", "Perhaps"])
        ),
        st.builds(lambda items: {"Fn::Join": ["-", items]}, st.lists(scalars | st.just({"Ref": "Open"}), max_size=3)),
        st.builds(lambda items: {"Fn::Select": [0, [*items, "last"]]}, st.lists(inner, max_size=2)),
        st.builds(lambda item: {"Fn::Base64": item}, texts),
    ),
    max_leaves=12,
)


class _Short(yaml.SafeDumper):
    def ignore_aliases(self, _: Any) -> bool:
        return True


def _dict(dumper: _Short, value: dict[str, Any]) -> yaml.Node:
    """A function in its short form, unless one stands in another one directly, which YAML has no short form for."""
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            tag = f"!{name.removeprefix('Fn::')}"
            if isinstance(argument, str):
                return dumper.represent_scalar(tag, argument, style='"')
            if isinstance(argument, list):
                return dumper.represent_sequence(tag, argument)
    return dumper.represent_dict(value)


_Short.add_representer(dict, _dict)


def template(value: Any) -> dict[str, Any]:
    equals = {"Sure": "prod", "Never": "dev"}
    return {
        "Parameters": {"Given": {"Type": "String", "Default": "prod"}, "Open": {"Type": "String"}},
        "Conditions": {
            **{name: {"Fn::Equals": [{"Ref": "Given"}, stage]} for name, stage in equals.items()},
            "Perhaps": {"Fn::Equals": [{"Ref": "Open"}, "prod"]},
        },
        "Resources": {"Other": {"Type": "Custom::Other"}, "It": {"Type": "Custom::It", "Properties": {"Value": value}}},
    }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(functions)
def test_every_spelling_means_the_same(tmp_path_factory, value):
    written = template(value)
    spellings = {
        "template.json": json.dumps(written),
        "indented.json": json.dumps(written, indent=2, ensure_ascii=False),
        "long.yaml": yaml.safe_dump(written, allow_unicode=True),
        "short.yaml": yaml.dump(written, Dumper=_Short, allow_unicode=True),
        "flow.yaml": yaml.dump(written, Dumper=_Short, default_flow_style=True, width=1000),
    }
    found = [Stacks(tmp_path_factory.mktemp("t"), {name: text}) for name, text in spellings.items()]
    assert not [stacks.problems for stacks in found if stacks.problems]
    first = found[0].attributes("It")
    assert [stacks.attributes("It") for stacks in found[1:]] == [first] * (len(spellings) - 1)
