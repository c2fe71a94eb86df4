"""Controls that no configuration shows: what people state of them, on which evidence, and what a day makes of that.

`read_statements` reads `phiward.manual.yaml`; `assess` is a pure function of its statements, the pack's controls and a
day. What is stale, or states no evidence, is never shown as attested.
"""

from __future__ import annotations

from phiward.manual.reading import MANUAL_FILE, Statements, digests_of, find_statements, read_statements
from phiward.manual.states import assess, by_citation

__all__ = ["MANUAL_FILE", "Statements", "assess", "by_citation", "digests_of", "find_statements", "read_statements"]
