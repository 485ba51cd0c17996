// Operations that the scripts send, and how they report: node <script>.mjs <endpoint>
import { basename } from "node:path";
import { createInterface } from "node:readline";

// A script that waits longer fails.
const SECONDS = 120;
setTimeout(() => {
  console.error(`nothing arrived within ${SECONDS} s`);
  process.exit(1);
}, SECONDS * 1000).unref();

export const endpoint = process.argv[2];
export const socket = endpoint.replace(/^http/, "ws");

export const SESSION = `
  fragment Shown on Session { id kind subject state path revision startedAt ... on UserSession { username } }
`;
export const LIST = `
  query List($filter: SessionFilter) { sessions(filter: $filter, first: 10) { totalCount nodes { ...Shown } } } ${SESSION}
`;
export const START = `
  mutation Start($input: StartSessionInput!) {
    startSession(input: $input) { created session { ...Shown } problems { code message path } }
  } ${SESSION}
`;
export const LIVE = `
  subscription Live($filter: SessionFilter, $after: String) {
    activeSessions(filter: $filter, after: $after) {
      ... on SessionSnapshot { sessions { ...Shown } totalCount first last cursor }
      ... on SessionChange { change id session { ...Shown } activity at cursor }
      ... on FeedResync { reason cursor }
    }
  } ${SESSION}
`;
export const LOG = `
  subscription Log($filter: SessionFilter, $after: String) {
    sessionActivities(filter: $filter, after: $after) {
      ... on Activity { type session { ...Shown } at cursor }
      ... on FeedResync { reason cursor }
    }
  } ${SESSION}
`;

// The session of one user, as input and as filter; each part of a script is a user of its own.
const user = (part) => `${basename(process.argv[1], ".mjs")} ${part}`;
export const start = (part) => ({ input: { path: ["home"], variant: { user: { username: user(part) } } } });
export const of = (part) => ({ filter: { user: { usernames: [user(part)] } } });

// Runs each part after the one before, and prints what each returned, or how it failed.
export async function report(parts) {
  const seen = {};
  for (const [name, part] of Object.entries(parts)) {
    try {
      seen[name] = await part(name);
    } catch (error) {
      seen[name] = { failed: error.stack ?? JSON.stringify(error) };
    }
  }
  console.log(JSON.stringify(seen));
  process.exit(0); // sockets that clients keep open would keep the script alive
}

// A queue whose items are awaited one by one. A pushed error is thrown.
export class Inbox {
  #items = [];
  #waiting = [];

  push = (item) => (this.#waiting.length ? this.#waiting.shift()(item) : this.#items.push(item));

  async next() {
    const item = this.#items.length ? this.#items.shift() : await new Promise((done) => this.#waiting.push(done));
    if (item instanceof Error) throw item;
    return item;
  }
}

// Lines of JSON to and from the test. The script ends with its input.
export const send = (message) => console.log(JSON.stringify(message));
export async function receive() {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return JSON.parse(value);
}
let lines;
