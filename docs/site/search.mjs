// What the built site's own search finds, in Node: its worker, given what a page gives it.
//     node search.mjs SITE QUESTION ...
// A line of JSON for each question: the places of the first page that is found, best first.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

const [SETUP, QUERY] = [0, 2];
const [site, ...questions] = process.argv.slice(2);
const folder = join(site, "assets/javascripts/workers");
const worker = readdirSync(folder).find((name) => /^search\..*\.js$/.test(name));
const listeners = [];
let answered;
const scope = {
  addEventListener: (kind, listener) => kind === "message" && listeners.push(listener),
  postMessage: (message) => answered(message),
  importScripts: () => {},
  location: { href: `file://${folder}/${worker}` },
  performance,
  setTimeout,
  console,
};
runInContext(readFileSync(join(folder, worker), "utf8"), createContext(Object.assign(scope, { self: scope })));

const ask = (type, data) =>
  new Promise((resolve) => {
    answered = resolve;
    listeners.forEach((listener) => listener({ data: { type, data } }));
  });

const index = JSON.parse(readFileSync(join(site, "search/search_index.json"), "utf8"));
await ask(SETUP, { ...index, options: { suggest: true } });
for (const question of questions) {
  const { data } = await ask(QUERY, question);
  console.log(JSON.stringify((data.items[0] ?? []).map((place) => place.location)));
}
