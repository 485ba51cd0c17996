// A web page with an EventSource, which reconnects by itself:
// node event-source.mjs <endpoint> <chromium> <folder> live|log <username> …
import { openBrowser } from "./browser.mjs";
import { LIVE, LOG, endpoint, send } from "./harness.mjs";

const [chromium, folder, what, ...usernames] = process.argv.slice(3);
const context = await openBrowser(chromium, `${folder}/profile`);
const [page] = context.pages();

// EventSource does not expose the headers that it sends.
page.on("response", async (response) => {
  const request = response.request();
  if (request.resourceType() === "eventsource") send({ after: (await request.allHeaders())["last-event-id"] ?? null });
});
await page.exposeFunction("send", send);
await page.goto(endpoint); // GraphiQL: the security policy of all else forbids requests
await page.evaluate(
  ({ endpoint, query, variables }) => {
    const address = new URL(endpoint);
    address.search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const source = new EventSource(address);
    source.addEventListener("next", ({ data, lastEventId }) => {
      const { data: answer, errors } = JSON.parse(data);
      send(errors ? { errors } : { item: Object.values(answer)[0], id: lastEventId });
    });
    source.addEventListener("error", () => send({ closed: source.readyState }));
  },
  { endpoint, query: { live: LIVE, log: LOG }[what], variables: { filter: { user: { usernames } } } },
);
process.stdin.resume().on("end", () => context.close());
