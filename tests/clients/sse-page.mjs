// The SSE guide's page in Chromium. It reports what the list shows, each alert and each request of an event stream:
// node sse-page.mjs <endpoint> <folder> <chromium> <profile>
import { openBrowser, serve } from "./browser.mjs";
import { send } from "./harness.mjs";

const [folder, chromium, profile] = process.argv.slice(3);
const context = await openBrowser(chromium, profile);
const [page] = context.pages();
page.on("request", (request) => request.resourceType() === "eventsource" && send({ opened: true }));
await page.exposeFunction("send", send);
await page.addInitScript(() => {
  window.EventSource = class extends EventSource {
    close() {
      super.close();
      send({ closed: true });
    }
  };
  new MutationObserver(() => {
    send({ users: Array.from(document.querySelectorAll("li"), (item) => item.textContent).sort() });
    const alert = document.querySelector("[role=alert]")?.textContent;
    if (alert) send({ alert });
  }).observe(document, { childList: true, subtree: true });
});
await page.goto(await serve(folder));
process.stdin.resume().on("end", () => context.close().then(() => process.exit()));
