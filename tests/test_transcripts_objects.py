"""Events that an SDK printed as its objects: read with their members, and without the nulls that were never sent."""

from __future__ import annotations

import io
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.findings import SessionReport
from rtproto.recording import check_stream
from rtproto.transcripts.formats import open_recording
from rtproto.transcripts.frames import Frame
from rtproto.transcripts.objects import TYPES

AUDIO = "Audio(output=Output(speed=1.0, voice='alloy'))"
SESSION = f"Session(type='realtime', id='sess_1', audio={AUDIO}, include=None, parallel_tool_calls=None)"
CREATED = f"SessionCreatedEvent(event_id='event_1', session={SESSION}, type='session.created')"
ITEM = (
    "Message(content=[Content(audio=None, text=None, transcript='It\\'s \"so\"', type='output_audio')], "
    "role='assistant', type='message', id='item_1', object=None, status='completed')"
)
DONE = f"ConversationItemDone(event_id='event_2', item={ITEM}, type='conversation.item.done', previous_item_id=None)"
SENT = "{'type': 'session.update', 'session': {'type': 'realtime', 'turn_detection': None, 'instructions': None}}"


def frames(text: str) -> list[Frame]:
    return list(open_recording(io.BytesIO(text.encode())).frames(1_000_000))


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(frame.raw) for frame in frames(text)]


def session(text: str) -> SessionReport:
    (found,) = check_stream(io.BytesIO(text.encode())).sessions
    return found


def test_an_object_and_what_the_client_sent() -> None:
    text = f"INFO:agent:event {CREATED}\nINFO:agent:send {SENT}\n{DONE}\n"
    recording = open_recording(io.BytesIO(text.encode()))
    assert (recording.format.name, recording.lossy) == ("sdk-repr", False)
    found = list(recording.frames(1_000_000))
    assert [(frame.line, json.loads(frame.raw), frame.loss) for frame in found] == [
        (
            1,
            {
                "event_id": "event_1",
                "session": {
                    "type": "realtime",
                    "id": "sess_1",
                    "audio": {"output": {"speed": 1.0, "voice": "alloy"}},
                    "include": None,  # as the server sends it
                },
                "type": "session.created",
            },
            "",
        ),
        (
            2,
            {
                "type": "session.update",
                "session": {"type": "realtime", "turn_detection": None, "instructions": None},
            },
            "",
        ),
        (
            3,
            {
                "event_id": "event_2",
                "item": {
                    "content": [{"text": None, "transcript": 'It\'s "so"', "type": "output_audio"}],
                    "role": "assistant",
                    "type": "message",
                    "id": "item_1",
                    "status": "completed",
                },
                "type": "conversation.item.done",
                "previous_item_id": None,
            },
            "",
        ),
    ]


def test_the_report_says_what_was_printed() -> None:
    found = session(f"{CREATED}\n{DONE}\n")
    assert found.format == "sdk-repr"
    assert found.format_reason.startswith(
        "its events are printed as an SDK's objects, and there are 2 events"
    )
    assert "`event.model_dump_json(exclude_unset=True)` logs what was sent" in found.limits[0]
    assert "SHP003" not in {finding.code for finding in found.findings}
    assert found.off == ()


@pytest.mark.parametrize(
    "line",
    [
        f"Task(name='x') in Pool(size=3): {DONE}",
        f"(12) [f(x)] {DONE} took Time(ms=3)",
        f"{DONE} {{'extra': 1}}",
        f"{{'step': 1}} {DONE}",
        f"Logged(at='12:00', event={DONE}, ok=True)",
        f"backend-1  | {DONE}",
        f"pre{{ fix {DONE}",
    ],
)
def test_what_stands_around_an_object(line: str) -> None:
    found = frames(f"{CREATED}\n{line}\n")
    assert [json.loads(frame.raw).get("event_id") for frame in found] == ["event_1", "event_2"]


def test_several_objects_in_a_line() -> None:
    line = f"{CREATED} {DONE} {{'type': 'response.create'}} {CREATED.replace('_1', '_3')}\n"
    assert [event.get("event_id") for event in events(line)] == ["event_1", "event_2", None, "event_3"]


def test_an_object_that_is_cut_has_the_type_of_its_class() -> None:
    text = f"{CREATED}\n{DONE[:60]}\n{DONE.replace('Conv', 'MyConv')[:60]}\nEvent(a=\n"
    assert [(json.loads(frame.raw), frame.loss) for frame in frames(text)][1:] == [
        ({"type": "conversation.item.done", "event_id": "event_2"}, "elided")
    ]
    assert "elided" in session(text).losses


def test_other_objects_are_no_events() -> None:
    text = f"{CREATED}\nFunction(name='f', type='function')\nMessage(data={{'type': 'response.create'}})\nF(x='y'\n"
    assert [event["type"] for event in events(text)] == ["session.created", "response.create"]


def test_an_object_of_which_all_was_cut() -> None:
    [frame] = frames("got {'type': 'error', 'event_id': 'event_1', 'error': Cause([Object])}\n")
    assert (json.loads(frame.raw), frame.loss) == ({"type": "error", "event_id": "event_1"}, "elided")


def test_names_of_classes() -> None:
    from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

    for union in (RealtimeClientEvent, RealtimeServerEvent):
        for cls in get_args(get_args(union)[0]):
            types = get_args(cls.model_fields["type"].annotation)
            assert TYPES[cls.__name__] in types, cls


PIECES = [
    CREATED,
    DONE,
    "A(b=",
    "Abc(d=1",
    ")",
    "(",
    ",",
    "'",
    '"',
    "{",
    "}",
    "type='error'",
    "[",
    " ",
    "\n",
    "=",
    "A" * 200,
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text(text: str) -> None:
    for frame in frames(f"{CREATED}\n{text}"):
        assert isinstance(json.loads(frame.raw), dict)


@pytest.mark.parametrize(
    "piece", ["Abc(d=", "Abc(d=1,", "Abc(d='x' ", "A(", "Abc(d=[", "Abc(d=1) ", "Abc(d={'a':1}, ", "Abc(d={"]
)
def test_many_brackets_cost_what_they_are_long(piece: str) -> None:
    """Each is looked at a few times, whatever stands behind it: here for 30 tokens a bracket at most."""
    from rtproto.transcripts import literals

    tokens = 0
    original = literals._Reader._token

    def counted(self: literals._Reader) -> object:
        nonlocal tokens
        tokens += 1
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals._Reader, "_token", counted)
        text = f"{CREATED}\n{piece * 5000}\n"
        assert len(frames(text)) == 1
    assert tokens < 30 * 5000
