"""An inventory as a file: its owner's alone, and written through nothing that somebody else put there."""

from __future__ import annotations

import stat
from datetime import date

import pytest

from phiward.errors import UsageError
from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.inventory_file import read, write
from phiward.pipeline import scan
from phiward.settings import Settings


def kept() -> Inventory:
    inventory = Inventory()
    inventory.started = "2026-11-26T00:00:00Z"
    return inventory


def test_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "account.jsonl.gz"
    write(kept(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path.read_bytes(), "x").started == kept().started


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "account.jsonl.gz"
    victim.write_text("untouched")
    path.symlink_to(victim)
    (tmp_path / ".account.jsonl.gz.new").symlink_to(victim)
    write(kept(), path)
    assert victim.read_text() == "untouched"
    assert not path.is_symlink()


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"account\.jsonl\.gz"):
        write(kept(), tmp_path / "no" / "account.jsonl.gz")


def test_the_same_is_the_same(tmp_path):
    paths = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for path in paths:
        write(kept(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(("services", "partial"), [((), False), (("kms",), True)])
def test_an_inventory_is_whole_unless_something_was_left_out(moto, tmp_path, services, partial):
    path = tmp_path / "account.jsonl.gz"
    live = moto.scan(live={"services": services, "save": path})
    again = scan(Settings(paths=(path,), today=date(2026, 11, 26)))
    assert live.partial is again.partial is partial
