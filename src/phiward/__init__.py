"""Phiward: HIPAA policy-as-code for multi-tenant health-record SaaS."""

from __future__ import annotations

__version__ = "0.1.0"
