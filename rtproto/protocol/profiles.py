"""Whose server it is: what is forgiven to whom, as data.

A profile relaxes rules, each with the recording or document that justifies it, and names events that a vendor adds.
Nothing here is forgiven to OpenAI: a rule that a recording of OpenAI breaks is a wrong rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from rtproto.findings import Severity


class Relaxation(Struct, frozen=True):
    """A rule's severity under a profile (None: not judged), and why."""

    severity: Severity | None
    why: str


class Profile(Struct, frozen=True):
    """One vendor's, or one family's, deviations from the protocol as OpenAI speaks it."""

    name: str
    about: str
    relax: Mapping[str, Relaxation] = {}
    events: tuple[str, ...] = ()
    """Event types that this vendor adds."""


OFF = None

OPENAI = Profile("openai", "OpenAI's own servers: nothing is relaxed.")

AZURE = Profile(
    "azure",
    "Azure OpenAI and Azure Voice Live. Voice Live speaks the beta names with `conversation.item.done` beside them.",
    relax={
        "DIA001": Relaxation(
            OFF, "Voice Live mixes by design: beta deltas and items, GA `conversation.item.done`."
        ),
        "DIA005": Relaxation(OFF, "Voice Live accepts flat session configuration."),
        "ITM010": Relaxation(
            OFF, "Azure can truncate on its own, which moves the conversation's tail unseen."
        ),
        "ITM020": Relaxation(Severity.INFO, "Voice Live uses the beta content types throughout."),
        "RSP025": Relaxation(
            Severity.INFO, "Voice Live's response.done need not repeat the items word for word."
        ),
    },
)

COMPAT = Profile(
    "compat",
    "Servers that speak most of the protocol: xAI, Qwen, speaches, LocalAI and others.",
    relax={
        code: Relaxation(severity, why)
        for code, severity, why in (
            ("DIA001", OFF, "xAI sends flat sessions with GA event names."),
            ("DIA004", OFF, "xAI sends flat sessions with GA responses."),
            ("DIA005", OFF, "xAI takes sessions without a type."),
            ("SES003", Severity.INFO, "xAI shows another id, or none, after an update."),
            ("SES008", Severity.INFO, "such servers show the session in a form of their own."),
            ("SES009", Severity.INFO, "such servers show the session in a form of their own."),
            ("SES014", Severity.INFO, "xAI sends it late when the client is quick."),
            ("DIA006", OFF, "xAI takes nested audio settings in flat sessions."),
            ("DIA018", Severity.INFO, "such servers add events of their own."),
            ("SHP001", Severity.INFO, "xAI leaves out `part`, `output_index` and session fields."),
            ("SHP002", Severity.INFO, "xAI fills some fields with placeholders."),
            ("IAB008", Severity.INFO, "xAI adds the user item when speech starts, before the commit."),
            ("ITM002", Severity.INFO, "xAI adds the user item at speech start and again later."),
            ("ITM010", OFF, "xAI sends no predecessor."),
            ("ITM020", Severity.INFO, "xAI gives roles of its own."),
            ("OUT002", Severity.INFO, "xAI repeats output_index 0."),
            ("OUT007", Severity.WARNING, "xAI closes parts before their audio."),
            ("OUT009", Severity.WARNING, "xAI closes parts before their audio, and not all of them."),
            (
                "OUT016",
                Severity.WARNING,
                "xAI sends `response.output_audio.done` after `response.content_part.done`.",
            ),
            ("RSP010", Severity.WARNING, 'xAI sends status_details "unimplemented".'),
            ("RSP024", Severity.WARNING, "xAI lists parallel items that it never indexed."),
            ("RSP025", Severity.INFO, "xAI empties the content of items in response.done."),
            ("TRN003", Severity.INFO, "xAI and Azure send cumulative `completed` snapshots."),
            ("OUT013", Severity.WARNING, "xAI sends arguments in one delta without output_index."),
        )
    },
    events=("ping", "conversation.item.input_audio_transcription.updated"),
)

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (OPENAI, AZURE, COMPAT)}

_AZURE_FIELDS = ("animation", "avatar", "input_audio_sampling_rate", "output_audio_timestamp_types")


def recognise(members: Collection[str], model: str | None) -> tuple[str, str]:
    """The profile of the server whose `session` has these members and this model, and the reason for thinking so."""
    azure = [name for name in _AZURE_FIELDS if name in members]
    if azure:
        return "azure", f"the session has Azure's `{azure[0]}`"
    if model is not None and "grok" in model:
        return "compat", f"the model is {model}"
    return "openai", "the session looks like OpenAI's"
