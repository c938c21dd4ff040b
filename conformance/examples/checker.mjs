// A checker in forty lines, to show that it takes no Python: frames are JSON events, responses begin once and end once,
// and a text that is done is what its deltas brought.  It finds little, and what it calls wrong is wrong.
//
//     python -m conformance cases --checker "node conformance/examples/checker.mjs" --depth verdict
import { readFileSync } from "node:fs";

const [head, ...lines] = readFileSync(0, "utf8").split("\n").slice(0, -1);
const { frame_limit } = JSON.parse(head.slice(2));
const responses = new Map(); // id to "open" or "done"
const streams = new Map(); // item, part and kind to the text so far
let whole = false; // the transcript begins with the connection

function fault(server, bytes) {
  if (frame_limit !== null && bytes.length > frame_limit) return "too long";
  const event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (typeof event?.type !== "string") return "no event";
  if (!server) return null;
  whole ||= event.type === "session.created";
  const id = event.response_id ?? event.response?.id;
  const state = responses.get(id);
  if (event.type === "response.created" && state) return `${id} is created twice`;
  if (event.type === "response.done" && whole && state !== "open") return `${id} is not open`;
  if (/^response\.(created|done)$/.test(event.type)) responses.set(id, event.type === "response.done" ? "done" : "open");
  else if (whole && event.type.startsWith("response.") && id && !state) return `${id} is unknown`;
  const [, kind, step] = /^response\.(.+)\.(delta|done)$/.exec(event.type) ?? [];
  const key = `${event.item_id} ${event.content_index} ${kind}`;
  const text = event.text ?? event.transcript ?? event.arguments;
  if (step === "delta") streams.set(key, (streams.get(key) ?? "") + event.delta);
  const whole_text = whole && step === "done" && streams.has(key) && text !== undefined;
  return whole_text && text !== streams.get(key) ? "not its deltas" : null;
}

lines.forEach((line, index) => {
  const [, side, base64, , text = ""] = /^([<>])(=?)(?:@(-?\d+(?:\.\d+)?))?(?: (.*))?$/s.exec(line);
  let why;
  try { why = fault(side === "<", Buffer.from(text, base64 ? "base64" : "utf8")); } catch (error) { why = error.message; }
  if (why === null) return;
  console.log(JSON.stringify({ line: index + 1 }));
  process.exitCode = 1;
});
