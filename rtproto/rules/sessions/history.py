"""Sessions in which the client works on the conversation's items: inserts, retrieves, deletes."""

from __future__ import annotations

from rtproto.rules.script import (
    Script,
    Session,
    add_item,
    sample,
    speak,
    start,
    user_message,
    write,
)


@sample
def placed_items() -> Session:
    """GA: three items of the client's, the second at the start and the third after the first."""
    script = Script()
    start(script)
    for id, place, previous in (
        ("item_q1", None, None),
        ("item_q0", "root", None),
        ("item_q2", "item_q1", "item_q1"),
    ):
        asked = {} if place is None else {"previous_item_id": place}
        script.client("conversation.item.create", item=user_message(id, "Hello."), **asked)
        add_item(script, user_message(id, "Hello."), previous)
    script.client("response.create")
    write(script, "resp_1", "item_a1", "item_q2")
    return script.session


@sample
def retrieved_item() -> Session:
    """GA: a spoken answer that the client truncates and then retrieves."""
    script = Script()
    start(script, modality="audio")
    script.client("response.create", event_id="evt_greet")
    speak(script, "resp_1", "item_a1", None)
    cut = {"item_id": "item_a1", "content_index": 0, "audio_end_ms": 200}
    script.client("conversation.item.truncate", **cut)
    script.server("conversation.item.truncated", **cut)
    script.client("conversation.item.retrieve", item_id="item_a1")
    item = {
        "id": "item_a1",
        "type": "message",
        "status": "incomplete",
        "role": "assistant",
        "content": [{"type": "output_audio"}],
    }
    script.server("conversation.item.retrieved", item=item)
    return script.session
