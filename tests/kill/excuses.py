"""Mutants that no case can tell, by a pattern of their names, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SAME = (
    "An open and a closing translation take the same inputs, and lead to the same: the states differ for readers, and "
    "for who makes sessions from the table."
)
_WAITS = (
    "RSP020 is told when the server answers the request, not where the table is asked: the cell is there for readers, "
    "and for who makes sessions from the table."
)

EXCUSED: Mapping[str, str] = {
    r"output item: absent / response done → .*": (
        "It is never asked: the items of a response are announced or met by an event of theirs before `response.done` "
        "reaches them. The table is total all the same."
    ),
    r"content part: absent / item done → .*": (
        "It is never asked: the parts of an item are met by an event of theirs before the item's end reaches them. "
        "The table is total all the same."
    ),
    r"content part: (text|audio) / item done → OUT009, then (text|audio)": (
        "After the item is done, its own cell breaks first at whatever comes for its parts."
    ),
    r"content part: done / item done → (text|audio)": (
        "After the item is done, its own cell breaks first at whatever comes for its parts."
    ),
    r"output item: done / added → OUT025, then done .*": (
        "The finding taints the item, and what differs afterwards folds under it in either state with the same codes."
    ),
    r"translation session: open / (updated|update) → closing": _SAME,
    r"translation session: closing / (updated|append|update|close) → open": _SAME,
    r"session\.(input_audio_buffer\.append|update) > translation session → .*": (
        "The client's events lead every state back to itself."
    ),
    r"translation session: awaiting / closed → without midway": (
        "After its close nothing of a translation is judged otherwise where it was met half-way."
    ),
    r"conversation: active / response create → (legal, active|response winding down: ).*": _WAITS,
    r"response\.create > conversation → .*": _WAITS,
    r"response\.done > conversation → default conversation: always": (
        "A response out of band is not the current one, so the guard `current response` says the same."
    ),
    r"error > session → no error": "An error leads every state of a session back to itself.",
    r"conversation item → announced expects nothing more": (
        "It asks for two faults: one at an id never seen, and another at the item that was announced."
    ),
    r"conversation item: added / done → RSP009, then announced .*": (
        "What is legal for an item that is done is so for one that is announced, but for its being added or done; and "
        "a second one of these folds under the finding."
    ),
    r"conversation item: announced / added → RSP009, then deleted .*": (
        "Only a remote call can join so late without another fault, and its end is legal for an item that was deleted, "
        "too."
    ),
    r"transcription: none / segment → none": (
        "Both states take the same inputs. They differ in whether an unreadable event explains what is missing from "
        "the transcript, and segments are not part of that sum."
    ),
    r"conversation\.item\.create > mcp approval → mcp approval response item: always": (
        "Beside the answer only a remote call names a request, and no client makes one."
    ),
}


def excuse(name: str) -> str:
    """Why no case can tell this mutant; empty where that is not known."""
    return next((why for pattern, why in EXCUSED.items() if re.fullmatch(pattern, name)), "")
