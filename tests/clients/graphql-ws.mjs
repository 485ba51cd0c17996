// graphql-ws: everything over one socket, where what is wrong with one operation is nothing to the others.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { Inbox, LIST, LIVE, START, of, report, socket, start } from "./asking.mjs";

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

// The results of one operation as they come, errors as they are told; `ended` stands for the end.
function subscribe(query, variables) {
  const told = new Inbox();
  const sink = { next: told.push, error: (errors) => told.push({ errors }), complete: () => told.push("ended") };
  return { told, stop: client.subscribe({ query, variables }, sink) };
}

async function only(query, variables) {
  const { told } = subscribe(query, variables);
  return [await told.next(), await told.next()];
}

await report({
  mutation: (name) => only(START, start(name)),
  query: () => only(LIST, of("mutation")),
  async subscription(name) {
    const { told, stop } = subscribe(LIVE, of(name));
    const first = await told.next();
    const wrong = {
      syntax: await subscribe("subscription {").told.next(),
      validation: await subscribe("subscription { nothing }").told.next(),
      variables: await subscribe(LIVE, { filter: 1 }).told.next(),
    };
    await only(START, start(name));
    const second = await told.next();
    stop();
    return { told: [first, second, await told.next()], wrong };
  },
  async socket() {
    await new Promise((done) => client.on("pong", (received) => received && done()));
    await client.dispose();
    return { opened, closed: [await closed.next()] };
  },
});
