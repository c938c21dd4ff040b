"""When a call is tried again, and after how long: the policy of the vendor's client (openai 3.54).

A request is sent again when no answer came, and for the statuses 408, 409, 429 and 5xx, unless the header
`x-should-retry` says otherwise.  The server may say how long to wait, up to two minutes; when it asks for more, there
is no other try.  Else it is half a second, doubled each time up to eight, less up to a quarter by chance.  There is no
idempotency key.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MAX_RETRIES = 2
FIRST_DELAY = 0.5
"""Seconds before the second try."""
LONGEST_DELAY = 8.0
LONGEST_RETRY_AFTER = 120.0

_STATUSES = frozenset({408, 409, 429})


def retry_delay(
    tried: int, allowed: int, status: int | None = None, headers: Mapping[str, str] | None = None
) -> float | None:
    """Seconds until the next try, or None when this was the last.

    `tried` counts the tries so far, of which the first is no retry, `allowed` the retries.  `status` is None where no
    answer came.  `headers` are looked up in lower case.
    """
    headers = headers or {}
    if tried > allowed or not (status is None or _may_pass(status, headers.get("x-should-retry"))):
        return None
    asked = _retry_after(headers)
    if asked is not None and asked > LONGEST_RETRY_AFTER:
        return None
    if asked is not None and asked > 0:
        return asked
    delay: float = min(FIRST_DELAY * 2.0 ** min(tried - 1, 10), LONGEST_DELAY)
    return delay * (1 - 0.25 * random.random())


def _may_pass(status: int, said: str | None) -> bool:
    """Whether the same request may succeed later."""
    if said in ("true", "false"):
        return said == "true"
    return status in _STATUSES or status >= 500


def date_of(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds since 1970 of an HTTP date in that header, or None where there is none."""
    try:
        return parsedate_to_datetime(headers.get(name, "")).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, or None where it says nothing that can be understood."""
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            delay = float(headers.get(name, "")) * factor
        except ValueError:
            continue
        if math.isfinite(delay):
            return delay
    date = date_of(headers, "retry-after")
    return None if date is None else date - time.time()
