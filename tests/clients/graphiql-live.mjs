// GraphiQL in two tabs of the browser, one with the live example: node graphiql-live.mjs <origin> <chromium> <folder>
import { listen, openBrowser } from "./browser.mjs";

const [origin, chromium, folder] = process.argv.slice(2);
const context = await openBrowser(chromium, `${folder}/profile`);

const shown = (page, text) => page.locator(".result-window .view-line", { hasText: text }).first().waitFor();
const result = (page) => page.locator(".result-window").innerText();
const run = (page) => page.click(".graphiql-execute-button");

async function open(page) {
  const heard = listen(page, origin);
  await page.goto(`${origin}/graphql`);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  return heard;
}

async function openTab(page, name) {
  await page.locator(".graphiql-tabs").getByRole("button", { name, exact: true }).click();
  await page.locator(".graphiql-query-editor .view-line", { hasText: name }).first().waitFor();
}

// Runs a document in a tab of its own, and returns what is shown then.
async function runNew(page, document, expected) {
  await page.getByRole("button", { name: "New tab" }).click();
  await page.locator(".graphiql-query-editor .view-line").first().click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(document);
  await run(page);
  await shown(page, expected);
  return await result(page);
}

async function visit() {
  const [live] = context.pages();
  const other = await context.newPage();
  const console = { live: (await open(live)).console, other: (await open(other)).console };

  await live.bringToFront();
  await openTab(live, "Live");
  await run(live);
  await shown(live, '"totalCount"');
  const before = await result(live);

  await other.bringToFront();
  const wrong = {
    syntax: await runNew(other, "subscription { activeSessions(filter: ) { __typename } }", "PARSE_FAILED"),
    validation: await runNew(other, "subscription { nothing }", "VALIDATION_FAILED"),
  };
  await other.screenshot({ path: `${folder}/wrong.png` });
  await openTab(other, "StartUser");
  await run(other);
  await shown(other, '"created"');
  const started = await result(other);
  await other.screenshot({ path: `${folder}/started.png` });

  await live.bringToFront();
  await shown(live, '"ADDED"');
  await live.screenshot({ path: `${folder}/live.png` });
  return { before, wrong, started, after: await result(live), console };
}

try {
  console.log(JSON.stringify(await visit()));
} catch (error) {
  for (const [number, page] of context.pages().entries()) await page.screenshot({ path: `${folder}/failed${number}.png` });
  throw error;
} finally {
  await context.close();
}
