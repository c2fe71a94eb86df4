"""Writing that a crash, a full disk or a second writer cannot leave half done."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from phiward.errors import UsageError


def write_file(path: Path, content: bytes, *, mode: int = 0o644, flush: bool = True) -> None:
    """Put a whole file in place of whatever stands there: written beside, flushed, renamed. Raises UsageError.

    Without `flush` it may be empty or old after a loss of power.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.draft")
    try:
        _write_new(draft, content, mode, flush=flush)
        _rename(draft, path)
        if flush:
            flush_directory(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error


def _rename(draft: Path, path: Path) -> None:
    try:
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise


def discard_drafts(directory: Path, names: Sequence[str]) -> None:
    """Remove what writers of these files left who were killed; to be called when nobody else can be writing them."""
    for name in names:
        for draft in directory.glob(f".{name}.*.draft"):
            with suppress(OSError):
                draft.unlink()


def create_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file where there is none yet. Raises FileExistsError, else UsageError."""
    try:
        _write_new(path, content, mode)
        flush_directory(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error


def append_at(path: Path, offset: int, content: bytes) -> None:
    """Have a file hold its first `offset` bytes and then the content, flushed. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        os.ftruncate(descriptor, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
        _write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_directory(directory: Path) -> None:
    """Have the names in a directory survive a loss of power, where the system can do that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cannot_write(path: Path, error: OSError) -> UsageError:
    """One line for the user."""
    return UsageError(f"{str(path)!r} cannot be written: {error.strerror}", hint="nothing there was changed")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, whatever ends it. Waits for the one who holds it. Raises UsageError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _write_new(path: Path, content: bytes, mode: int, *, flush: bool = True) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        _write_all(descriptor, content)
        if flush:
            os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
