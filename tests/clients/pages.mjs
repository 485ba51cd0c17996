// Visits our pages in production, GraphiQL with a token under Headers: node pages.mjs <origin> <chromium> <folder> <token>
import { listen, openBrowser } from "./browser.mjs";

const [origin, chromium, folder, token] = process.argv.slice(2);
const context = await openBrowser(chromium, `${folder}/profile`);
const page = context.pages()[0];
const heard = listen(page, origin);
await page.addInitScript(() => {
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
  });
});

async function visit(path) {
  const response = await page.goto(origin + path, { waitUntil: "networkidle" });
  return { path, status: response.status(), violations: await page.evaluate(() => globalThis.violations) };
}

// The first introspection has no token and is refused; entering one and reading the schema again shows it.
async function readSchema() {
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  await page.getByRole("button", { name: "Headers", exact: true }).click();
  await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)").click();
  await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${token}` }));
  await page.getByRole("button", { name: "Re-fetch GraphQL schema" }).click();
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const explorer = page.locator(".graphiql-doc-explorer");
  await explorer.getByRole("link", { name: "Mutation", exact: true }).waitFor();
  return { types: await explorer.innerText(), violations: await page.evaluate(() => globalThis.violations) };
}

try {
  const visits = [];
  for (const path of ["/", "/readme", "/docs/access.md", "/SECURITY.md", "/graphql"]) visits.push(await visit(path));
  console.log(JSON.stringify({ visits, graphiql: await readSchema(), ...heard }));
} catch (error) {
  await page.screenshot({ path: `${folder}/failed.png` });
  throw error;
} finally {
  await context.close();
}
