// Renders GraphiQL with the example tabs of graphiql.html, against the address that the page was opened at.
import { createElement, createGraphiQLFetcher, createRoot, GraphiQL, Kind, parse } from "./vendor/graphiql.js";

const WORKERS = { graphql: "graphql.worker.js", json: "json.worker.js" };

self.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(new URL(`vendor/${WORKERS[label] ?? "editor.worker.js"}`, import.meta.url)),
};

// Subscriptions go over a WebSocket of the same address; queries and mutations over HTTP.
const subscriptionUrl = new URL(location.pathname, location.href);
subscriptionUrl.protocol = subscriptionUrl.protocol.replace("http", "ws");

const send = createGraphiQLFetcher({
  url: location.pathname,
  subscriptionUrl: subscriptionUrl.href,
  enableIncrementalDelivery: false, // GraphiQL's form of it is not the server's
});

// For 100 ms after a tab is opened GraphiQL passes the operation name and the document of the tab before it
// (graphql/graphiql#1807). Both are derived here from the text that is sent.
function fetcher(params, options) {
  const document = parseOrNull(params.query);
  const operations = (document?.definitions ?? []).filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const names = operations.map(({ name }) => name?.value);
  const operationName = names.includes(params.operationName) || names.length !== 1 ? params.operationName : names[0];
  return send({ ...params, operationName }, { ...options, documentAST: document ?? undefined });
}

function parseOrNull(text) {
  try {
    return parse(text);
  } catch {
    return null; // the server explains what is wrong
  }
}

const examples = JSON.parse(document.getElementById("examples").textContent);
const logo = createElement(GraphiQL.Logo, null, createElement("a", { href: "./" }, "Session Graph"));
const options = {
  fetcher,
  defaultTabs: examples, // for a first visit; later ones find the tabs as they were left
  defaultEditorToolsVisibility: "variables",
  customScalarSchemas: { JSON: {} }, // any value; GraphiQL allows primitive ones only by default
  inputValueDeprecation: true,
  schemaDescription: true,
};

createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, options, logo));
