// @urql/core over HTTP alone, and with graphql-ws.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { Inbox, LIST, LIVE, START, endpoint, of, report, socket, start } from "./harness.mjs";

const options = { url: endpoint, requestPolicy: "network-only" };
const overHttp = () => new Client({ ...options, exchanges: [fetchExchange], fetchSubscriptions: true });

function overSocket() {
  const client = createClient({ url: socket, webSocketImpl: WebSocket });
  const forwardSubscription = (request) => ({
    subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? "" }, sink) }),
  });
  const exchange = subscriptionExchange({ forwardSubscription, enableAllOperations: true });
  return new Client({ ...options, exchanges: [exchange] });
}

const seen = ({ data, error }) => (error ? Promise.reject(error) : data);
const mutate = async (client, name) => seen(await client.mutation(START, start(name)).toPromise());

async function both(client, name) {
  return [await mutate(client, name), await seen(await client.query(LIST, of(name)).toPromise())];
}

async function live(client, name) {
  const results = new Inbox();
  const { unsubscribe } = client.subscription(LIVE, of(name)).subscribe(({ data, error }) => results.push(error ?? data));
  const first = await results.next();
  await mutate(client, name);
  const second = await results.next();
  unsubscribe();
  return [first, second];
}

const PHOTO = `
  mutation Photo($photo: Upload) {
    startSession(input: { variant: { field: { unitId: "u1", data: [{ name: "photo", file: $photo }] } } }) {
      problems { code message path }
      session { ... on FieldSession { data { name file { filename contentType size url } } } }
    }
  }
`;

async function upload() {
  const fetchOptions = { headers: { "GraphQL-Require-Preflight": "1" } };
  const client = new Client({ ...options, exchanges: [fetchExchange], fetchOptions });
  const photo = new File(["taken at dawn"], "dawn – 1.txt", { type: "text/plain" });
  const { startSession } = await seen(await client.mutation(PHOTO, { photo }).toPromise());
  const { file } = startSession.session.data[0];
  const fetched = await fetch(new URL(file.url, endpoint));
  return { ...startSession, file, status: fetched.status, content: await fetched.text() };
}

await report({
  http: (name) => both(overHttp(), name),
  webSocket: (name) => both(overSocket(), name),
  upload,
  subscriptionByFetch: (name) => live(overHttp(), name),
  subscriptionOverWebSocket: (name) => live(overSocket(), name),
});
