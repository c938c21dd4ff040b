"""The Structs themselves: how many there are, what they are called, how they are built, and what they promise."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any, get_args

import msgspec
import pytest
from msgspec import UNSET, Struct
from msgspec import inspect as mi

import rtproto.events
from rtproto import beta, ga, translation
from rtproto.events import base
from rtproto.events.base import Event, FromClient, FromServer, UnknownEvent, UnknownVariant
from rtproto.events.dialect import (
    BETA,
    DIALECTS,
    GA,
    TRANSLATION,
    Dialect,
    class_for,
    direction_of,
    event_type,
    typed_decoder,
)
from rtproto.testing.strategies import struct_info
from tests.differential.published import UNIONS, tag

FACADES = {"beta": beta, "ga": ga, "translation": translation}
MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(rtproto.events.__path__, "rtproto.events.")
]


def structs() -> list[type[Struct]]:
    """Every Struct that a module of the package defines."""
    found = [
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Struct) and value.__module__ == module.__name__
    ]
    return sorted(set(found), key=lambda cls: f"{cls.__module__}.{cls.__name__}")


def events() -> list[Any]:
    """Every event of every dialect, once each."""
    found = {
        cls: f"{dialect.name}-{event_type(cls)}"
        for dialect in DIALECTS.values()
        for cls in dialect.client + dialect.server + dialect.extras
    }
    return [pytest.param(cls, id=name) for cls, name in found.items()]


@pytest.mark.parametrize(
    "dialect, client, server", [(BETA, 12, 34), (GA, 11, 46), (TRANSLATION, 3, 7)], ids=str
)
def test_counts_and_tags_are_those_of_the_published_unions(
    dialect: Dialect, client: int, server: int
) -> None:
    assert (len(dialect.client), len(dialect.server)) == (client, server)
    assert set(dialect.client_types) == {tag(model) for model in UNIONS[dialect.name, "client"]}
    assert set(dialect.server_types) == {tag(model) for model in UNIONS[dialect.name, "server"]}


@pytest.mark.parametrize("name", FACADES)
def test_the_union_aliases_hold_the_same_classes(name: str) -> None:
    facade: Any = FACADES[name]
    assert get_args(facade.ClientEvent) == DIALECTS[name].client
    assert get_args(facade.ServerEvent) == DIALECTS[name].server


@pytest.mark.parametrize("cls", events())
def test_a_class_is_called_as_its_event(cls: type[Event]) -> None:
    words = re.split(r"[._]", event_type(cls))
    assert cls.__name__ == "".join(word.capitalize() for word in words)


FILES = [
    (r"conversation\.item\.input_audio_transcription\.", "transcription"),
    (r"conversation\.", "conversation"),
    (r"input_audio_buffer\.", "input_audio"),
    (r"output_audio_buffer\.", "output_audio"),
    (r"(response\.mcp_call|mcp_list_tools)", "mcp"),
    (r"response\.", "response"),
    (r"(transcription_)?session\.", "session"),
    (r"rate_limits\.", "rate_limits"),
    (r"error$", "errors"),
]


@pytest.mark.parametrize("cls", events())
def test_the_file_is_found_from_the_name_of_the_event(cls: type[Event]) -> None:
    file = next(file for pattern, file in FILES if re.match(pattern, event_type(cls)))
    assert cls.__module__.rpartition(".")[2] == file


@pytest.mark.parametrize(
    "cls", structs(), ids=lambda cls: f"{cls.__module__.removeprefix('rtproto.')}.{cls.__name__}"
)
def test_every_struct_is_frozen_free_of_garbage_collection_and_explained(cls: type[Struct]) -> None:
    config = cls.__struct_config__
    assert config.frozen
    assert not config.gc
    assert config.tag_field in (None, "type")
    assert cls.__doc__
    assert cls.__doc__.strip()
    if cls is not UnknownEvent and cls.__struct_fields__:
        with pytest.raises(TypeError):
            cls(*(None for _ in cls.__struct_fields__))


@pytest.mark.parametrize(
    "cls", structs(), ids=lambda cls: f"{cls.__module__.removeprefix('rtproto.')}.{cls.__name__}"
)
def test_what_is_not_required_is_left_out_by_default(cls: type[Struct]) -> None:
    for field in mi.type_info(cls).fields:  # type: ignore[attr-defined]  # a Struct's info has fields
        assert field.required or getattr(cls, field.name) is not None
    optional = [field.name for field in msgspec.structs.fields(cls) if not field.required]
    assert all(field.default is UNSET for field in msgspec.structs.fields(cls) if field.name in optional)


def unions_with_tags(info: mi.Type, seen: set[type[Struct]]) -> list[mi.UnionType]:
    """The unions of tagged Structs that a type can meet, at any depth."""
    match info:
        case mi.StructType(cls=cls, fields=fields):
            if cls in seen:
                return []
            seen.add(cls)
            return [union for field in fields for union in unions_with_tags(field.type, seen)]
        case mi.ListType(item_type=inner) | mi.DictType(value_type=inner):
            return unions_with_tags(inner, seen)
        case mi.UnionType(types=types):
            tagged = [one for one in types if isinstance(one, mi.StructType) and one.tag is not None]
            inside = [union for one in types for union in unions_with_tags(one, seen)]
            return [info, *inside] if tagged else inside
        case _:
            return []


def test_every_union_of_variants_has_room_for_an_unknown_one() -> None:
    seen: set[type[Struct]] = set()
    unions = [union for one in events() for union in unions_with_tags(struct_info(one.values[0]), seen)]
    assert len(unions) > 10
    for union in unions:
        unknown = [
            one
            for one in union.types
            if isinstance(one, mi.StructType) and issubclass(one.cls, UnknownVariant)
        ]
        assert [one.tag for one in unknown] == ["rtproto.unknown"], union


def test_the_sides_have_their_bases() -> None:
    for dialect in DIALECTS.values():
        assert all(issubclass(cls, FromClient) for cls in dialect.client)
        others = [cls.__name__ for cls in dialect.server + dialect.extras if not issubclass(cls, FromServer)]
        # Both have an `event_id` that may be missing.
        assert set(others) <= {"Error", "InputAudioBufferDtmfEventReceived"}


SHARED = [
    "ConversationItemCreate", "ConversationItemCreated", "ConversationItemDone", "Error", "FunctionCall",
    "InputAudioBufferAppend", "InputAudioBufferCommit", "InputAudioBufferCommitted", "Message",
    "OutputAudioBufferClear", "RateLimitsUpdated", "ResponseCancel", "ResponseContentPartAdded",
    "ResponseFunctionCallArgumentsDelta", "ResponseOutputItemDone", "ServerVad", "UnknownEvent", "Usage",
]  # fmt: skip


@pytest.mark.parametrize("name", SHARED)
def test_what_beta_and_ga_share_is_one_class(name: str) -> None:
    assert getattr(beta, name) is getattr(ga, name)


def test_error_is_one_class_in_all_three() -> None:
    assert beta.Error is ga.Error is translation.Error


@pytest.mark.parametrize("name", FACADES)
def test_a_facade_exports_every_struct_of_its_dialect_and_the_functions(name: str) -> None:
    facade: Any = FACADES[name]
    exported = set(facade.__all__)
    assert len(exported) == len(facade.__all__)
    assert all(hasattr(facade, one) for one in exported)
    assert exported >= {
        "ClientEvent", "ServerEvent", "decode_client_event", "decode_server_event", "encode",
        "UnknownEvent", "DecodeError", "UNSET", "UnsetType", "opaque",
    }  # fmt: skip
    own = {
        cls.__name__
        for cls in structs()
        if f".{name}." in cls.__module__ and not cls.__name__.endswith("Fields")
    }
    assert own <= exported
    assert {cls.__name__ for cls in DIALECTS[name].extras} <= exported


def test_construction_by_keyword_reads_as_the_protocol() -> None:
    assert msgspec.json.decode(
        ga.encode(ga.ResponseCreate(response=ga.ResponseCreateParams(output_modalities=["text"])))
    ) == {"type": "response.create", "response": {"output_modalities": ["text"]}}
    hello = ga.ConversationItemCreate(item=ga.Message(role="user", content=[ga.InputText(text="hi")]))
    assert msgspec.json.decode(ga.encode(hello)) == {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
    }
    update = ga.SessionUpdate(
        event_id="update-1",
        session=ga.Session(
            audio=ga.AudioConfig(
                input=ga.AudioInput(format=ga.AudioPcm(rate=24000), turn_detection=None),
                output=ga.AudioOutput(voice="marin"),
            ),
            tools=[ga.FunctionTool(name="add", parameters=ga.opaque({"type": "object"}))],
        ),
    )
    assert msgspec.json.decode(ga.encode(update)) == {
        "type": "session.update",
        "event_id": "update-1",
        "session": {
            "type": "realtime",
            "audio": {
                "input": {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": None},
                "output": {"voice": "marin"},
            },
            "tools": [{"type": "function", "name": "add", "parameters": {"type": "object"}}],
        },
    }


def test_events_and_variants_match_and_say_their_type() -> None:
    event = ga.decode_server_event(
        b'{"type":"response.output_text.delta","event_id":"e","response_id":"r","item_id":"i",'
        b'"output_index":0,"content_index":0,"delta":"hel"}'
    )
    match event:
        case ga.ResponseOutputTextDelta(delta=delta):
            assert delta == "hel"
        case _:
            raise AssertionError(event)
    assert event.type == "response.output_text.delta"
    assert ga.InputText(text="x").type == "input_text"
    assert event_type(event) == event_type(ga.ResponseOutputTextDelta) == "response.output_text.delta"
    assert repr(ga.ResponseCancel()) == "ResponseCancel()"


@pytest.mark.parametrize(
    "session, there, value",
    [
        (b"{}", False, UNSET),
        (b'{"turn_detection":null}', True, None),
        (b'{"turn_detection":{"type":"semantic_vad"}}', True, beta.SemanticVad()),
    ],
    ids=["left out", "null", "a value"],
)
def test_left_out_null_and_a_value_are_three_things(session: bytes, there: bool, value: object) -> None:
    raw = b'{"type":"session.update","session":' + session + b"}"
    event = beta.decode_client_event(raw)
    assert isinstance(event, beta.SessionUpdate)
    assert event.session.turn_detection == value
    assert beta.encode(event) == raw
    assert (b"turn_detection" in beta.encode(event)) is there


def test_a_client_may_write_a_null_for_the_id_that_it_does_not_give() -> None:
    """As one did in a recorded session, whose server took it."""
    raw = b'{"type":"input_audio_buffer.commit","event_id":null}'

    assert beta.encode(beta.decode_client_event(raw)) == raw
    with pytest.raises(beta.DecodeError):
        beta.decode_server_event(b'{"type":"input_audio_buffer.cleared","event_id":null}')


def test_a_value_that_nobody_knows_yet_is_a_string_as_any_other() -> None:
    raw = b'{"type":"response.done","event_id":"e","response":{"id":"r","status":"paused"}}'
    event = ga.decode_server_event(raw)
    assert isinstance(event, ga.ResponseDone)
    assert event.response.status == "paused"


def test_an_integer_of_hundreds_of_digits_is_no_integer() -> None:
    raw = (
        b'{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1'
        + b"0" * 400
        + b"}"
    )
    with pytest.raises(ga.DecodeError):
        ga.decode_client_event(raw)


def test_speed_may_be_written_as_an_integer() -> None:
    raw = b'{"type":"session.update","session":{"speed":1}}'
    event = beta.decode_client_event(raw)
    assert isinstance(event, beta.SessionUpdate)
    assert event.session.speed == 1.0


def test_known_values_are_data_of_the_alias() -> None:
    def of(alias: Any) -> tuple[list[str], dict[str, bool]]:
        meta = alias.__metadata__[0]
        return meta.examples, meta.extra

    # The catalogue's own lists: OUT/RSP statuses are complete, voices are not.
    assert of(base.ItemStatus) == (["completed", "incomplete", "in_progress"], {"closed": True})
    assert of(base.Role) == (["user", "assistant", "system"], {"closed": True})
    assert of(base.VoiceName)[1] == {"closed": False}


def test_opaque_json_is_what_the_value_says() -> None:
    assert bytes(ga.opaque({"type": "object"})) == b'{"type":"object"}'
    with pytest.raises(TypeError):
        ga.opaque(object())


def test_an_unknown_event_is_its_type_and_its_frame() -> None:
    assert UnknownEvent("ping", b"{}") == UnknownEvent(type="ping", raw=b"{}")


# -- dialect.py ------------------------------------------------------------------------------------------------------


def test_the_dialects_are_known_by_name() -> None:
    assert list(DIALECTS) == ["beta", "ga", "translation"]
    assert [DIALECTS[name].name for name in DIALECTS] == list(DIALECTS)
    assert repr(GA) == "<Dialect ga: 11 client and 46 server events>"


def test_no_type_is_sent_by_both_sides() -> None:
    client = {name for dialect in DIALECTS.values() for name in dialect.client_types}
    server = {event_type(cls) for dialect in DIALECTS.values() for cls in dialect.server + dialect.extras}
    assert not client & server
    assert all(direction_of(name) == "client" for name in client)
    assert all(direction_of(name) == "server" for name in server)
    assert direction_of("ping") is None


def test_the_classes_of_a_type_over_all_dialects() -> None:
    assert class_for("session.update") == [beta.SessionUpdate, ga.SessionUpdate, translation.SessionUpdate]
    assert class_for("error") == [ga.Error]
    assert class_for("transcription_session.created") == [beta.TranscriptionSessionCreated]
    assert class_for("ping") == []


def test_a_dialect_decodes_its_events_and_its_extras() -> None:
    assert BETA.client_decoder.decode(b'{"type":"response.cancel"}') == beta.ResponseCancel()
    created = b'{"type":"transcription_session.created","event_id":"e","session":{}}'
    assert BETA.server_decoder.decode(created) == beta.TranscriptionSessionCreated(
        event_id="e", session=beta.TranscriptionSession()
    )
    assert "transcription_session.created" not in BETA.server_types
    with pytest.raises(msgspec.ValidationError):
        GA.server_decoder.decode(created)
    assert BETA.server_decoder is BETA.server_decoder


def test_the_decoder_of_one_class_is_made_once() -> None:
    decoder = GA.typed_decoder(ga.ResponseCancel)
    assert decoder is typed_decoder(ga.ResponseCancel)
    assert decoder.decode(b'{"type":"response.cancel","response_id":"r"}') == ga.ResponseCancel(
        response_id="r"
    )
