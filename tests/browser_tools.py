"""A real browser for the tests, and axe-core, which tells whether a page can be used by everybody.

`python tests/browser_tools.py` fetches axe-core with npm, once, into the user's cache, and says whether a browser is here.
Debian's package `chromium` is one.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a script
from tests import npm_packages

SOURCE = Path(__file__).resolve().parent / "attest" / "axe"
VERSION = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))["dependencies"]["axe-core"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """The program, where there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def directory() -> Path:
    """Where the packages are, once they are fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "phiward-tests", f"axe-core-{VERSION}")


def axe() -> Path:
    return directory() / "node_modules" / "axe-core" / "axe.min.js"


def missing() -> str:
    """Why pages cannot be looked at here; nothing where they can."""
    if browser() is None:
        return "no Chromium is here (Debian's package chromium has it)"
    return "" if axe().is_file() else "axe-core is not here (python tests/browser_tools.py fetches it)"


if __name__ == "__main__":
    if not axe().is_file():
        npm_packages.install(SOURCE, directory())
    sys.stdout.write(f"{browser() or 'no browser'}\n{axe()}\n")
