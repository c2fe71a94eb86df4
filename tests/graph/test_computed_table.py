"""Every computed property is found where the table says, and the catalog names no other."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

from phiward.graph import computed as package
from phiward.graph.computed import SUBJECTS, computed

MODULES = [module.name for module in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize("module", MODULES)
def test_the_table_of_a_module_holds_the_names_that_are_listed(module):
    table = getattr(import_module(f"phiward.graph.computed.{module}"), module.upper(), {})
    assert isinstance(table, dict)
    assert sorted(table) == sorted(SUBJECTS.get(module, "").split())
    assert all(computed(name) is function for name, function in table.items())


def test_a_name_stands_in_one_module_only():
    names = [name for names in SUBJECTS.values() for name in names.split()]
    assert len(names) == len(set(names)) > 90
    assert set(SUBJECTS) <= set(MODULES)


def test_the_catalog_names_what_there_is_and_all_of_it(pack):
    named = {
        spec["compute"]
        for row in pack._compiled["rows"]
        for dialect in row["dialects"].values()
        for spec in dialect["properties"].values()
        if "compute" in spec
    }
    assert named == {name for names in SUBJECTS.values() for name in names.split()}
