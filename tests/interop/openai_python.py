"""The stock Python client over sessions: `openai_python.py < RUNS`.

A run is `{"kind": "sync" or "async", "namespace": "ga" or "beta", "url": …, "steps": […]}`; a step is an event, which
is sent, or null, which waits for one.  Prints for each run, on a line, a JSON list of what came, as it came.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from openai import AsyncOpenAI, OpenAI

KEY = "sk-proj-interop-0123456789abcdef"
MODEL = "gpt-realtime"


def resource(client: Any, namespace: str) -> Any:
    return client.realtime if namespace == "ga" else client.beta.realtime


def run_sync(namespace: str, url: str, steps: list[dict[str, Any] | None]) -> list[str]:
    client = OpenAI(api_key=KEY, websocket_base_url=url)
    came: list[str] = []
    with resource(client, namespace).connect(model=MODEL) as connection:
        for step in steps:
            if step is None:
                raw = connection.recv_bytes()
                connection.parse_event(raw)
                came.append(raw.decode())
            else:
                connection.send(step)
    return came


async def run_async(namespace: str, url: str, steps: list[dict[str, Any] | None]) -> list[str]:
    client = AsyncOpenAI(api_key=KEY, websocket_base_url=url)
    came: list[str] = []
    async with resource(client, namespace).connect(model=MODEL) as connection:
        for step in steps:
            if step is None:
                raw = await connection.recv_bytes()
                connection.parse_event(raw)
                came.append(raw.decode())
            else:
                await connection.send(step)
    return came


def main() -> None:
    for run in json.load(sys.stdin):
        arguments = run["namespace"], run["url"], run["steps"]
        came = run_sync(*arguments) if run["kind"] == "sync" else asyncio.run(run_async(*arguments))
        sys.stdout.write(json.dumps(came) + "\n")


if __name__ == "__main__":
    main()
