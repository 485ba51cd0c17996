// Visits GraphiQL as a person does and prints what was seen: node graphiql.mjs <origin> <chromium> <folder>
import { listen, openBrowser } from "./browser.mjs";

const [origin, chromium, folder] = process.argv.slice(2);
const context = await openBrowser(chromium, `${folder}/profile`);
const page = context.pages()[0];
const heard = listen(page, origin);

const look = (name) => page.screenshot({ path: `${folder}/${name}.png` });
const editor = page.locator(".graphiql-query-editor");
const answered = () =>
  page.waitForResponse((response) => response.url() === `${origin}/graphql` && response.request().method() === "POST");

async function openTab(name) {
  await page.locator(".graphiql-tabs").getByRole("button", { name, exact: true }).click();
  await editor.locator(".view-line", { hasText: ` ${name}` }).first().waitFor();
}

// Runs the open tab, by the name of its operation where it holds several, and waits until the answer is shown.
async function run(operation) {
  const response = answered();
  await page.click(".graphiql-execute-button");
  if (operation) await page.getByRole("menuitem", { name: operation, exact: true }).click();
  const answer = await (await response).json();
  await page.locator(".result-window .view-line", { hasText: '"data"' }).first().waitFor();
  return answer;
}

async function describe(field) {
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const explorer = page.locator(".graphiql-doc-explorer");
  await explorer.getByRole("link", { name: "Mutation", exact: true }).click();
  await explorer.getByRole("link", { name: field, exact: true }).click();
  await explorer.getByText("Arguments").waitFor();
  await look("docs");
  const text = await explorer.innerText();
  await page.getByRole("button", { name: "Hide Documentation Explorer" }).click();
  return text;
}

async function complete(line, text) {
  await editor.locator(".view-line", { hasText: line }).first().click({ position: { x: 100, y: 8 } });
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type(text);
  const suggestion = page.locator(".suggest-widget .monaco-list-row").first();
  await suggestion.waitFor();
  await look("suggestion");
  const label = await suggestion.innerText();
  await page.keyboard.press("Tab");
  return label;
}

async function replaceVariable(placeholder, value) {
  await page.locator(".graphiql-editor-tool").getByText(placeholder).dblclick();
  await page.keyboard.insertText(value);
}

async function visit() {
  const introspected = answered();
  await page.goto(`${origin}/graphql`);
  await introspected;
  await editor.locator(".view-line").first().waitFor();
  await look("opened");

  const seen = { answers: {}, shown: {} };
  seen.tabs = await page.getByRole("tab").allInnerTexts();
  seen.docs = await describe("startSession");

  const starts = seen.tabs.filter((name) => name.startsWith("Start"));
  for (const name of [...starts, "ActiveSessions", "Statistics"]) {
    await openTab(name);
    if (name === "ActiveSessions") seen.suggestion = await complete("lastSeenAt", "elapsedS");
    seen.answers[name] = await run();
    seen.shown[name] = await page.locator(".result-window").innerText();
    await look(name);
  }

  await openTab("KeepAlive");
  await replaceVariable("put_an_id_here", seen.answers.StartUser.data.startSession.session.id);
  for (const operation of ["KeepAlive", "Hide", "Stop"]) seen.answers[operation] = await run(operation);
  await look("Stop");
  await openTab("TrackMedia");
  await replaceVariable("put_an_id_here", seen.answers.StartMedia.data.startSession.session.id);
  seen.answers.TrackMedia = await run();
  seen.marked = await page.locator(".graphiql-editor-tool .squiggly-error").count();
  await look("TrackMedia");
  await openTab("UpdateAgenda");
  await replaceVariable("put_an_id_here", seen.answers.StartAgenda.data.startSession.session.id);
  seen.answers.UpdateAgenda = await run();
  await look("UpdateAgenda");
  return seen;
}

try {
  console.log(JSON.stringify({ ...(await visit()), ...heard }));
} catch (error) {
  await look("failed");
  throw error;
} finally {
  await context.close();
}
