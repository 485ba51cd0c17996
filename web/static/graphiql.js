// Puts GraphiQL on the page that graphiql.html is, with its example tabs, against the address it was opened at.
import { createElement, createGraphiQLFetcher, createRoot, GraphiQL } from "./vendor/graphiql.js";

const WORKERS = { graphql: "graphql.worker.js", json: "json.worker.js" };

self.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(new URL(`vendor/${WORKERS[label] ?? "editor.worker.js"}`, import.meta.url)),
};

// Subscriptions go over a WebSocket of the same address; queries and mutations over HTTP.
const subscriptionUrl = new URL(location.pathname, location.href);
subscriptionUrl.protocol = subscriptionUrl.protocol.replace("http", "ws");

const examples = JSON.parse(document.getElementById("examples").textContent);
const logo = createElement(GraphiQL.Logo, null, createElement("a", { href: "/" }, "Session Graph"));
const options = {
  fetcher: createGraphiQLFetcher({
    url: location.pathname,
    subscriptionUrl: subscriptionUrl.href,
    enableIncrementalDelivery: false, // in a form of its own, which the server does not speak
  }),
  defaultTabs: examples, // for a first visit; later ones find the tabs as they were left
  inputValueDeprecation: true,
  schemaDescription: true,
};

createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, options, logo));
