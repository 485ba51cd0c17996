// A headless Chromium with an empty profile, and what it had to say: console, failures, requests to other hosts.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

export const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(executablePath, profile) {
  const viewport = { width: 1400, height: 850 };
  return await chromium.launchPersistentContext(profile, { executablePath, headless: true, viewport, args: ARGS });
}

export function listen(page, origin) {
  const recorded = { console: [], foreign: [] };
  page.on("console", (message) => recorded.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => recorded.console.push(`uncaught: ${error.message}`));
  page.on("requestfailed", (request) => recorded.console.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== origin) recorded.foreign.push(request.url());
  });
  return recorded;
}

// Serves a folder's scripts, an empty page at /away and its index.html at any other path; returns the origin.
export async function serve(folder) {
  const server = createServer(async ({ url }, response) => {
    const file = url === "/away" ? "" : url.endsWith(".js") ? url.slice(1) : "index.html";
    response.setHeader("Content-Type", file.endsWith(".js") ? "text/javascript" : "text/html");
    response.end(file && (await readFile(`${folder}/${file}`)));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${server.address().port}`;
}
