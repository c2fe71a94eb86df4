"""Draw docs/scan.svg: a real run over a part of the flawed estate, as the terminal shows it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from phiward.pipeline import scan
from phiward.reporters.console import export_svg
from phiward.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RULES = ("tenant-key-foreign",)

report = scan(Settings(paths=(ROOT / "fixtures" / "ehr-saas" / "flawed",), today=date(2026, 11, 22), rules=RULES))
picture = export_svg(report, 100, "phiward scan fixtures/ehr-saas/flawed")
(ROOT / "docs" / "scan.svg").write_text(picture, encoding="utf-8")
