// Starts sessions with the sessions.js of a guide and lists them, by their numbers; then sends a file, and a wrong input.
import { list, sendPhoto, start } from "./sessions.js";

const names = [1, 2, 3].map((number) => `${location.origin} ${number}`); // the page's port is its own
for (const username of names) await start({ variant: { user: { username } } });
const listed = await list({ user: { usernames: names } });
console.log(JSON.stringify(listed.map(({ username }) => names.indexOf(username) + 1)));
const session = await sendPhoto(new File(["taken at dawn"], "dawn.txt", { type: "text/plain" }));
console.log(JSON.stringify(session.kind));
await start({ variant: { client: { clientSystem: "" } } }).catch((error) => console.log(JSON.stringify(error.name)));
