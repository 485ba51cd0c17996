// A dashboard on graphql-ws that remembers its last cursor. Whenever it loses the server it says so, and comes back
// when it is told to: node dashboard.mjs <endpoint> <username> …
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { LIVE, hear, say, socket } from "./asking.mjs";

const client = createClient({
  url: socket,
  webSocketImpl: WebSocket,
  on: { closed: ({ code }) => say({ lost: code }) },
  retryWait: hear,
});

// graphql-ws sends the same payload again when it is back.
const variables = { filter: { user: { usernames: process.argv.slice(3) } } };
for await (const { data, errors } of client.iterate({ query: LIVE, variables })) {
  if (errors) throw new Error(JSON.stringify(errors));
  variables.after = data.activeSessions.cursor;
  say({ told: data.activeSessions });
}
