// graphql-sse in its distinct connections mode.
import { createClient } from "graphql-sse";
import { Inbox, LIST, LIVE, START, endpoint, of, report, start } from "./harness.mjs";

const client = createClient({ url: endpoint, singleConnection: false, retryAttempts: 0 });

// The results of one operation; `ended` marks its end.
function subscribe(query, variables) {
  const results = new Inbox();
  const stop = client.subscribe(
    { query, variables },
    { next: results.push, error: results.push, complete: () => results.push("ended") },
  );
  return { results, stop };
}

async function only(query, variables) {
  const { results } = subscribe(query, variables);
  return [await results.next(), await results.next()];
}

await report({
  mutation: (name) => only(START, start(name)),
  query: () => only(LIST, of("mutation")),
  invalid: () => only("{ nothing }"),
  async subscription(name) {
    const { results, stop } = subscribe(LIVE, of(name));
    const first = await results.next();
    await only(START, start(name));
    const second = await results.next();
    stop();
    return [first, second, await results.next()];
  },
});
