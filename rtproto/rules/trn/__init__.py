"""TRN: transcription of the user's audio.

`order` is about what may follow what, `items` about the item that is transcribed, `texts` about what the events say,
`usage` about what it costs.
"""

from rtproto.rules.trn import items, order, texts, usage

__all__ = ["items", "order", "texts", "usage"]
