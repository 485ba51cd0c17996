// @urql/core over HTTP alone.
import { Client, fetchExchange } from "@urql/core";
import { Inbox, LIVE, START, endpoint, of, report, start } from "./harness.mjs";

const client = new Client({ url: endpoint, exchanges: [fetchExchange], fetchSubscriptions: true });

await report({
  async subscriptionByFetch(name) {
    const results = new Inbox();
    const { unsubscribe } = client.subscription(LIVE, of(name)).subscribe(({ data, error }) => results.push(error ?? data));
    const first = await results.next();
    const { error } = await client.mutation(START, start(name)).toPromise();
    if (error) throw error;
    const second = await results.next();
    unsubscribe();
    return [first, second];
  },
});
