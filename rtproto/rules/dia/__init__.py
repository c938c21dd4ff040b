"""DIA: dialects, session types, transports and directions that do not belong together."""

from rtproto.rules.dia import kind, names, shape, transport

__all__ = ["kind", "names", "shape", "transport"]
