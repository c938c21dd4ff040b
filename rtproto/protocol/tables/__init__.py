"""What may follow what: the state tables of every entity of the protocol.

Theory of operation
===================

There is no one Realtime state machine; there are many small ones, and most of the protocol's complexity comes from
their running side by side:

* *session* and *translation session*: what kind of connection this is, and whether the recording holds its start.
* *lifetime* and *conversation announcement*: when the session is over, and when its conversation began.
* *dialect* is no machine: a connection's dialect is decided once, from the first event that shows it.
* *conversation*: whether a response is writing to the default conversation.  One may at a time.
* *response* > *output item* > *content part* > *stream*: what the model says, as a tree.  The API announces each level
  before it fills it and closes each level before its parent, also when the response is cancelled.
* *conversation item*: the same items seen from the conversation's side, beside those that users and clients add.
* *function call*: a call and its output, which the client may send before the response of the call is done.
* *input audio buffer* (the VAD's turn), *committed turn* (the item that a commit promises) and *idle turn* (the one
  that the server makes of a user's silence).
* *transcription*: of user audio, asynchronous to everything else.  Its order against responses, and against the
  item's own announcement, is not defined (TRN002, TRN007), so no table speaks of it.
* *output audio buffer*: playback on WebRTC and SIP.
* *MCP tool listing*, *MCP call*, and the *MCP approval* that may stand between them.

An event is usually an input to several machines; `rtproto.protocol.routes` says to which, outermost first.  When one of
them breaks a rule, the machines further in follow silently: an event after the end of its response is one fault, not
four.  An entity that broke a rule is tainted: what it breaks later is a consequence, folded under the first finding.

An entity in its first state has not been seen.  In a recording that starts mid-session that says nothing about the
server, so there a breach out of the first state is no finding: the entity is adopted in the state where recovery leads.

The codes are those of the rule catalogue; the rule's class holds its words, evidence and examples.
"""

from __future__ import annotations

from collections.abc import Mapping

from rtproto.protocol.machine import Machine
from rtproto.protocol.tables.audio import (
    COMMITTED_TURN,
    IDLE_TURN,
    INPUT_AUDIO_BUFFER,
    OUTPUT_AUDIO_BUFFER,
    TRANSCRIPTION,
)
from rtproto.protocol.tables.items import CONVERSATION_ITEM, FUNCTION_CALL, MCP_APPROVAL, MCP_CALL, MCP_LIST
from rtproto.protocol.tables.response import CONTENT_PART, CONVERSATION, OUTPUT_ITEM, RESPONSE, STREAM
from rtproto.protocol.tables.session import ANNOUNCEMENT, LIFETIME, SESSION, TRANSLATION

MACHINES: Mapping[str, Machine] = {
    machine.name: machine
    for machine in (
        SESSION,
        TRANSLATION,
        LIFETIME,
        ANNOUNCEMENT,
        CONVERSATION,
        RESPONSE,
        OUTPUT_ITEM,
        CONTENT_PART,
        STREAM,
        CONVERSATION_ITEM,
        FUNCTION_CALL,
        INPUT_AUDIO_BUFFER,
        COMMITTED_TURN,
        IDLE_TURN,
        TRANSCRIPTION,
        OUTPUT_AUDIO_BUFFER,
        MCP_LIST,
        MCP_APPROVAL,
        MCP_CALL,
    )
}
