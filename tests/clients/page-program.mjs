// Runs a guide's program in Chromium, bundled; what it logs is printed:
// node page-program.mjs <folder> <main> <chromium> <profile>
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { openBrowser, serve } from "./browser.mjs";

const [folder, main, chromium, profile] = process.argv.slice(2);

// What babel-plugin-relay does: a document stands for what the compiler wrote of it.
const relay = {
  name: "relay",
  setup({ onLoad }) {
    onLoad({ filter: /app\/\w+\.ts$/ }, async ({ path }) => {
      const names = [];
      const code = (await readFile(path, "utf8")).replace(/graphql`\s*\w+ (\w+)[^`]*`/g, (_, name) => {
        names.push(name);
        return name;
      });
      const imports = names.map((name) => `import ${name} from "./artifacts/${name}.graphql.ts";`);
      return { contents: [...imports, code].join("\n"), loader: "ts" };
    });
  },
};
await build({
  entryPoints: [`${folder}/${main}`],
  outfile: `${folder}/bundle.js`,
  bundle: true,
  format: "esm",
  logLevel: "error",
  plugins: [relay],
  define: { "process.env.NODE_ENV": '"production"' },
});
await writeFile(`${folder}/index.html`, '<!doctype html><script type="module" src="/bundle.js"></script>');
const context = await openBrowser(chromium, profile);
const [page] = context.pages();
page.on("console", (message) => (message.type() === "log" ? console.log(message.text()) : console.error(message.text())));
page.on("pageerror", (error) => console.error(error));
await page.goto(await serve(folder));
process.stdin.resume().on("end", () => context.close().then(() => process.exit()));
