// The browser guide's page in Chromium, on an origin of its own, through the life of a tab:
// node session-page.mjs <endpoint> <folder> <chromium> <profile>
import { chromium } from "playwright-core";
import { ARGS, listen, serve } from "./browser.mjs";
import { endpoint, report } from "./harness.mjs";

const [folder, executablePath, profile] = process.argv.slice(3);
const origin = await serve(folder);

// Playwright switches the back/forward cache off.
const options = { executablePath, headless: true, args: ARGS, ignoreDefaultArgs: ["--disable-back-forward-cache"] };
const context = await chromium.launchPersistentContext(profile, options);
const [page] = context.pages();
const recorded = listen(page, origin);
await page.clock.install();

// A headless Chromium never hides a page.
const setVisibility = (state) =>
  page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

async function graphql(query, variables) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const SESSIONS = `query { sessions(filter: {user: {usernames: ["ada"]}}, orderBy: {field: CREATED_AT, direction: ASC}) {
  nodes { id state endReason visible path previous { id } revision
    activities { edges { node { type } } } } } }`;
async function sessions() {
  const { nodes } = (await graphql(SESSIONS)).sessions;
  return nodes.map(({ activities, ...session }) => ({ ...session, activities: activities.edges.map(({ node }) => node.type) }));
}

// Waits until the newest session is as expected, and returns all of them.
async function until(expected) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await sessions();
    if (found.length && expected(found.at(-1), found)) return found;
    if (Date.now() > deadline) throw new Error(JSON.stringify(found));
    await new Promise((next) => setTimeout(next, 50));
  }
}

await report({
  async opened() {
    await page.goto(`${origin}/news/today`);
    return await until((session) => session.visible);
  },
  async reloaded() {
    await page.reload();
    return await until((session) => session.revision > 1 && session.visible);
  },
  async kept() {
    const [{ revision }] = await sessions();
    await page.clock.fastForward(101_000);
    return await until((session) => session.revision > revision);
  },
  async hidden() {
    await setVisibility("hidden");
    return await until((session) => !session.visible);
  },
  async keptHidden() {
    const [{ revision }] = await sessions();
    await page.clock.fastForward(101_000);
    return await until((session) => session.revision > revision);
  },
  async shown() {
    await setVisibility("visible");
    return await until((session) => session.visible);
  },
  async moved() {
    await page.evaluate(() => {
      history.pushState({}, "", "/cart");
      dispatchEvent(new PopStateEvent("popstate"));
    });
    return await until((session) => session.path[0] === "cart");
  },
  async left() {
    await page.evaluate(() => {
      window.isKept = true;
      location.assign("/away");
    });
    return await until((session) => !session.visible);
  },
  async back() {
    await page.evaluate(() => history.back()).catch(() => {}); // the page is gone
    await until((session) => session.visible);
    return await page.evaluate(() => window.isKept);
  },
  async ended() {
    const { id } = (await sessions()).at(-1);
    const end = `mutation ($id: ID!) { terminateSession(input: {id: $id, reason: "test"}) { problems { code } } }`;
    await graphql(end, { id });
    await page.clock.fastForward(101_000);
    return await until((session) => session.state === "ACTIVE");
  },
  async stopped() {
    await page.click("#logout");
    return await until((session) => session.state === "ENDED");
  },
  console: () => recorded.console,
});
