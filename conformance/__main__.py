"""`python -m conformance COMMAND`, from the top of the source tree: the same as `python -m rtproto conform COMMAND`."""

from __future__ import annotations

import sys

from rtproto.conform.cli import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m conformance"))
