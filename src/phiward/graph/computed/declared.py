"""What else a root declares: settings of the account that stand beside the resources which they protect."""

from __future__ import annotations

from phiward.graph.resource_graph import perhaps_none
from phiward.graph.view import View
from phiward.model.value import Unknown

ELSEWHERE = Unknown("an account setting is declared through another provider configuration, maybe for this account")


def declared(view: View, native_type: str) -> list[View | Unknown]:
    """Every resource of a native type that the same provider configuration of the root manages.

    An `Unknown` stands for one of which there may be none. What was not read of an account at all has no region.
    """
    of = (view.resource.provider, "") if view.resource.source == "aws" else (view.resource.provider,)
    return [_there(v, view) for v in _in_root(view, native_type) if v.resource.provider in of]


def declared_for_account(view: View, native_type: str) -> list[View | Unknown]:
    """The same for a setting that holds in every region; one of another configuration may be of this account.

    What runs in an account has its settings, from whichever region they were read.
    """
    found = _in_root(view, native_type)
    runs = view.resource.source == "aws"
    return [_there(v, view) if runs or v.resource.provider == view.resource.provider else ELSEWHERE for v in found]


def _there(setting: View, view: View) -> View | Unknown:
    return perhaps_none(setting.resource, view.resource) or setting


def _in_root(view: View, native_type: str) -> list[View]:
    return view.graph.of_type(native_type, view.resource.scope)
