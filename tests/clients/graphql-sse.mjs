// graphql-sse in its distinct connections mode.
import { createClient } from "graphql-sse";
import { Inbox, LIST, LIVE, START, endpoint, of, report, start } from "./asking.mjs";

const client = createClient({ url: endpoint, singleConnection: false, retryAttempts: 0 });

// The results of one operation as they come; `ended` stands for the end.
function subscribe(query, variables) {
  const told = new Inbox();
  const stop = client.subscribe(
    { query, variables },
    { next: told.push, error: told.push, complete: () => told.push("ended") },
  );
  return { told, stop };
}

async function only(query, variables) {
  const { told } = subscribe(query, variables);
  return [await told.next(), await told.next()];
}

await report({
  mutation: (name) => only(START, start(name)),
  query: () => only(LIST, of("mutation")),
  invalid: () => only("{ nothing }"),
  async subscription(name) {
    const { told, stop } = subscribe(LIVE, of(name));
    const first = await told.next();
    await only(START, start(name));
    const second = await told.next();
    stop();
    return [first, second, await told.next()];
  },
});
