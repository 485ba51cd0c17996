// Bundles what GraphiQL needs into vendor/: one module for the page, its style and three Monaco workers.
// Run by vendor.sh; our own code (static/graphiql.js) stays outside and imports vendor/graphiql.js.
import { build } from "esbuild";
import { writeFileSync } from "node:fs";
import { licences } from "./licences.mjs";

const page = `
  export { createElement } from "react";
  export { createRoot } from "react-dom/client";
  export { createGraphiQLFetcher } from "@graphiql/toolkit";
  export { Kind, parse } from "graphql";
  export { GraphiQL, HISTORY_PLUGIN } from "graphiql";
`;

const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  outdir: "vendor",
  legalComments: "none", // kept whole in LICENSES.txt
  metafile: true,
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
};

const graphiql = await build({
  ...common,
  stdin: { contents: page, resolveDir: ".", sourcefile: "graphiql.js" },
  entryNames: "graphiql",
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  splitting: true,
  loader: { ".css": "empty" }, // Monaco's own style is in graphiql/style.css
});

const style = await build({
  ...common,
  entryPoints: { graphiql: "graphiql/style.css" },
});

const workers = await build({
  ...common,
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  format: "iife",
});

const sources = [graphiql, style, workers].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync("vendor/LICENSES.txt", licences(sources));
