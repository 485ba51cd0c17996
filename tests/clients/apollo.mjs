// @apollo/client over HTTP: multipart subscriptions, @defer and persisted queries.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Inbox, LIST, LIVE, START, endpoint, of, report, start } from "./harness.mjs";

const possibleTypes = {
  Session: ["AgendaSession", "ClientSession", "FieldSession", "MediaSession", "UserSession"],
  ActiveSessionsItem: ["SessionSnapshot", "SessionChange", "FeedResync"],
};
const clientOver = (link, more = {}) =>
  new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }), devtools: { enabled: false }, ...more });
const http = () => new HttpLink({ uri: endpoint });

const mutate = (client, name) => client.mutate({ mutation: gql(START), variables: start(name) });

// A subscription whose first change is what a mutation made meanwhile.
async function live(name, link) {
  const results = new Inbox();
  const observed = clientOver(link).subscribe({ query: gql(LIVE), variables: of(name) });
  const subscription = observed.subscribe({ next: results.push, error: results.push });
  const first = await results.next();
  await mutate(clientOver(http()), name);
  const second = await results.next();
  subscription.unsubscribe();
  return [first, second];
}

// Each result that the client shows on the way to the whole one.
async function deferred(name) {
  const contentTypes = [];
  const link = new HttpLink({
    uri: endpoint,
    fetch: async (...request) => {
      const response = await fetch(...request);
      contentTypes.push(response.headers.get("content-type"));
      return response;
    },
  });
  const client = clientOver(link, { incrementalHandler: new GraphQL17Alpha9Handler() });
  await mutate(client, name);
  const query = gql`
    query Deferred($filter: SessionFilter) {
      sessions(filter: $filter) {
        nodes { id ... @defer { pathTimes { path visibleSeconds } activities(first: 1) { edges { node { type } } } } }
      }
    }
  `;
  const shown = [];
  await new Promise((done, fail) => {
    client.watchQuery({ query, variables: of(name) }).subscribe({
      next(result) {
        if (result.dataState !== "empty") shown.push({ state: result.dataState, data: result.data });
        if (result.error) fail(result.error);
        else if (result.dataState === "complete") done();
      },
      error: fail,
    });
  });
  return { shown, type: contentTypes.at(-1) };
}

// A query of its own, asked twice by its hash; what went over the wire.
async function persisted(name, options) {
  const query = gql(LIST.replace("List", name));
  const wire = [];
  const link = new HttpLink({
    uri: endpoint,
    fetch: async (url, request) => {
      const sent = request.body ?? decodeURIComponent(String(url));
      const response = await fetch(url, request);
      const { errors } = await response.clone().json();
      wire.push([request.method, sent.includes(`query ${name}`) ? "text" : "hash", errors?.[0].extensions.code ?? "ok"]);
      return response;
    },
  });
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const client = clientOver(ApolloLink.from([createPersistedQueryLink({ sha256, ...options }), link]));
  const asked = () => client.query({ query, variables: of(name), fetchPolicy: "no-cache" });
  await mutate(clientOver(http()), name);
  await asked();
  const { data } = await asked();
  return { wire, data };
}

await report({
  subscriptionOverMultipart: (name) => live(name, http()),
  deferred,
  persistedByPost: (name) => persisted(name, {}),
  persistedByGet: (name) => persisted(name, { useGETForHashedQueries: true }),
});
