"""Which findings a reader asked for: rules by code, prefix or name, and the least severity.

A consequence goes where its cause goes: with the cause out of sight it would look like a fault of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from rtproto.findings import Finding, SessionReport, Severity


def narrow(session: SessionReport, keep: Callable[[Finding], bool]) -> SessionReport:
    """The session with only the findings that `keep` accepts and whose cause it accepts; `caused_by` is renumbered."""
    own = [keep(finding) for finding in session.findings]
    if all(own):
        return session
    places: dict[int, int] = {}
    for index, finding in enumerate(session.findings):
        if own[index] and (finding.caused_by is None or own[finding.caused_by]):
            places[index] = len(places)
    kept: list[Finding] = []
    for index in places:
        finding = session.findings[index]
        if finding.caused_by is not None:
            finding = msgspec.structs.replace(finding, caused_by=places.get(finding.caused_by))
        kept.append(finding)
    return msgspec.structs.replace(session, findings=tuple(kept))


def at_least(session: SessionReport, severity: Severity) -> SessionReport:
    """The session with only the findings of that severity or worse."""
    return narrow(session, lambda finding: finding.severity >= severity)


class Selection:
    """Rules to report, as `--select` and `--ignore` name them.

    Each name is a code (`OUT016`), the beginning of codes (`OUT`), or a rule's name (`delta-after-done`); each string
    may hold several, with commas between.  Nothing selected means everything; what is ignored is ignored whatever else
    selects it.  Raises `ValueError` for a name that fits no rule, and says which is near.
    """

    def __init__(self, select: Iterable[str] | str = (), ignore: Iterable[str] | str = ()) -> None:
        self._selected = _codes(select)
        self._ignored = _codes(ignore) or frozenset()

    def __contains__(self, code: str) -> bool:
        return code not in self._ignored and (self._selected is None or code in self._selected)

    def apply(self, session: SessionReport) -> SessionReport:
        """The session with the findings of the selected rules only."""
        if self._selected is None and not self._ignored:
            return session
        return narrow(session, lambda finding: finding.code in self)


def _codes(names: Iterable[str] | str) -> frozenset[str] | None:
    """Every code that the names stand for; None where there is no name at all."""
    split = [
        part.strip() for name in ([names] if isinstance(names, str) else names) for part in name.split(",")
    ]
    wanted = [part for part in split if part]
    if not wanted:
        return None
    return frozenset(code for name in wanted for code in matching(name))


def matching(name: str) -> list[str]:
    """The codes that a code, a prefix of codes or a rule's name stands for, sorted.

    Raises `ValueError`, with the nearest rules, where it stands for none.
    """
    from rtproto.rules import RULES

    upper = name.upper()
    if upper in RULES:
        return [upper]
    found = sorted(
        code for code, rule in RULES.items() if code.startswith(upper) or rule.name == name.lower()
    )
    if found:
        return found
    from difflib import get_close_matches

    names = {rule.name: code for code, rule in RULES.items()}
    near = [f"{names[n]} {n}" for n in get_close_matches(name.lower(), names, n=2)]
    near += [f"{code} {RULES[code].name}" for code in get_close_matches(upper, list(RULES), n=2, cutoff=0.75)]
    hint = "did you mean " + " or ".join(near) if near else "--list-rules prints them all"
    raise ValueError(f"no rule {name!r}; {hint}")
