// The licences of every npm package whose files went into a bundle, as one text.
import { existsSync, readFileSync, readdirSync } from "node:fs";

const NOTICES = /^(licen[sc]e|notice|copying|thirdpartynotices)/i;

// graphiql/style.css embeds fonts; the packages they come from are not among the bundled ones.
const FONT_PACKAGES = ["node_modules/@fontsource/fira-code/"];
const FONTS = `
Fonts in graphiql.css
    Roboto: Copyright 2011 Google Inc., Apache License 2.0 (its text: see react-aria)
    Fira Code: Copyright 2014-2020 The Fira Code Project Authors, SIL Open Font License 1.1 (its text: see fira-code)
    Codicon: Copyright Microsoft Corporation, CC BY 4.0, https://creativecommons.org/licenses/by/4.0/
`;

function packageDir(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function entry(dir) {
  const { name, version, license, author } = JSON.parse(readFileSync(`${dir}/package.json`, "utf8"));
  const texts = readdirSync(dir).filter((file) => NOTICES.test(file)).sort();
  const by = typeof author === "string" ? author : (author?.name ?? "its authors");
  const body = texts.length
    ? texts.map((file) => readFileSync(`${dir}/${file}`, "utf8").trim()).join("\n\n")
    : `No licence file in the package; it declares: ${license}, by ${by}.`;
  return { title: `${name} ${version} (${license})`, body };
}

export function licences(sources) {
  const dirs = [...new Set([...sources, ...FONT_PACKAGES].map(packageDir))].filter((dir) => dir && existsSync(`${dir}/package.json`));
  const rule = "=".repeat(80);
  const parts = dirs
    .map(entry)
    .sort((a, b) => a.title.localeCompare(b.title, "en"))
    .map(({ title, body }) => `${rule}\n${title}\n${rule}\n\n${body.replaceAll("\r\n", "\n")}\n`);
  return `Everything in this folder was bundled from these npm packages.\n\n${parts.join("\n")}\n${rule}${FONTS}`;
}
