"""Standard streams, signals and output files: data on standard output, the rest on standard error, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from harness import OPEN_STORE, RULE, command, environment, write_tree

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and pipes")


@pytest.fixture
def large(tmp_path) -> Path:
    """A tree whose scan and report take a while."""
    text = "".join(OPEN_STORE.replace('"a"', f'"a{i}"') for i in range(2_000))
    return write_tree(tmp_path, {"main.tf": text, "small/main.tf": OPEN_STORE})


@posix
def test_an_interrupt_ends_with_130_and_one_line(large):
    process = subprocess.Popen(
        command("scan", "."), cwd=large, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_file(process, large / "main.tf")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr.strip()) == (130, "", "phiward: interrupted")


def wait_for_file(process: subprocess.Popen[str], path: Path) -> None:
    """Until the run is past its start-up: some processor time is spent."""
    started = monotonic()
    while monotonic() - started < 20 and process.poll() is None:
        ticks = Path(f"/proc/{process.pid}/stat").read_text().split()[13] if Path("/proc").is_dir() else "99"
        if int(ticks) >= 0.2 * os.sysconf("SC_CLK_TCK"):
            return
        sleep(0.01)


@posix
@pytest.mark.parametrize("form", ["console", "json", "junit"])
def test_a_reader_that_stops_reading_is_no_error(large, form):
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(command('scan', '.', *RULE, '--format', form))} | head -n 1; exit $PIPESTATUS"],
        cwd=large, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert done.returncode == 1  # of the scan: the gate failed, whoever reads the report


@posix
@pytest.mark.parametrize(
    "arguments", [("scan", "small", *RULE), ("rules", "list"), ("--version",), ("--help",)], ids=" ".join
)
def test_a_closed_standard_output_is_no_traceback(large, arguments):
    line = " ".join(f"'{part}'" for part in command(*arguments))
    done = subprocess.run(f"{line} >&-", shell=True, cwd=large, env=environment(), capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.returncode in (0, 1, 2)


@posix
def test_a_full_disk_is_a_clear_line(large):
    if not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    line = " ".join(command("scan", "small", *RULE, "--format", "json"))
    done = subprocess.run(
        f"{line} > /dev/full", shell=True, cwd=large, env=environment(), capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 2, done.stderr
    listing = subprocess.run(
        f"{' '.join(command('rules', 'list'))} > /dev/full",
        shell=True,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (listing.returncode, len(listing.stderr.splitlines())) == (2, 1)
    report = subprocess.run(
        [*command("scan", "small", *RULE, "--format", "json", "--output", "/dev/full")],
        cwd=large, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert (report.returncode, report.stdout) == (2, "")
    assert "/dev/full" in report.stderr


def test_an_output_that_cannot_be_written_is_refused(large, phiward):
    (large / "folder").mkdir()
    done = phiward("scan", "small", *RULE, "--format", "json", "--output", "folder")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'folder'" in done.stderr
    for target in ("nowhere/x.json", "main.tf/x.json"):
        done = phiward("scan", "small", *RULE, "--format", "json", "--output", target)
        assert (done.returncode, done.stdout) == (2, "")
        assert target in done.stderr


@pytest.mark.skipif(
    os.geteuid() == 0, reason="root writes everywhere; /dev/full and a directory stand in for this above"
)
def test_an_output_directory_without_permission(large, phiward):
    (large / "locked").mkdir(mode=0o500)
    done = phiward("scan", "small", *RULE, "--format", "json", "--output", "locked/x.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "locked/x.json" in done.stderr


def terminal(cwd: Path, *arguments: str, **more: str) -> str:
    """What a run writes to a terminal."""
    import pty

    parent, child = pty.openpty()
    process = subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(TERM="xterm-256color", **more), stdin=subprocess.DEVNULL,
        stdout=child, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(child)
    parts = []
    while True:
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        parts.append(data)
    os.close(parent)
    assert process.wait(timeout=60) == 1
    return b"".join(parts).decode()


@posix
def test_colour_is_for_terminals_that_want_it(large, phiward):
    coloured = terminal(large, "scan", "small", *RULE)
    plain = terminal(large, "scan", "small", *RULE, NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert "\x1b" not in phiward("scan", "small", *RULE).stdout


def test_quiet_says_nothing_and_decides_the_same(large, phiward):
    done = phiward("scan", "small", *RULE, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_an_ascii_locale_prints_what_it_can(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": OPEN_STORE.replace('"a"', '"größe_日本"')})
    for form in ("console", "junit"):
        done = phiward("scan", ".", *RULE, "--format", form, PYTHONUTF8="0", LC_ALL="C", PYTHONIOENCODING="ascii")
        assert done.returncode == 1, done.stderr


@posix
def test_a_working_directory_that_is_gone(tmp_path):
    def run_where_nothing_is(arguments):
        gone = tmp_path / "gone"
        gone.mkdir()
        line = f"rmdir '{gone}' && {' '.join(arguments)}"
        return subprocess.run(line, shell=True, cwd=gone, env=environment(), capture_output=True, text=True)

    if run_where_nothing_is([sys.executable, "-c", "pass"]).returncode:
        pytest.skip("this interpreter does not start where its working directory is gone")
    done = run_where_nothing_is(command("scan", "."))
    assert "Traceback" not in done.stderr
    assert done.returncode in (2, 3)
