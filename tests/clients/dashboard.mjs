// A dashboard on graphql-ws that remembers its last cursor. It reports each disconnect, and reconnects on a line of
// input: node dashboard.mjs <endpoint> <username> …
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { LIVE, receive, send, socket } from "./harness.mjs";

const client = createClient({
  url: socket,
  webSocketImpl: WebSocket,
  on: { closed: ({ code }) => send({ closed: code }) },
  retryWait: receive,
});

// graphql-ws sends the same payload again when it is back.
const variables = { filter: { user: { usernames: process.argv.slice(3) } } };
for await (const { data, errors } of client.iterate({ query: LIVE, variables })) {
  if (errors) throw new Error(JSON.stringify(errors));
  variables.after = data.activeSessions.cursor;
  send({ item: data.activeSessions });
}
