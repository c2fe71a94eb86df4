"""Entries: whole or not at all, ours or not at all, and not too many of them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from phiward.cache import store as module
from phiward.cache.store import Store, cache_directory

KEY = "k" * 64
posix = pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache" / "phiward")


def only(store: Store) -> Path:
    [path] = store.directory.iterdir()
    return path


def test_what_is_written_is_read(store):
    assert store.lines(KEY) is None
    store.write(KEY, ["first", "", "last"])
    assert store.lines(KEY) == [b"first", b"", b"last"]
    store.write(KEY, ["other"])
    assert store.lines(KEY) == [b"other"]
    assert store.lines("l" * 64) is None
    assert only(store).name == f"{KEY}.scan"


@posix
def test_nobody_else_may_read_it(store):
    before = os.umask(0)
    try:
        store.write(KEY, ["a"])
    finally:
        os.umask(before)
    assert store.directory.stat().st_mode & 0o777 == 0o700
    assert only(store).stat().st_mode & 0o777 == 0o600


def test_a_changed_byte_makes_it_none(store):
    store.write(KEY, ["first", "second"])
    whole = only(store).read_bytes()
    for position in range(len(whole)):
        only(store).write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert store.lines(KEY) is None
        only(store).write_bytes(whole[:position])
        assert store.lines(KEY) is None
    only(store).write_bytes(whole + b"\n")
    assert store.lines(KEY) is None
    only(store).write_bytes(whole)
    assert store.lines(KEY) == [b"first", b"second"]


def test_an_entry_under_another_key_is_none(store):
    store.write(KEY, ["first"])
    only(store).rename(store.directory / ("l" * 64 + ".scan"))
    assert store.lines("l" * 64) is None


@posix
@pytest.mark.parametrize("mode", [0o644, 0o620, 0o602, 0o666])
def test_an_entry_that_others_may_touch_is_none(store, mode):
    store.write(KEY, ["first"])
    only(store).chmod(mode)
    assert store.lines(KEY) is None


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_directory_that_others_may_write_to_is_not_used(store, mode):
    store.write(KEY, ["first"])
    store.directory.chmod(mode)
    assert store.lines(KEY) is None
    store.write("l" * 64, ["second"])
    assert [path.name for path in store.directory.iterdir()] == [f"{KEY}.scan"]


@posix
def test_another_owners_directory_and_entry_are_not_used(store, monkeypatch):
    store.write(KEY, ["first"])
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert store.lines(KEY) is None
    store.write("l" * 64, ["second"])
    assert [path.name for path in store.directory.iterdir()] == [f"{KEY}.scan"]


@posix
def test_a_link_is_no_entry(store, tmp_path):
    store.write(KEY, ["first"])
    only(store).rename(tmp_path / "elsewhere")
    (store.directory / f"{KEY}.scan").symlink_to(tmp_path / "elsewhere")
    assert store.lines(KEY) is None


@posix
def test_a_pipe_does_not_hold_us_up(store):
    store.write(KEY, ["first"])
    only(store).unlink()
    os.mkfifo(store.directory / f"{KEY}.scan", 0o600)
    assert store.lines(KEY) is None


def test_a_place_that_cannot_be_made_is_silently_fine(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "phiward")
    store.write(KEY, ["first"])
    assert store.lines(KEY) is None


def test_a_writer_that_fails_leaves_nothing(store):
    def lines():
        yield "first"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(KEY, lines())
    assert list(store.directory.iterdir()) == []


def test_the_oldest_make_room(store, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10_000)
    for number in range(10):
        store.write(f"{number}" * 64, ["x" * 1_500])
        os.utime(store.directory / ("0" * 64 + ".scan"), (2e9, 2e9))  # used again
        for path in store.directory.iterdir():
            if not path.name.startswith("0"):
                os.utime(path, (1e9 + int(path.name[0]), 1e9 + int(path.name[0])))
    kept = sorted(path.name[0] for path in store.directory.iterdir())
    assert kept == ["0", "5", "6", "7", "8", "9"]
    store.write(KEY, ["x" * 6_000])  # more than half of it all
    assert store.lines(KEY) is None


def test_reading_is_using(store):
    store.write(KEY, ["first"])
    os.utime(only(store), (1e9, 1e9))
    store.lines(KEY)
    assert only(store).stat().st_mtime > 1.5e9


def test_what_was_never_finished_goes(store):
    store.write(KEY, ["first"])
    old, new = store.directory / "a.1.draft", store.directory / "b.2.draft"
    old.write_text("x")
    new.write_text("x")
    os.utime(old, (1e9, 1e9))
    store.write("l" * 64, ["second"])
    assert not old.exists()
    assert new.exists()


def test_writers_and_readers_at_once_see_whole_entries(store):
    texts = [[str(number) * 20_000] for number in range(4)]
    seen: set[bytes] = set()

    def write(lines: list[str]) -> None:
        for _ in range(30):
            Store(store.directory).write(KEY + lines[0][0], lines)
            found = store.lines(KEY + lines[0][0])
            if found:
                seen.add(found[0])

    threads = [threading.Thread(target=write, args=(lines,)) for lines in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {lines[0].encode() for lines in texts}


HOME = {"HOME": "/home/me"}


@pytest.mark.parametrize(
    "platform, environment, expected",
    [
        ("linux", {"PHIWARD_CACHE_DIR": "/named"}, "/named"),
        ("linux", {"PHIWARD_CACHE_DIR": "/named", "PHIWARD_NO_CACHE": "1"}, None),
        ("linux", {"XDG_CACHE_HOME": "/xdg", **HOME}, "/xdg/phiward"),
        ("linux", {"XDG_CACHE_HOME": "relative", **HOME}, "/home/me/.cache/phiward"),
        ("linux", {"PHIWARD_NO_CACHE": "", **HOME}, "/home/me/.cache/phiward"),
        ("linux", {}, None),
        ("linux", {"HOME": "nowhere"}, None),
        ("darwin", HOME, "/home/me/Library/Caches/phiward"),
        ("darwin", {"HOME": ""}, None),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/phiward"),
        ("win32", HOME, None),
    ],
)
@posix
def test_where_it_is(monkeypatch, platform, environment, expected):
    monkeypatch.setattr("sys.platform", platform)
    assert cache_directory(environment) == (Path(expected) if expected else None)
