"""Where reports go: standard output, files, a terminal's width and colour, progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import click

from phiward.errors import UsageError
from phiward.model.finding import Report
from phiward.reporters import FORMATS, Style, render

Target = tuple[str, str]
"""A format and where it goes; `-` is standard output."""
_PATIENCE = 1.0
"""Seconds before a scan on a terminal begins to say what it does."""


def check_outputs(formats: Sequence[str], outputs: Sequence[str], *, quiet: bool) -> list[Target]:
    """Pair each --format with its --output before any work is done. Raises UsageError."""
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"there is no format {name!r}", hint=f"one of {', '.join(FORMATS)}")
    if len(outputs) > len(formats):
        raise UsageError("each --output needs its --format")
    chosen = [*formats] or ([] if quiet else ["console"])
    targets = [(name, outputs[i] if i < len(outputs) else "-") for i, name in enumerate(chosen)]
    if sum(where == "-" for _, where in targets) > 1:
        raise UsageError("two reports cannot share standard output", hint="give --output a file for all but one")
    for _, where in targets:
        if where != "-" and not Path(where).absolute().parent.is_dir():
            raise UsageError(f"there is no directory for the report {where!r}")
    return targets


def write_reports(report: Report, targets: Sequence[Target], *, verbose: bool) -> None:
    """Write every report. Raises UsageError where a file cannot be written."""
    for name, where in targets:
        terminal = where == "-" and sys.stdout is not None and sys.stdout.isatty()
        style = Style(color=terminal and not os.environ.get("NO_COLOR"), width=_width(terminal), verbose=verbose)
        text = render(report, name, style)
        if where == "-":
            print_text(text, color=style.color)
            continue
        try:
            Path(where).write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"the report {where!r} cannot be written: {error.strerror}") from error


def print_text(text: str, *, color: bool = False) -> None:
    """To standard output. A reader that has gone away wants no more of it, and that changes no exit status."""
    try:
        click.echo(text, nl=not text.endswith("\n"), color=color)
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        raise UsageError(f"the report cannot be written to standard output: {error.strerror}") from error


def discard_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter would try to write it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _width(terminal: bool) -> int:
    if not terminal:
        return 100
    import shutil

    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 140))


@contextmanager
def progress_for(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A one-line progress on a terminal's standard error, once a scan takes longer than a moment."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    started = monotonic()
    shown = False

    def show(text: str) -> None:
        nonlocal shown
        if monotonic() - started > _PATIENCE:
            shown = True
            clean = "".join(c if c.isprintable() else "?" for c in text)
            sys.stderr.write(f"\r\x1b[2K{clean[:100]}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
