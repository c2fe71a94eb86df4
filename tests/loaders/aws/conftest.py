"""Fixtures of the tests of running accounts."""

from __future__ import annotations

from tests.loaders.aws.server import alone, moto, moto_server, only_loopback

__all__ = ["alone", "moto", "moto_server", "only_loopback"]
