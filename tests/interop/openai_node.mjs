// The stock Node client over sessions: `openai_node.mjs < RUNS`.
//
// A run is `{"kind": "ws" or "browser", "namespace": "ga" or "beta", "url": …, "steps": […]}`; a step is an event, which
// is sent, or null, which waits for one.  Prints for each run, on a line, a JSON list of what came, as it came.
//
// `ws` is the helper that authenticates by a header, `browser` the one that does by a subprotocol, over the
// `WebSocket` of the platform.  The helpers insist on TLS: NODE_EXTRA_CA_CERTS names the certificate to trust.

import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

async function connect(kind, namespace, baseURL) {
  const client = new OpenAI({
    apiKey: 'sk-proj-interop-0123456789abcdef',
    baseURL,
    dangerouslyAllowBrowser: true,
  });
  const place = namespace === 'ga' ? 'openai/realtime' : 'openai/beta/realtime';
  if (kind === 'ws') {
    const { OpenAIRealtimeWS } = await import(`${place}/ws`);
    return new OpenAIRealtimeWS({ model: 'gpt-realtime' }, client);
  }
  if (typeof globalThis.WebSocket === 'undefined') {
    // Node before 22 has none.  That of `ws` has the browser's interface, and takes the same arguments.
    globalThis.WebSocket = (await import('ws')).WebSocket;
  }
  const { OpenAIRealtimeWebSocket } = await import(`${place}/websocket`);
  return new OpenAIRealtimeWebSocket({ model: 'gpt-realtime', dangerouslyAllowBrowser: true }, client);
}

async function run({ kind, namespace, url, steps }) {
  const connection = await connect(kind, namespace, url);
  const socket = connection.socket;
  const arrived = [];
  let wake = () => {};
  socket.addEventListener('message', (message) => {
    arrived.push(message.data);
    wake();
  });
  connection.on('error', (error) => {
    console.error(error);
    process.exit(1);
  });
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  const came = [];
  for (const step of steps) {
    if (step !== null) {
      connection.send(step);
      continue;
    }
    while (arrived.length === 0) {
      await new Promise((resolve) => (wake = resolve));
    }
    came.push(arrived.shift());
  }
  connection.close();
  await closed;
  return came;
}

for (const each of JSON.parse(readFileSync(0, 'utf8'))) {
  console.log(JSON.stringify(await run(each)));
}
