// Runs a guide's program in Chromium, bundled; what it logs is printed:
// node page-program.mjs <folder> <main> <chromium> <profile>
import { build } from "esbuild";
import { writeFile } from "node:fs/promises";
import { openBrowser, serve } from "./browser.mjs";

const [folder, main, chromium, profile] = process.argv.slice(2);
await build({
  entryPoints: [`${folder}/${main}`],
  outfile: `${folder}/bundle.js`,
  bundle: true,
  format: "esm",
  logLevel: "error",
  define: { "process.env.NODE_ENV": '"production"' },
});
await writeFile(`${folder}/index.html`, '<!doctype html><script type="module" src="/bundle.js"></script>');
const context = await openBrowser(chromium, profile);
const [page] = context.pages();
page.on("console", (message) => (message.type() === "log" ? console.log(message.text()) : console.error(message.text())));
page.on("pageerror", (error) => console.error(error));
await page.goto(await serve(folder));
process.stdin.resume().on("end", () => context.close().then(() => process.exit()));
