// Compute: what is safe for numbers of one's own. Formulas are those that were proved or searched
// for (docs/findings.md, docs/reference/time-wait.md); beside them stands what was found.

import { h, number, select } from "./dom.js";
import { t } from "./i18n.js";

/** The least TIME-WAIT, restarted on all that is sent: of T3, T4 and T3 with text. */
export const timeWait = (msl, retransmits) => ({
  T3: msl + Math.max(msl, retransmits), T4: 2 * msl, text: 2 * msl + retransmits,
});

/** SYNs a second that keep a client out for ever. */
export const flood = (backlog, again) => backlog / (2 ** (again + 1) - 1);

/** What requests cost: connections, delays, segments, TIME-WAITs at the client and at the server. */
export const cost = ({ kept, one, two }, requests) => {
  if (!kept) return one.map((n) => n * requests);
  return one.map((n, i) => n + (requests - 1) * (two[i] - n));
};

const plain = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(3).replace(/0+$/, ""));

export class Reckon {
  constructor(app) {
    this.app = app;
    this.own = { msl: 120, r: 100, wait: 60, backlog: 128, again: 5, ports: 28232, requests: 10 };
    this.claim = "T3";
  }

  key() { return false; }

  set(name) { return (value) => { if (Number.isFinite(value) && value >= 0) { this.own[name] = value; this.app.draw(); } }; }

  view() {
    const { own } = this;
    const tables = this.app.data.compute;
    const field = (label, name, more = {}) => number(label, own[name], this.set(name), { "data-key": name, id: `own-${name}`, ...more });
    const least = timeWait(own.msl, own.r);
    const judged = (what, needed) => h("tr", { class: own.wait >= needed ? "good" : "bad" },
      h("th", { scope: "row" }, what), h("td", {}, `${plain(needed)} s`), h("td", {}, own.wait >= needed ? `✓ ${t("enough")}` : `✗ ${t("too short")}`));
    const unsafe = this.app.data.runs.filter((run) => ["1-T3", "1-T4"].includes(run.id));
    const cells = tables.time_wait.filter((cell) => cell.claim === this.claim && cell.closes === "graceful" && cell.lifetimes === "exclusive");
    const rate = flood(own.backlog, own.again);
    const costs = Object.entries(tables.http).map(([version, what]) => [version, cost(what, Math.max(1, Math.round(own.requests)))]);
    return [
      h("section", { class: "card" }, h("h2", {}, t("How long must TIME-WAIT be?")),
        h("div", { class: "bar" }, field(`MSL (${t("seconds")})`, "msl"), field(`R (${t("seconds")})`, "r"), field(`TIME-WAIT (${t("seconds")})`, "wait")),
        h("p", { class: "small" }, "Graceful closes; TIME-WAIT starts again on everything sent and ignores resets. R: how long an end retransmits."),
        h("table", { id: "least" }, h("tbody", {}, judged("T3: MSL + max(MSL, R)", least.T3), judged("T4: 2 MSL", least.T4), judged("T3, one octet of text: 2 MSL + R (not proved to be enough)", least.text))),
        h("p", {}, unsafe.map((run) => h("button", { type: "button", onclick: () => this.app.open(run.id) }, `▶ ${run.id}`))),
        h("h3", {}, t("Checked exhaustively, in ticks")),
        select(t("Claims"), [["T3", "T3"], ["T4", "T4"]], this.claim, (claim) => { this.claim = claim; this.app.draw(); }, { "data-key": "tw-claim" }),
        h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["MSL", "R", "restart on all", "restart on FIN", "no restart"].map((one) => h("th", { scope: "col" }, one)))),
          h("tbody", {}, [...new Set(cells.map((cell) => `${cell.msl},${cell.span}`))].map((pair) => {
            const [msl, span] = pair.split(",").map(Number);
            return h("tr", {}, h("td", {}, msl), h("td", {}, span), ["emission", "fin", "never"].map((restart) => {
              const cell = cells.find((one) => one.msl === msl && one.span === span && one.restart === restart);
              return h("td", {}, !cell ? "" : cell.verdict === "safe" ? `${cell.least}` : `✗ ≤ ${cell.limit} (${cell.steps} ${t("steps")})`);
            }));
          }))))),
      h("section", { class: "card" }, h("h2", {}, t("How many SYNs keep a client out?")),
        h("div", { class: "bar" }, field(t("Backlog"), "backlog", { min: 1 }), field(t("SYN,ACK sent again"), "again", { max: 12 })),
        h("p", { class: "answer", id: "flood" }, `${own.backlog} / (2^${own.again + 1} − 1) = ${plain(rate)} SYN/s`),
        h("p", { class: "small" }, `S2.rate: ${tables.flood.map(([backlog, again, found]) => `${backlog}, ${again}: ${found}`).join(" · ")}`)),
      h("section", { class: "card" }, h("h2", {}, t("How many connections a second?")),
        h("div", { class: "bar" }, field(t("Ports"), "ports", { min: 1 }), field(`TIME-WAIT (${t("seconds")})`, "wait")),
        h("p", { class: "answer", id: "ports" }, own.wait ? `${own.ports} / ${own.wait} s = ${plain(own.ports / own.wait)} /s` : "∞")),
      h("section", { class: "card" }, h("h2", {}, t("What do requests cost?")),
        h("div", { class: "bar" }, field(t("Requests"), "requests", { min: 1 })),
        h("div", { class: "scroll" }, h("table", { id: "costs" }, h("thead", {}, h("tr", {}, ["", "connections", "round trips", "segments", "TIME-WAITs"].map((one) => h("th", { scope: "col" }, one)))),
          h("tbody", {}, costs.map(([version, [connections, delays, segments, clients, servers]]) => h("tr", {}, h("th", { scope: "row" }, version), h("td", {}, connections), h("td", {}, delays / 2), h("td", {}, segments), h("td", {}, clients ? `${clients} at the client` : `${servers} at the server`))))))),
    ];
  }
}
