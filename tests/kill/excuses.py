"""Mutants that no case can kill, and why."""

from __future__ import annotations

from collections.abc import Mapping

EXCUSED: Mapping[str, str] = {}
