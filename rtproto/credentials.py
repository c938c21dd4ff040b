"""What a secret is: the names that secrets go by, and what keys and tokens look like.

Recordings, reports and messages about URLs hide the same things.  How widely depends on what the text is for:

- `without_keys` takes out what is a key by its looks.  What was said, or a file's name, stays as it is otherwise.
- `without_secrets` takes out what may be one, too: a key of which the rest was cut, and what follows a secret's name.
  It is for texts that are only read.
- `is_secret` is about names: all of the text is a secret in a member of an event, or a header, that has such a name.

The caller says what stands in the place of a secret.
"""

from __future__ import annotations

import re

_NAMES = (
    "access-key",
    "account-key",
    "api-key",
    "apikey",
    "authorization",
    "cookie",
    "passphrase",
    "passwd",
    "password",
    "private-key",
    "secret-key",
    "signing-key",
    "subscription-key",
)
_WORDS = ("auth", "credential", "credentials", "secret", "token")
"""Names that are ordinary words as well: `Unexpected token: <`."""
_ENDINGS = _NAMES + _WORDS
"""How names of secrets end, in lower case and with hyphens: `X-Auth-Token`, `client_secret`, `accessToken`."""
_TRACES = ("sk-", "ek_", "xai-", "eyj", "bearer", "auth", "cook", "cred", "key", "pass", "secret", "token")
"""One of these is in any text, case folded, that `without_keys` or `without_secrets` takes something out of.  Few have
one, and to look for them is ten times as fast as the patterns, which are not even compiled where none is met."""
_IN_PARAMETERS = ("auth", "credential", "key", "passw", "secret", "sig", "token")
"""What is anywhere in the name of a parameter with a secret: `X-Amz-Signature`, `sig`, `AWSAccessKeyId`."""

SIGNS = (
    *("sk-", "ek_", "xai-", "eyj", "bearer", "authorization", "insecure-api-key.", "client-secret."),
    *sorted({f'{name.rpartition("-")[2]}"' for name in _ENDINGS} - {'authorization"', 'apikey"'}),
)
"""One of these is in JSON text, in lower case, that holds a key or a member with a secret's name in plain letters."""


def is_secret(name: str, within: str = "") -> bool:
    """Whether a member of an event, a header or a field of that name holds a secret; `within` is the name around it.

    The `token` of `logprobs` is a piece of what was said.
    """
    name = name.lower().replace("_", "-")
    return name.endswith(_ENDINGS) and not (name == "token" and within.lower() == "logprobs")


def is_secret_parameter(name: str) -> bool:
    """Whether the parameter of a query holds a secret; its name may be written with percents."""
    from urllib.parse import unquote_plus  # which most runs, without URLs, can do without

    name = unquote_plus(name).lower()
    return any(word in name for word in _IN_PARAMETERS)


# In each alternative the group is what is kept.  Texts are hostile: none is read again from each of its letters.
_OPAQUE = r"[A-Za-z0-9._~+/-]"  # of a bearer token (RFC 6750, 2.1)
_IN_ANY_TEXT = rf"""
    # A key as a subprotocol, for browsers cannot set headers.
    (openai-insecure-api-key\. | xai-client-secret\.) [^\s"'\\<>(),;&{{}}]+
    |
    # A token has a digit in it or is long; in `the bearer arrived` there is none.
    \b ((?i:bearer) \s+) (?= {_OPAQUE}*[0-9] | {_OPAQUE}{{16}}) {_OPAQUE}{{8,}} =*
"""
_KEY = rf"""(?x)
    (?<![A-Za-z0-9]) (sk- | ek_ | xai-(?=[A-Za-z0-9]{{16}}))
    (?= [A-Za-z_-]*[0-9] | [A-Za-z_-]{{16}}) [A-Za-z0-9_-]{{8,}}
    |
    # A JSON Web Token.
    (?<![A-Za-z0-9_-]) (eyJ) [A-Za-z0-9_-]{{8,}} (?:\.[A-Za-z0-9_-]*)+
    |
    ((?i:authorization) ["'\\]* \s* [:=] \s* ["'\\]* (?i:basic|bearer) \s+) {_OPAQUE}+ =*
    |
    {_IN_ANY_TEXT}
"""
_PERHAPS = rf"""(?x)
    # By its beginning alone, for the rest may have been cut; a stop behind it is the sentence's.
    (?<![A-Za-z0-9]) (sk- | ek_ | eyJ | xai-(?=[A-Za-z0-9]{{16}})) [^\s"'<>(),;{{}}]{{8,}} (?<![.:!?])
    |
    {_IN_ANY_TEXT}
    |
    # Cookies go on to the end of their line.
    ((?i:cookie) ["'\\]* \s* [:=] \s* ["'\\]*) [^"'\\\r\n]+
    |
    # Of other values the first word, and a scheme before it; but for what is said of a parameter of that name.
    (
        (?i:
            {"|".join(name.replace("-", "[-_]?") for name in _NAMES)}
            | (?<=[-_?&]) (?:{"|".join(_WORDS)})
            # As the name of a member; `token` is that of logprobs.
            | (?:{"|".join(word for word in _WORDS if word != "token")}) (?=["'\\])
        )
        ["'\\]* \s* [:=] \s* ["'\\]*
    )
    (?! expected \s)
    (?: \{{ [^}}]* \}}? | (?: [A-Za-z]+ [ ] )? [^"'\\,}}\s]+ )
"""
_PARAMETER = r"(?<=[?&])(?P<name>[^?=&#\s]*)=(?P<value>[^&#\s]+)"


def without_keys(text: str, mark: str) -> str:
    """The text with `mark` in the place of every key and token; a scheme (`Bearer`) and the first letters are kept."""
    return _without(_KEY, text, mark)


def without_secrets(text: str, mark: str) -> str:
    """The text with `mark` in the place of all that may be a secret."""
    return _without(_PERHAPS, text, mark)


def _without(pattern: str, text: str, mark: str) -> str:
    folded = text.casefold()
    if not any(trace in folded for trace in _TRACES):
        return text
    return re.sub(pattern, lambda match: f"{match[match.lastindex or 0]}{mark}", text)


def without_parameters(text: str, mark: str) -> str:
    """A URL, or a text with URLs in it, with `mark` in the place of the values of secret parameters."""

    def shown(match: re.Match[str]) -> str:
        return f"{match['name']}={mark}" if is_secret_parameter(match["name"]) else match[0]

    return re.sub(_PARAMETER, shown, text)


def parameters(url: str) -> list[str]:
    """The values of a URL's secret parameters."""
    return [match["value"] for match in re.finditer(_PARAMETER, url) if is_secret_parameter(match["name"])]
