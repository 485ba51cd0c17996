// @urql/core over HTTP alone, and with graphql-ws.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { Inbox, LIST, LIVE, START, endpoint, of, report, socket, start } from "./asking.mjs";

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
  const told = new Inbox();
  const { unsubscribe } = client.subscription(LIVE, of(name)).subscribe(({ data, error }) => told.push(error ?? data));
  const first = await told.next();
  await mutate(client, name);
  const second = await told.next();
  unsubscribe();
  return [first, second];
}

await report({
  http: (name) => both(overHttp(), name),
  webSocket: (name) => both(overSocket(), name),
  subscriptionByFetch: (name) => live(overHttp(), name),
  subscriptionOverWebSocket: (name) => live(overSocket(), name),
});
