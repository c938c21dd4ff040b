"""Where the Structs and the published models differ on purpose: one row a difference.

A row says where, what differs, why, and which real recording shows it; the rest of its fields keep both generators
off the difference, so that everything outside the table must agree exactly.  A recording is named as folder/file, line,
path in the event, and what stands there: a JSON type, `absent`, or a JSON value.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec import Struct

from rtproto.events import beta, ga
from rtproto.events.base import Role
from rtproto.testing.strategies import Build, Limits, struct_info

from .schema import Payloads


class Shown(NamedTuple):
    """A place in a real recording."""

    recording: str
    line: int
    path: str
    holds: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One difference."""

    where: str
    differs: str
    reason: str
    shown: Shown | None = None
    """None where no recording shows it; the reason then says what we go by."""

    dialects: tuple[str, ...] = ("beta", "ga", "translation")
    events: tuple[str, ...] = ("*",)
    """Patterns of event names or REST bodies in which the limits on our side hold."""

    # Our side: what is not drawn from the Structs.
    known_strings: bool = False
    no_nulls: bool = False
    never: tuple[type[Struct], ...] = ()
    given: tuple[tuple[type[Struct], str], ...] = ()
    draw: Mapping[type[Struct], Callable[[Build], st.SearchStrategy[Any]]] = field(
        default_factory=dict[Any, Any]
    )
    # Their side: what is not drawn from the models, by module and name.
    theirs_given: tuple[tuple[str, str], ...] = ()
    theirs_by_type: Mapping[str, Mapping[str, Iterable[str]]] = field(default_factory=dict[Any, Any])
    theirs_values: Mapping[tuple[str, str], st.SearchStrategy[Any]] = field(default_factory=dict[Any, Any])


def ga_messages(build: Build) -> st.SearchStrategy[ga.Message]:
    """Messages whose parts belong to their role."""
    info = struct_info(ga.Message)
    optional = {one.name: build(one.type) for one in info.fields if not one.required}
    parts: dict[str, tuple[type[Struct], ...]] = {
        "system": (ga.InputText,),
        "user": (ga.InputText, ga.InputAudio, ga.InputImage),
        "assistant": (ga.OutputText, ga.OutputAudio),
    }
    assert set(parts) == set(Role.__metadata__[0].examples)  # type: ignore[attr-defined]  # an Annotated alias has it
    return st.one_of(
        [
            st.fixed_dictionaries(
                {
                    "role": st.just(role),
                    "content": st.lists(
                        st.one_of([build(struct_info(part)) for part in allowed]), max_size=2
                    ),
                },
                optional=optional,
            ).map(lambda fields: ga.Message(**fields))
            for role, allowed in parts.items()
        ]
    )


ITEM = ("id", "object", "status")
BETA_ITEM: dict[str, tuple[str, ...]] = {
    "message": (*ITEM, "role", "content"),
    "function_call": (*ITEM, "call_id", "name", "arguments"),
    "function_call_output": (*ITEM, "call_id", "output"),
}
BETA_CONTENT: dict[str, tuple[str, ...]] = {
    "input_text": ("text",),
    "input_audio": ("audio", "transcript"),
    "item_reference": ("id",),
    "text": ("text",),
    "audio": ("audio", "transcript"),
}
VAD = ("create_response", "interrupt_response")
SERVER_VAD = (*VAD, "prefix_padding_ms", "silence_duration_ms", "threshold")
BETA_VAD: dict[str, tuple[str, ...]] = {"server_vad": SERVER_VAD, "semantic_vad": (*VAD, "eagerness")}
PART = {"text": ("text",), "audio": ("audio", "transcript")}

ROWS = [
    Row(
        where="strings with known values",
        differs="the models take only the values they list; the Structs take any string",
        reason="a new value must never stop a stream; the known ones are data of the alias, and drawn here",
        shown=Shown("azure-ga/server-vad-turn", 1, "session.model", '"gpt-realtime-global-standard"'),
        known_strings=True,
    ),
    Row(
        where="optional properties",
        differs="the models take null for each; the Structs only where servers send it",
        reason="the package writes every property that may be missing as Optional; servers leave it out",
        shown=Shown("openai-ga/tool-call-1", 6, "item.object", "absent"),
        # The test drops such nulls, by `without_refused_nulls`.
    ),
    Row(
        where="fields that servers send and no model has",
        differs="obfuscation, phase, reasoning_tokens, name of beta calls, id/object/expires_at of GA sessions …; the "
        "Structs have them as optional fields",
        reason="they are on the wire (catalogue 6.2); the models let anything more pass, so nothing is limited here",
        shown=Shown("openai-ga/tool-call-1", 11, "obfuscation", "string"),
    ),
    Row(
        where="bodies of REST requests",
        differs="TypedDicts, in which hardly anything may be null; the Structs take null as on the socket",
        reason="the Structs are those of the session that the server echoes, where a recording shows null",
        shown=Shown("openai-ga/tool-call-1", 1, "session.include", "null"),
        events=("*request",),
        no_nulls=True,
    ),
    Row(
        where="`anchor` of a beta session's client_secret.expires_after",
        differs="required in the model; the Struct lets it be missing",
        reason="one Struct for this and other lifetimes, whose anchor is optional; no recording has it",
        dialects=("beta",),
        given=((beta.ExpiresAfter, "anchor"),),
    ),
    Row(
        where="`type` of items, parts, tools, audio formats and turn detection",
        differs="optional in most models; the Structs need it, as it tells the variant",
        reason="no recorded server or client leaves it out (xAI does on sessions, which the models demand)",
        shown=Shown("openai-beta/tool-call-cut-off", 6, "item.content.0.type", '"input_text"'),
        theirs_given=(
            ("realtime_audio_formats.AudioPCM", "type"),
            ("realtime_audio_formats.AudioPCMU", "type"),
            ("realtime_audio_formats.AudioPCMA", "type"),
            ("realtime_audio_formats_param.AudioPCM", "type"),
            ("realtime_audio_formats_param.AudioPCMU", "type"),
            ("realtime_audio_formats_param.AudioPCMA", "type"),
            ("realtime_function_tool.RealtimeFunctionTool", "type"),
            ("realtime_function_tool_param.RealtimeFunctionToolParam", "type"),
            ("realtime_conversation_item_system_message.Content", "type"),
            ("response_create_event.ResponseTool", "type"),
            ("session.Tool", "type"),
            ("session_update_event.SessionTool", "type"),
            ("session_create_params.Tool", "type"),
            ("session_create_response.Tool", "type"),
        ),
    ),
    Row(
        where="beta items",
        differs="the model is one object with every property optional; the Structs are one a type, as in GA",
        reason="a message has role and content, a call its name and arguments, in every recording",
        shown=Shown("openai-beta/tool-call-cut-off", 9, "item.arguments", '""'),
        dialects=("beta",),
        theirs_by_type={
            "conversation_item.ConversationItem": BETA_ITEM,
            "conversation_item_with_reference.ConversationItemWithReference": {
                **BETA_ITEM,
                "item_reference": ("id",),
            },
        },
        theirs_given=(
            *(
                (model, name)
                for model in (
                    "conversation_item.ConversationItem",
                    "conversation_item_with_reference.ConversationItemWithReference",
                )
                for name in ("role", "content", "name", "arguments", "output")
            ),
        ),
    ),
    Row(
        where="`call_id` of function_call_output, and `id` of item_reference, in beta items",
        differs="optional in the models; the Structs need them, as GA's models do",
        reason="an output without its call, or a reference to nothing, has no meaning",
        shown=Shown("azure-voice-live/tool-call", 27, "item.call_id", "string"),
        dialects=("beta",),
        theirs_given=(
            ("conversation_item.ConversationItem", "call_id"),
            ("conversation_item_with_reference.ConversationItemWithReference", "call_id"),
            ("conversation_item_with_reference.ConversationItemWithReference", "id"),
        ),
    ),
    Row(
        where="content parts",
        differs="the models of most have one object with every property; the Structs are one a type",
        reason="a part has the properties of its type only",
        shown=Shown("openai-ga/tool-call-1", 35, "part.transcript", "absent"),
        theirs_by_type={
            "conversation_item_content.ConversationItemContent": BETA_CONTENT,
            "conversation_item_with_reference.Content": {
                k: v for k, v in BETA_CONTENT.items() if k != "audio"
            },
            "realtime_conversation_item_user_message.Content": {
                "input_text": ("text",),
                "input_audio": ("audio", "transcript"),
                "input_image": ("image_url", "detail"),
            },
            "realtime_conversation_item_assistant_message.Content": {
                "output_text": ("text",),
                "output_audio": ("audio", "transcript"),
            },
            "response_content_part_added_event.Part": PART,
            "response_content_part_done_event.Part": PART,
        },
    ),
    Row(
        where="`turn_detection` outside GA's unions",
        differs="the models are one object with every property, or a `type` of any string; the Structs are one a type",
        reason="a VAD has the settings of its kind; other types become an unknown variant in `rtproto.wire`",
        shown=Shown("azure-ga/tool-call", 1, "session.turn_detection.eagerness", "absent"),
        theirs_by_type={
            "session.TurnDetection": BETA_VAD,
            "session_update_event.SessionTurnDetection": BETA_VAD,
            "session_create_params.TurnDetection": BETA_VAD,
            "transcription_session_create_params.TurnDetection": BETA_VAD,
            "transcription_session_update.SessionTurnDetection": BETA_VAD,
            "session_create_response.TurnDetection": {"server_vad": SERVER_VAD},
            "transcription_session.TurnDetection": {"server_vad": SERVER_VAD},
            "realtime_transcription_session_turn_detection.RealtimeTranscriptionSessionTurnDetection": {
                "server_vad": SERVER_VAD
            },
        },
    ),
    Row(
        where="integers",
        differs="the models take integers of any size; the Structs 64 bits",
        reason="hundreds of digits are an attack, not a count; no recording has one",
        # Drawn within 64 bits on both sides.
    ),
    Row(
        where="`content` of GA messages",
        differs="the models are one a role with its parts; the Struct is one, with any parts",
        reason="which part a role may have is judged by a rule (ITM020), not by the decoder",
        shown=Shown("openai-beta/webrtc-video-barge-ins", 30, "item.content.0.type", '"input_image"'),
        dialects=("ga",),
        draw={ga.Message: ga_messages},
    ),
    Row(
        where="item_reference in GA",
        differs="not among the models of items; the Structs have it in both dialects",
        reason="published in a TypedDict only, for `input` of response.create; no recording has one",
        dialects=("ga",),
        never=(ga.ItemReference,),
    ),
    Row(
        where="items of beta",
        differs="the models have no MCP items",
        reason="the Structs of items are shared by both dialects; no recording has one in beta",
        dialects=("beta",),
        never=(ga.McpListTools, ga.McpCall, ga.McpApprovalRequest, ga.McpApprovalResponse),
    ),
    Row(
        where="item_reference in beta outside `input` of response.create",
        differs="not among the models of items there; the Structs have it wherever items are",
        reason="the Structs of items are shared by all events; no recording has one",
        dialects=("beta",),
        events=("conversation.*", "response.created", "response.done", "response.output_item.*"),
        never=(beta.ItemReference,),
    ),
    Row(
        where="content of beta items",
        differs="the models have no pictures and none of GA's output parts",
        reason="the Structs of parts are shared; OpenAI's beta servers do send pictures",
        shown=Shown("openai-beta/webrtc-video-barge-ins", 30, "item.content.0.type", '"input_image"'),
        dialects=("beta",),
        never=(beta.InputImage, beta.OutputText, beta.OutputAudio),
    ),
    Row(
        where="content of `input` in beta's response.create",
        differs="the model has no `audio` part, which it has in other events",
        reason="the Structs of parts are shared by all events; no recording has `input`",
        dialects=("beta",),
        events=("response.create",),
        never=(beta.Audio,),
    ),
    Row(
        where="part of response.content_part.*",
        differs="the models have `text` and `audio` only",
        reason="the Structs of parts are shared with items",
        shown=Shown("openai-ga/tool-call-1", 35, "part.type", '"text"'),
        events=("response.content_part.*",),
        never=(
            ga.InputText,
            ga.InputAudio,
            ga.InputImage,
            ga.OutputText,
            ga.OutputAudio,
            ga.ContentReference,
        ),
    ),
    Row(
        where="`id` of mcp_approval_response",
        differs="required in the models; the Struct lets it be missing",
        reason="the vendor's own client (agents-realtime 0.20) creates the item without one; no recording has one",
        given=((ga.McpApprovalResponse, "id"),),
    ),
    Row(
        where="`part` of response.content_part.done",
        differs="required in the models; the Struct lets it be missing",
        reason="xAI leaves it out",
        shown=Shown("xai/tool-call-1", 19, "part", "absent"),
        given=((ga.ResponseContentPartDone, "part"),),
    ),
    Row(
        where="`output_index` of response.function_call_arguments.*",
        differs="required in the models; the Structs let it be missing",
        reason="xAI leaves it out",
        shown=Shown("xai/tool-call-1", 24, "output_index", "absent"),
        given=(
            (ga.ResponseFunctionCallArgumentsDelta, "output_index"),
            (ga.ResponseFunctionCallArgumentsDone, "output_index"),
            (beta.ResponseFunctionCallArgumentsDone, "output_index"),
        ),
    ),
    Row(
        where="`usage` of conversation.item.input_audio_transcription.completed",
        differs="required in the models; the Struct lets it be missing",
        reason="beta servers before mid-2025 and Azure Voice Live leave it out",
        shown=Shown("azure-ga/server-vad-turn", 73, "usage", "absent"),
        given=((ga.ConversationItemInputAudioTranscriptionCompleted, "usage"),),
    ),
    Row(
        where="`event_id` of error",
        differs="required in the models; the Struct lets it be null or missing",
        reason="Azure sends null (catalogue 6.1); no recording holds an error",
        given=((ga.Error, "event_id"),),
    ),
    Row(
        where="`client_secret` of a beta transcription session",
        differs="required in the model; the Struct lets it be null or missing",
        reason="the vendor's own text: only in the answer to the REST request; null on the socket as on other sessions",
        shown=Shown("openai-beta/tool-call-cut-off", 1, "session.client_secret", "null"),
        dialects=("beta",),
        given=((beta.TranscriptionSession, "client_secret"),),
    ),
    Row(
        where="`voice` of beta",
        differs="a string in the models; the Structs take an object too",
        reason="Azure Voice Live sends one",
        shown=Shown("azure-voice-live/text-turn", 1, "session.voice", "object"),
        dialects=("beta",),
        never=(beta.Voice,),
    ),
    Row(
        where="`voice` of a GA response, and of the session in a REST answer",
        differs="a string in the models; the Structs take the object of a custom voice too, as in requests",
        reason="one Struct for what is asked and what is echoed; no recording has a custom voice",
        dialects=("ga",),
        events=("response.created", "response.done", "client_secrets.create response"),
        never=(ga.VoiceId,),
    ),
    Row(
        where="`tool_choice` of beta",
        differs="a string in the models; the Structs take an object too",
        reason="a forced function is an object (catalogue 6.4); no recording forces one",
        dialects=("beta",),
        never=(beta.ToolChoiceFunction, beta.ToolChoiceMcp),
    ),
    Row(
        where="tools of beta",
        differs="functions only in the models; the Structs have remote servers too",
        reason="the Structs of tools are shared by both dialects; no recording has one in beta",
        dialects=("beta",),
        never=(beta.McpTool,),
    ),
]


def limits(dialect: str, event: str) -> Limits:
    """What the table keeps our generator off, for one event or REST body of a dialect."""
    rows = [
        row
        for row in ROWS
        if dialect in row.dialects and any(fnmatch.fnmatch(event, one) for one in row.events)
    ]
    return Limits(
        known_strings=any(row.known_strings for row in rows),
        no_nulls=any(row.no_nulls for row in rows),
        never=frozenset(cls for row in rows for cls in row.never),
        given=frozenset(pair for row in rows for pair in row.given),
        draw={cls: how for row in rows for cls, how in row.draw.items()},
    )


PAYLOADS = Payloads(
    given=frozenset(pair for row in ROWS for pair in row.theirs_given),
    by_type={name: kinds for row in ROWS for name, kinds in row.theirs_by_type.items()},
    values={key: values for row in ROWS for key, values in row.theirs_values.items()},
)
