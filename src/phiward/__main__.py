"""Where the program starts, and the one place where a failure is printed."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and leave with its status."""
    gc.disable()  # what is loaded lives until the report is written, and collections would walk all of it again
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit status of a command line; every exception ends here."""
    from phiward.errors import PhiwardError

    try:
        from phiward.cli import phiward

        return int(phiward.main(args=arguments, prog_name="phiward", standalone_mode=False) or 0)
    except PhiwardError as error:
        print(f"phiward: {error}", file=sys.stderr)
        return error.exit_status
    except (KeyboardInterrupt, EOFError):
        print("phiward: interrupted", file=sys.stderr)
        return 130
    except SystemExit:  # Click's way out when the reader of a pipe has gone away
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours, reported as one
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Click's own errors, and ours that should not be."""
    import click

    if isinstance(error, click.exceptions.Abort):
        print("phiward: interrupted", file=sys.stderr)
        return 130
    if isinstance(error, click.ClickException):
        error.show()
        return 2
    if isinstance(error, OSError) and error.filename is None:  # a stream, not a file of the scan
        from phiward.cli.output import discard_output

        discard_output()
        print(f"phiward: the output cannot be written: {error.strerror}", file=sys.stderr)
        return 2
    import traceback

    from phiward import __version__

    print(f"phiward {__version__}: internal error, please report it with these lines:", file=sys.stderr)
    traceback.print_exception(error, limit=-8, file=sys.stderr)
    return 5


if __name__ == "__main__":
    main()
