"""What must agree: the rules, one class each, by family.

A rule's code tells its file, or its package where a family is large: `USG001` is in `usg.py`, `OUT016` in `out`.
`RULES` holds them all, by code.
"""

from rtproto.rules import cli, dia, err, iab, itm, mcp, oab, out, rlm, rsp, ses, shp, trn, tru, usg, wir
from rtproto.rules.base import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "cli",
    "dia",
    "err",
    "iab",
    "itm",
    "mcp",
    "oab",
    "out",
    "rlm",
    "rsp",
    "ses",
    "shp",
    "trn",
    "tru",
    "usg",
    "wir",
]
