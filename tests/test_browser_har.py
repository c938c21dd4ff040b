"""A HAR that a real browser wrote: chromium talks to a server on localhost, Playwright exports, the file is checked."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from rtproto.recording import check_file

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
TALK = """
([port, sent, due]) => new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime`);
    let received = 0;
    socket.onopen = () => sent.forEach(event => socket.send(event));
    socket.onmessage = () => { received += 1; if (received === due) socket.close(1000); };
    socket.onclose = () => done(received);
    socket.onerror = fail;
})
"""


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_s_archive_is_read_and_checked(tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from websockets.sync.server import ServerConnection, serve

    events = [
        {"type": "session.created", "event_id": "event_1", "session": {"type": "realtime"}},
        {"type": "input_audio_buffer.cleared", "event_id": "event_2"},
        # The fault that must be found: one id twice.
        {"type": "input_audio_buffer.cleared", "event_id": "event_2"},
    ]
    sent = [json.dumps({"type": "input_audio_buffer.clear"})] * 2

    def answer(connection: ServerConnection) -> None:
        connection.send(json.dumps(events[0]))
        for event, _ in zip(events[1:], connection, strict=False):
            connection.send(json.dumps(event))

    archive = tmp_path / "session.har"
    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            port = server.socket.getsockname()[1]
            with sync_api.sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
                context = browser.new_context(record_har_path=archive)
                assert context.new_page().evaluate(TALK, [port, sent, len(events)]) == len(events)
                context.close()
                browser.close()
        finally:
            server.shutdown()
            thread.join()
    (session,) = check_file(archive).sessions
    assert (session.format, session.events, session.mode) == ("har", 5, "complete")
    assert "no times" not in session.losses
    assert [finding.code for finding in session.findings if finding.severity.label == "error"] == ["SES004"]
