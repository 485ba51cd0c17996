// Shows markup in a browser in the ways that pages do, and dispatches events to all of it:
// node markup.mjs <chromium> <folder> <file>, where the file holds {cleaned: [markup, …], control: [markup, …]}.
// Prints the effects of each piece. Each piece of the control is shown on a page of its own.
import { readFileSync } from "node:fs";
import { openBrowser } from "./browser.mjs";

const [chromium, folder, file] = process.argv.slice(2);
const PAGE = "http://page.example";
const head = (doctype) => `${doctype}<html><head><meta charset=utf-8><title>page</title></head><body>`;
// As part of the page itself: in standards mode, in quirks mode, and in a table cell.
const hosts = (pieces) => pieces.map((html) => `<section>${html}</section>`).join("\n");
const cells = (pieces) => pieces.map((html) => `<table><tr><td>${html}</td></tr></table>`).join("\n");
const WRITTEN = [
  (pieces) => `${head("<!doctype html>")}${hosts(pieces)}</body></html>`,
  (pieces) => `${head("")}${hosts(pieces)}</body></html>`,
  (pieces) => `${head("<!doctype html>")}${cells(pieces)}</body></html>`,
];

const context = await openBrowser(chromium, `${folder}/profile`);
let written = "";
let effects = new Set();

await context.route("**/*", async (route) => {
  const url = route.request().url();
  if (url === `${PAGE}/page`) return await route.fulfill({ contentType: "text/html", body: written });
  if (url === `${PAGE}/idle`) return await route.fulfill({ contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg'/>" });
  if (url !== `${PAGE}/favicon.ico`) effects.add(`requested ${url}`);
  return await route.abort();
});
// Scripts that run log to the console, from any frame.
await context.addInitScript(() => {
  for (const name of ["ran", "alert", "confirm", "prompt"]) window[name] = () => console.log("script ran");
});

async function open() {
  const page = await context.newPage();
  page.on("console", (message) => message.text() === "script ran" && effects.add("ran"));
  page.on("dialog", async (dialog) => {
    effects.add("opened a dialog");
    await dialog.dismiss();
  });
  page.on("popup", async (popup) => {
    effects.add("opened a window");
    await popup.close();
  });
  page.on("framenavigated", (frame) => {
    if (frame === page.mainFrame() && frame.url() !== `${PAGE}/page`) effects.add(`navigated to ${frame.url()}`);
  });
  return page;
}

// Every event of a pointer or a key; links of a harmless scheme are not followed.
function dispatchEvents() {
  const kinds = ["click", "dblclick", "mouseover", "mouseenter", "pointerenter", "pointerdown", "focus", "keydown", "input"];
  const others = ["toggle", "animationstart", "transitionend", "scroll", "wheel", "copy", "drag", "begin", "start", "submit"];
  const harmless = ["http:", "https:", "mailto:", ""];
  const links = [...document.body.querySelectorAll("a[href]")];
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && harmless.includes(link.protocol)) event.preventDefault();
  }, true);
  for (const element of document.body.querySelectorAll("*"))
    for (const kind of [...kinds, ...others])
      element.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true }));
  return links.filter((link) => !harmless.includes(link.protocol)).map((link) => `leads to ${link.protocol}`);
}

// Requests made earlier have been handled once an image requested after them has loaded.
const waitForRequests = () =>
  new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = () => requestAnimationFrame(() => setTimeout(resolve));
    image.src = "http://page.example/idle";
  });

// Set by a script, and again from the browser's own serialization.
function set(pieces) {
  for (const html of pieces) {
    const host = document.createElement("section");
    document.body.append(host);
    host.innerHTML = html;
    host.innerHTML = `${host.innerHTML}`;
    const other = new DOMParser().parseFromString(html, "text/html").body;
    host.append(...document.importNode(other, true).childNodes);
  }
}

async function show(page, pieces) {
  for (const write of [...WRITTEN, null]) {
    written = (write ?? WRITTEN[0])(write ? pieces : []);
    await page.goto(`${PAGE}/page`, { waitUntil: "load" });
    if (!write) await page.evaluate(set, pieces);
    await page.evaluate(waitForRequests);
    for (const found of await page.evaluate(dispatchEvents)) effects.add(found);
    await page.evaluate(waitForRequests);
    const apart = await page.evaluate(() => document.body.children.length);
    if (apart !== pieces.length) effects.add("escaped its container");
  }
}

// Effects of the pieces on one page; if there are any, bisect down to the single pieces.
async function found(pieces) {
  effects = new Set();
  const page = await open();
  try {
    await show(page, pieces);
  } catch (error) {
    effects.add(`failed: ${error.message.split("\n")[0]}`); // it navigated away meanwhile
  }
  await page.close();
  if (pieces.length === 1 || effects.size === 0) return pieces.map(() => [...effects]);
  const half = Math.ceil(pieces.length / 2);
  return [...(await found(pieces.slice(0, half))), ...(await found(pieces.slice(half)))];
}

const { cleaned, control } = JSON.parse(readFileSync(file, "utf8"));
const answer = { cleaned: await found(cleaned), control: [] };
for (const html of control) answer.control.push(...(await found([html])));
console.log(JSON.stringify(answer));
await context.close();
