"""SHP: the shape of events.

`faults` is about events that do not decode, `values` about strings that only some values are known of, `fields` about
members that no type has.
"""

from rtproto.rules.shp import faults, fields, values
from rtproto.rules.shp.faults import FaultRule

__all__ = ["FaultRule", "faults", "fields", "values"]
