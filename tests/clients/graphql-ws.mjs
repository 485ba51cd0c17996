// graphql-ws: all operations over one socket, where a failing one does not affect the others.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { Inbox, LIST, LIVE, START, of, report, socket, start } from "./harness.mjs";

let opened = 0;
const closed = new Inbox();
const client = createClient({
  url: socket,
  webSocketImpl: WebSocket,
  lazy: false,
  retryAttempts: 0,
  keepAlive: 1_000,
  on: { opened: () => opened++, closed: ({ code }) => closed.push(code) },
});

// The results and errors of one operation; `ended` marks its end.
function subscribe(query, variables) {
  const results = new Inbox();
  const sink = { next: results.push, error: (errors) => results.push({ errors }), complete: () => results.push("ended") };
  return { results, stop: client.subscribe({ query, variables }, sink) };
}

async function only(query, variables) {
  const { results } = subscribe(query, variables);
  return [await results.next(), await results.next()];
}

await report({
  mutation: (name) => only(START, start(name)),
  query: () => only(LIST, of("mutation")),
  async subscription(name) {
    const { results, stop } = subscribe(LIVE, of(name));
    const first = await results.next();
    const wrong = {
      syntax: await subscribe("subscription {").results.next(),
      validation: await subscribe("subscription { nothing }").results.next(),
      variables: await subscribe(LIVE, { filter: 1 }).results.next(),
    };
    await only(START, start(name));
    const second = await results.next();
    stop();
    return { results: [first, second, await results.next()], wrong };
  },
  async socket() {
    await new Promise((done) => client.on("pong", (received) => received && done()));
    await client.dispose();
    return { opened, closed: [await closed.next()] };
  },
});
