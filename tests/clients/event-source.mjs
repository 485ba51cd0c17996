// A web page with an EventSource, which comes back by itself:
// node event-source.mjs <endpoint> <chromium> <folder> live|log <username> …
import { openBrowser } from "./browser.mjs";
import { LIVE, LOG, endpoint, say } from "./asking.mjs";

const [chromium, folder, what, ...usernames] = process.argv.slice(3);
const context = await openBrowser(chromium, `${folder}/profile`);
const [page] = context.pages();

// What the browser sends along is not said by EventSource itself.
page.on("response", async (response) => {
  const request = response.request();
  if (request.resourceType() === "eventsource") say({ after: (await request.allHeaders())["last-event-id"] ?? null });
});
await page.exposeFunction("say", say);
await page.goto(new URL("/livez", endpoint).href);
await page.evaluate(
  ({ endpoint, query, variables }) => {
    const address = new URL(endpoint);
    address.search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const source = new EventSource(address);
    source.addEventListener("next", ({ data, lastEventId }) => {
      const { data: answer, errors } = JSON.parse(data);
      say(errors ? { errors } : { told: Object.values(answer)[0], id: lastEventId });
    });
    source.addEventListener("error", () => say({ lost: source.readyState }));
  },
  { endpoint, query: { live: LIVE, log: LOG }[what], variables: { filter: { user: { usernames } } } },
);
process.stdin.resume().on("end", () => context.close());
