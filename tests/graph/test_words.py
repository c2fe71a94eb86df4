"""Terraform's words for what another dialect writes: paths, blocks and side resources, and where they stand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from phiward.errors import PackError
from phiward.graph.view import View
from phiward.model.resource import Resource, Scope
from phiward.model.value import Reference, Unknown
from phiward.pack import Pack
from tests.graph.small import At, compiler, graph_of, small_pack

ROW = """
type: t.group
title: group
kinds: [datastore]
cloudformation: C::Group
name: {cloudformation: GroupName}
satellites:
  cloudformation: {rules: {type: C::Rule, by: Group}}
words:
  cloudformation:
    size: Settings.Size
    outpost: null
    action:
      at: Actions
      words: {type: Type, redirect: {at: RedirectConfig, words: {protocol: Protocol, port: null}}}
    "@rules": {at: Rules, words: {cidr: CidrIp}}
    "@policy": {at: ., words: {policy: PolicyText}}
    "@lock": {at: Lock, words: {days: Days}}
properties:
  encryption.at_rest: {cloudformation: {constant: true}, doc: d}
"""
SCOPE = Scope("cloudformation", "template.yaml")


def pack(text: str = ROW) -> Pack:
    compiled = dict(small_pack()._compiled)
    compiled["rows"] = [compiler().row(yaml.safe_load(text), "rows")]
    return Pack(compiled)


def made(address: str, native: str = "C::Group", **attributes: Any) -> Resource:
    return Resource("cloudformation", native, address, attributes, At("template.yaml", 1), SCOPE)


def view(*others: Resource, **attributes: Any) -> View:
    found = graph_of(made("Group", **attributes), *others, pack=pack()).view("Group", SCOPE)
    assert found is not None
    return found


def test_a_path_is_translated_and_so_are_the_names_of_a_block() -> None:
    group = view(
        Settings={"Size": 3}, Actions=[{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Other": 1}}]
    )
    assert group.get("size") == 3
    assert group.get("action") == [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]
    assert group.get("action.redirect.protocol") == "HTTPS"
    assert group.get("action[].type") == ["redirect"]


def test_the_dialects_own_paths_stay_as_they_are() -> None:
    assert view(Settings={"Size": 3}).get("Settings.Size") == 3
    assert view().get("Settings.Size") is None


def test_what_the_dialect_lacks_is_absent_and_what_no_word_says_is_unknown() -> None:
    group = view(Actions=[{"RedirectConfig": {"Protocol": "HTTPS"}}])
    assert group.get("outpost") is None
    assert group.get("action.redirect.port") is None
    assert isinstance(group.get("action.redirect.host"), Unknown)


def test_undecided_parts_stay_undecided() -> None:
    open_ = Unknown("the parameter P has no value")
    group = view(Settings=open_, Actions=[open_, {"Type": open_, "RedirectConfig": open_}])
    assert group.get("size") == open_
    assert group.get("action") == [open_, {"type": open_, "redirect": open_}]


def test_a_reference_inside_of_a_block_is_followed_to_what_it_gives() -> None:
    group = view(made("Other", Settings={"Size": 9}), Actions=[{"Type": Reference("Other", ("Settings", "Size"))}])
    assert group.get("action") == [{"type": Reference("Other", ("Settings", "Size"))}]
    assert group.get("action.type") == Reference("Other", ("Settings", "Size"))


def test_side_resources_stand_inside_and_beside() -> None:
    beside = made("Rule", "C::Rule", Group=Reference("Group", ()), CidrIp="10.0.0.0/8")
    found = view(beside, Rules=[{"CidrIp": "0.0.0.0/0"}]).satellites("rules")
    assert [each.get("cidr") for each in found if isinstance(each, View)] == ["0.0.0.0/0", "10.0.0.0/8"]


def test_the_value_inside_goes_before_the_one_beside() -> None:
    beside = made("Rule", "C::Rule", Group=Reference("Group", ()), CidrIp="10.0.0.0/8")
    assert view(beside, Rules=[{"CidrIp": "0.0.0.0/0"}]).get("@rules.cidr") == "0.0.0.0/0"
    assert view(beside).get("@rules.cidr") == "10.0.0.0/8"
    assert view().get("@rules.cidr") is None


def test_a_side_resource_inside_knows_where_it_stands() -> None:
    [rule] = view(Rules=[{"CidrIp": "0.0.0.0/0"}]).satellites("rules")
    assert isinstance(rule, View)
    assert rule.resource.origin.header().span.line == 1 + len(("Rules", 0))
    assert rule.resource.origin.locate(("CidrIp",)).span.line == 1 + len(("Rules", 0, "CidrIp"))


def test_what_is_no_block_is_unknown() -> None:
    open_ = Unknown("the parameter P has no value")
    assert view(Rules=open_).satellites("rules") == [open_]
    found = view(Rules=["text", open_]).satellites("rules")
    assert [type(each) for each in found] == [Unknown, Unknown]


def test_one_block_in_place_of_a_list_is_one() -> None:
    [lock] = view(Lock={"Days": 3}).satellites("lock")
    assert isinstance(lock, View)
    assert lock.get("days") == 3
    assert view().satellites("lock") == []


def test_the_resource_itself_can_hold_what_terraform_has_a_type_for() -> None:
    assert view(PolicyText="{}").get("@policy.policy") == "{}"
    assert view().get("@policy.policy") is None


def test_nothing_is_attached_where_nothing_is_declared() -> None:
    assert view().satellites("unheard_of") == []


def test_words_of_what_no_row_describes_are_not_guessed() -> None:
    other = view(
        made("Parameters", "C::ParameterGroup", Parameters={"tls": "enabled"}), Next=Reference("Parameters", ())
    )
    followed = other.follow(Reference("Parameters", ()))
    assert followed is not None
    assert followed.get("Parameters") == {"tls": "enabled"}
    assert isinstance(followed.get("parameter"), Unknown)


def test_a_word_has_a_path_and_words_and_nothing_else() -> None:
    with pytest.raises(PackError):
        pack(ROW.replace("{at: Lock, words", "{at: Lock, in: x, words"))
