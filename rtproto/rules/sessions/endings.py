"""Responses that end otherwise than with one complete message: failed, cancelled, cut short, or with several items."""

from __future__ import annotations

from rtproto.rules.script import (
    Event,
    Script,
    Session,
    ask,
    call_item,
    close_item,
    open_item,
    place_of,
    response_object,
    said_message,
    sample,
    start,
    write,
)


def written(text: str) -> list[Event]:
    """The content of a written message."""
    return [{"type": "output_text", "text": text}]


def write_item(
    script: Script, item: Event, text: str, previous: str, *, index: int = 0, status: str = "completed"
) -> Event:
    """A written message of `resp_1`, announced as `item`, streamed and closed; returns it as it ends."""
    open_item(script, "resp_1", index, item, previous)
    place = {**place_of("resp_1", item["id"]), "output_index": index}
    script.server("response.content_part.added", **place, part={"type": "text", "text": ""})
    script.server("response.output_text.delta", **place, delta=text)
    if status == "incomplete":
        script.client("response.cancel", event_id="evt_cancel")
    script.server("response.output_text.done", **place, text=text)
    script.server("response.content_part.done", **place, part={"type": "text", "text": text})
    done = {**item, "status": status, "content": written(text)}
    close_item(script, "resp_1", index, done, previous)
    return done


def call(
    script: Script, arguments: str, previous: str, *, index: int = 0, status: str = "completed"
) -> Event:
    """A function call of `resp_1`, from its announcement to its end."""
    open_item(script, "resp_1", index, call_item("item_c1", "call_1", "in_progress", ""), previous)
    place = {"response_id": "resp_1", "item_id": "item_c1", "output_index": index, "call_id": "call_1"}
    script.server("response.function_call_arguments.delta", **place, delta=arguments)
    script.server("response.function_call_arguments.done", **place, name="get_weather", arguments=arguments)
    done = call_item("item_c1", "call_1", status, arguments)
    close_item(script, "resp_1", index, done, previous)
    return done


@sample
def failed_turn() -> Session:
    """GA: the server is overloaded, and the client asks again."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None)
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    error = {"type": "server_error", "code": "rate_limit_exceeded", "message": "Try again later."}
    details = {"type": "failed", "error": error}
    script.server("response.done", response=response_object("resp_1", "failed", [], status_details=details))
    script.client("response.create")
    write(script, "resp_2", "item_a2", "item_q1")
    return script.session


@sample
def cancelled_turn() -> Session:
    """GA: the client cancels a written answer, and asks something else."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None)
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    done = write_item(
        script, said_message("item_a1", "in_progress", []), "Sunny", "item_q1", status="incomplete"
    )
    details = {"type": "cancelled", "reason": "client_cancelled"}
    script.server(
        "response.done", response=response_object("resp_1", "cancelled", [done], status_details=details)
    )
    ask(script, "item_q2", "And tomorrow?", "item_a1")
    write(script, "resp_2", "item_a2", "item_q2")
    return script.session


@sample
def call_cut_short() -> Session:
    """GA: a function call that is longer than the tokens it may cost."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None, {"max_output_tokens": 10})
    script.server(
        "response.created", response=response_object("resp_1", "in_progress", [], max_output_tokens=10)
    )
    done = call(script, '{"city": "Os', "item_q1", status="incomplete")
    details = {"type": "incomplete", "reason": "max_output_tokens"}
    response = response_object("resp_1", "incomplete", [done], status_details=details, max_output_tokens=10)
    script.server("response.done", response=response)
    return script.session


@sample
def message_and_call() -> Session:
    """GA: a response that says what it is about to do, and calls a function."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None)
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    said = write_item(script, said_message("item_a1", "in_progress", []), "Let me see.", "item_q1")
    called = call(script, '{"city": "Oslo"}', "item_a1", index=1)
    script.server("response.done", response=response_object("resp_1", "completed", [said, called]))
    return script.session


@sample
def commentary() -> Session:
    """GA: a model that thinks aloud comments in one message and answers in another."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None)
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    thought = {**said_message("item_a1", "in_progress", []), "phase": "commentary"}
    first = write_item(script, thought, "Let me see.", "item_q1")
    answer = {**said_message("item_a2", "in_progress", []), "phase": "final_answer"}
    second = write_item(script, answer, "Sunny all day.", "item_a1", index=1)
    script.server("response.done", response=response_object("resp_1", "completed", [first, second]))
    return script.session
