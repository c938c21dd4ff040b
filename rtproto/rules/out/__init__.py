"""OUT: output items, content parts and what streams in them.

By theme: a response's items (`items`), their parts (`parts`), texts that are said twice (`texts`), audio (`audio`),
function calls (`calls`), and the items' appearance in the conversation (`mirror`).
"""

from rtproto.rules.out import audio, calls, items, mirror, parts, texts

__all__ = ["audio", "calls", "items", "mirror", "parts", "texts"]
