// Puts GraphiQL on the page that graphiql.html is, with its example tabs, against the address it was opened at.
import { createElement, createGraphiQLFetcher, createRoot, GraphiQL } from "./vendor/graphiql.js";

const WORKERS = { graphql: "graphql.worker.js", json: "json.worker.js" };

self.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(new URL(`vendor/${WORKERS[label] ?? "editor.worker.js"}`, import.meta.url)),
};

const examples = JSON.parse(document.getElementById("examples").textContent);
const logo = createElement(GraphiQL.Logo, null, createElement("a", { href: "/" }, "Session Graph"));
const options = {
  fetcher: createGraphiQLFetcher({ url: location.pathname, enableIncrementalDelivery: false }),
  defaultTabs: examples, // for a first visit; later ones find the tabs as they were left
  inputValueDeprecation: true,
  schemaDescription: true,
};

createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, options, logo));
