"""What can go wrong with a call, as exceptions with the names that the vendor's client gives them.

They hold plain data and can be pickled.  None is chained to an exception of the HTTP library: its frames hold the key.
"""

from __future__ import annotations

from rtproto.findings import Finding


class APIError(Exception):
    """Any failure of a call."""


class InvalidRequestError(APIError, ValueError):
    """The request breaks rules of the protocol and was not sent; `validate=False` sends it all the same."""

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class APIConnectionError(APIError):
    """No answer came: the server was not reached, or the connection broke."""


class APITimeoutError(APIConnectionError):
    """No answer came in time."""


class APIStatusError(APIError):
    """The server answered with a status other than 2xx.

    `code`, `param` and `type` are those of the body's `error` and None where it has none; `request_id` is the header
    `x-request-id`, by which the vendor finds the request.  `body` is all that the server sent, as it came, and may
    repeat what the request said.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        code: str | None = None,
        param: str | None = None,
        type: str | None = None,
        request_id: str | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.param = param
        self.type = type
        self.request_id = request_id
        self.body = body


class BadRequestError(APIStatusError):
    """400."""


class AuthenticationError(APIStatusError):
    """401: the key is missing, wrong, or of another organization."""


class PermissionDeniedError(APIStatusError):
    """403."""


class NotFoundError(APIStatusError):
    """404: among others, a call that is over."""


class ConflictError(APIStatusError):
    """409."""


class UnprocessableEntityError(APIStatusError):
    """422."""


class RateLimitError(APIStatusError):
    """429: too many requests, or no credit."""


class InternalServerError(APIStatusError):
    """500 and above."""


class APIResponseValidationError(APIError):
    """The call succeeded, but its answer does not have the shape of the protocol.

    `body` is the answer as it came, with the secret in it; the message and the findings do not show it.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        request_id: str | None = None,
        body: bytes = b"",
        findings: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.request_id = request_id
        self.body = body
        self.findings = findings


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def error_of(status: int) -> type[APIStatusError]:
    """The exception for that status."""
    return _BY_STATUS.get(status, InternalServerError if status >= 500 else APIStatusError)
