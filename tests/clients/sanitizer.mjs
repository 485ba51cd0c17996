// Markup shown in a browser in the ways that pages show such things, and touched all over:
// node markup.mjs <chromium> <folder> <file>, where the file holds {cleaned: [markup, …], control: [markup, …]}.
// Says of each piece what it did. Those of the control are shown on a page of their own each.
import { readFileSync } from "node:fs";
import { openBrowser } from "./browser.mjs";

const [chromium, folder, file] = process.argv.slice(2);
const PAGE = "http://page.example";
const head = (doctype) => `${doctype}<html><head><meta charset=utf-8><title>page</title></head><body>`;
// As part of the page itself: in a document of today, in one of old, and in a cell of a table.
const hosts = (pieces) => pieces.map((html) => `<section>${html}</section>`).join("\n");
const cells = (pieces) => pieces.map((html) => `<table><tr><td>${html}</td></tr></table>`).join("\n");
const WRITTEN = [
  (pieces) => `${head("<!doctype html>")}${hosts(pieces)}</body></html>`,
  (pieces) => `${head("")}${hosts(pieces)}</body></html>`,
  (pieces) => `${head("<!doctype html>")}${cells(pieces)}</body></html>`,
];

const context = await openBrowser(chromium, `${folder}/profile`);
let written = "";
let did = new Set();

await context.route("**/*", async (route) => {
  const url = route.request().url();
  if (url === `${PAGE}/page`) return await route.fulfill({ contentType: "text/html", body: written });
  if (url === `${PAGE}/settled`) return await route.fulfill({ contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg'/>" });
  if (url !== `${PAGE}/favicon.ico`) did.add(`asked for ${url}`);
  return await route.abort();
});
// What runs says so on the console, from whatever frame.
await context.addInitScript(() => {
  for (const name of ["ran", "alert", "confirm", "prompt"]) window[name] = () => console.log("it ran");
});

async function open() {
  const page = await context.newPage();
  page.on("console", (message) => message.text() === "it ran" && did.add("ran"));
  page.on("dialog", async (dialog) => {
    did.add("opened a dialog");
    await dialog.dismiss();
  });
  page.on("popup", async (popup) => {
    did.add("opened a window");
    await popup.close();
  });
  page.on("framenavigated", (frame) => {
    if (frame === page.mainFrame() && frame.url() !== `${PAGE}/page`) did.add(`led to ${frame.url()}`);
  });
  return page;
}

// Everything that a pointer or a key could do to what is shown; a link of a harmless kind is not followed.
function touch() {
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

// Whatever was set going before has had its turn when an image that was asked for after it is there.
const settle = () =>
  new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = () => requestAnimationFrame(() => setTimeout(resolve));
    image.src = "http://page.example/settled";
  });

// Set by a script, and once more from what the browser itself makes of it.
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

async function look(page, pieces) {
  for (const write of [...WRITTEN, null]) {
    written = (write ?? WRITTEN[0])(write ? pieces : []);
    await page.goto(`${PAGE}/page`, { waitUntil: "load" });
    if (!write) await page.evaluate(set, pieces);
    await page.evaluate(settle);
    for (const found of await page.evaluate(touch)) did.add(found);
    await page.evaluate(settle);
    const apart = await page.evaluate(() => document.body.children.length);
    if (apart !== pieces.length) did.add("reached out of its place");
  }
}

// What the pieces do on one page; where they do anything, each half on a page of its own, down to the culprits.
async function found(pieces) {
  did = new Set();
  const page = await open();
  try {
    await look(page, pieces);
  } catch (error) {
    did.add(`broke off: ${error.message.split("\n")[0]}`); // it led away while it was looked at
  }
  await page.close();
  if (pieces.length === 1 || did.size === 0) return pieces.map(() => [...did]);
  const half = Math.ceil(pieces.length / 2);
  return [...(await found(pieces.slice(0, half))), ...(await found(pieces.slice(half)))];
}

const { cleaned, control } = JSON.parse(readFileSync(file, "utf8"));
const answer = { cleaned: await found(cleaned), control: [] };
for (const html of control) answer.control.push(...(await found([html])));
console.log(JSON.stringify(answer));
await context.close();
