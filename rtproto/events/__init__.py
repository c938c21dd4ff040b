"""What may be said: one Struct per event of the protocol, by family, without logic.

`common` holds what beta and GA share, `beta`, `ga` and `translation` what is their own; each of the three exports all
that its dialect knows.  To find the file of an event, take the first words of its name: `conversation.item.*` is in
`conversation.py`, `conversation.item.input_audio_transcription.*` in `transcription.py`, `input_audio_buffer.*` in
`input_audio.py`, `output_audio_buffer.*` in `output_audio.py`, `response.mcp_call*` and `mcp_list_tools.*` in `mcp.py`,
other `response.*` in `response.py`, `session.*` and `transcription_session.*` in `session.py`; REST bodies are in
`rest.py`.  `dialect.py` has the three dialects as values: their event types, by direction, and decoders.
"""
