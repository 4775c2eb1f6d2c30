// Compute: what is safe for numbers of one's own. Formulas are those that were proved or searched
// for (docs/findings.md, docs/reference/time-wait.md); beside them stands what was found.

import { h, number, select } from "./dom.js";
import { t } from "./i18n.js";

/** The least TIME-WAIT, restarted on all that is sent: of T3, T4, and T3 with text. */
export const timeWait = (msl, retransmits, probes) => ({
  T3: msl + Math.max(msl, retransmits), T4: 2 * msl, text: 2 * msl + retransmits + probes,
});

/** SYNs a second that keep a client out for ever. */
export const flood = (backlog, again) => backlog / (2 ** (again + 1) - 1);

/** For how long a client may use an idle connection, counted from the response or from its request: H3
 * and H3.request. Not positive: not at all. */
export const margin = (limit, delay, fromRequest) => limit - delay * (fromRequest ? 1 : 2);

/** What requests cost: connections, delays, segments, TIME-WAITs at the client and at the server. */
export const cost = ({ kept, one, two }, requests) => {
  if (!kept) return one.map((n) => n * requests);
  return one.map((n, i) => n + (requests - 1) * (two[i] - n));
};

const plain = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(3).replace(/0+$/, ""));

export class Reckon {
  constructor(app) {
    this.app = app;
    this.own = { msl: 120, r: 100, probes: 0, wait: 60, backlog: 128, again: 5, ports: 28232, requests: 10, limit: 5, delay: 0.5, idle: 4.5 };
    this.claim = "T3";
  }

  key() { return false; }

  set(name) { return (value) => { if (Number.isFinite(value) && value >= 0) { this.own[name] = value; this.app.draw(); } }; }

  view() {
    const { own } = this;
    const tables = this.app.data.compute;
    const field = (label, name, more = {}) => number(label, own[name], this.set(name), { "data-key": name, id: `own-${name}`, ...more });
    const least = timeWait(own.msl, own.r, own.probes);
    const judged = (what, needed) => h("tr", { class: own.wait >= needed ? "good" : "bad" },
      h("th", { scope: "row" }, what), h("td", {}, `${plain(needed)} s`), h("td", {}, own.wait >= needed ? `✓ ${t("enough")}` : `✗ ${t("too short")}`));
    const unsafe = this.app.data.runs.filter((run) => ["1-T3", "1-T4"].includes(run.id));
    const cells = tables.time_wait.filter((cell) => cell.claim === this.claim && cell.closes === "graceful" && cell.lifetimes === "exclusive");
    const rate = flood(own.backlog, own.again);
    const again = [...new Set(tables.flood.map((one) => one[1]))];
    const kept = [["response", false], ["request", true]].map(([since, fromRequest]) => {
      const longest = margin(own.limit, own.delay, fromRequest);
      const safe = longest > 0 && own.idle <= longest;
      return h("tr", { class: safe ? "good" : "bad" },
        h("th", { scope: "row" }, t(fromRequest ? "H3.request: counted from its last request, S − d" : "H3: counted from when it read the response, S − 2 d")),
        h("td", {}, longest > 0 ? `${plain(longest)} s` : t("never again")), h("td", {}, safe ? `✓ ${t("safe")}` : `✗ ${t("too long")}`));
    });
    const delays = [...new Set(tables.margins.map(([since, delay]) => `${since},${delay}`))].map((pair) => pair.split(","));
    const limits = [...new Set(tables.margins.map((one) => one[2]))];
    const late = this.app.data.runs.filter((run) => ["84-H3", "85-H3", "86-H3", "84-H3.request"].includes(run.id));
    const costs = Object.entries(tables.http).map(([version, what]) => [version, cost(what, Math.max(1, Math.round(own.requests)))]);
    return [
      h("section", { class: "card" }, h("h2", {}, t("How long must TIME-WAIT be?")),
        h("div", { class: "bar" }, field(`MSL (${t("seconds")})`, "msl"), field(`R (${t("seconds")})`, "r"), field(`P (${t("seconds")})`, "probes"), field(`TIME-WAIT (${t("seconds")})`, "wait")),
        h("p", { class: "small" }, t("Graceful closes; TIME-WAIT starts again on everything sent and ignores resets. R: how long an end retransmits. P: how long it waits until it probes a shut window again; 0 if none is ever shut.")),
        h("table", { id: "least" }, h("tbody", {}, judged("T3: MSL + max(MSL, R)", least.T3), judged("T4: 2 MSL", least.T4), judged(t("T3.text, with text: 2 MSL + R + P"), least.text))),
        h("p", { class: "bar" }, unsafe.map((run) => h("button", { type: "button", onclick: () => this.app.open(run.id) }, `▶ ${run.id}`))),
        h("h3", {}, t("Checked exhaustively, in ticks")),
        h("p", { class: "small" }, t("The least TIME-WAIT that is enough, without text; or ✗ and the longest that was tried and is too short, with the length of a shortest run.")),
        select(t("Claims"), [["T3", "T3"], ["T4", "T4"]], this.claim, (claim) => { this.claim = claim; this.app.draw(); }, { "data-key": "tw-claim" }),
        h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["MSL", "R", t("restart on all"), t("restart on FIN"), t("no restart")].map((one) => h("th", { scope: "col" }, one)))),
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
        h("h3", {}, t("Searched for, of small queues: SYNs a second (S2.rate)")),
        h("div", { class: "scroll" }, h("table", { id: "rates" }, h("thead", {}, h("tr", {}, [t("Backlog"), ...again.map((n) => `${t("SYN,ACK sent again")}: ${n}`)].map((one) => h("th", { scope: "col" }, one)))),
          h("tbody", {}, [...new Set(tables.flood.map(([backlog]) => backlog))].map((backlog) => h("tr", {}, h("th", { scope: "row" }, backlog),
            again.map((n) => h("td", {}, tables.flood.find((one) => one[0] === backlog && one[1] === n)[2])))))))),
      h("section", { class: "card" }, h("h2", {}, t("How many connections a second?")),
        h("div", { class: "bar" }, field(t("Ports"), "ports", { min: 1 }), field(`TIME-WAIT (${t("seconds")})`, "wait")),
        h("p", { class: "answer", id: "ports" }, own.wait ? `${own.ports} / ${own.wait} s = ${plain(own.ports / own.wait)} /s` : "∞")),
      h("section", { class: "card", id: "keep-alive" }, h("h2", {}, t("How long may a kept connection be used?")),
        h("div", { class: "bar" }, field(`S, ${t("idle limit of the server")} (${t("seconds")})`, "limit"), field(`d, ${t("latest arrival")} (${t("seconds")})`, "delay"), field(`${t("idle limit of the client")} (${t("seconds")})`, "idle")),
        h("p", { class: "small" }, t("A server closes what is idle for S. No request and no response arrives later than d, sent again or not. A client that uses the connection later may meet a server that has closed it: its request is lost.")),
        h("table", { id: "margin" }, h("tbody", {}, kept)),
        h("h3", {}, t("A tick more: the counterexample")),
        h("p", { id: "margin-runs", class: "bar" }, late.map((run) => h("button", { type: "button", onclick: () => this.app.open(run.id), title: run.title }, `▶ ${run.id} · ${run.steps.length} ${t("steps")}`))),
        h("h3", {}, t("Checked exhaustively, in ticks")),
        h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, [t("counted from"), "d", ...limits.map((n) => `S = ${n}`)].map((one) => h("th", { scope: "col" }, one)))),
          h("tbody", {}, delays.map(([since, delay]) => h("tr", {}, h("td", {}, t(since)), h("td", {}, delay),
            limits.map((limit) => { const [, , , longest] = tables.margins.find((one) => one[0] === since && String(one[1]) === delay && one[2] === limit); return h("td", {}, longest === null ? "✗" : longest); }))))))),
      h("section", { class: "card" }, h("h2", {}, t("What do requests cost?")),
        h("div", { class: "bar" }, field(t("Requests"), "requests", { min: 1 })),
        h("div", { class: "scroll" }, h("table", { id: "costs" }, h("thead", {}, h("tr", {}, ["", t("connections"), t("round trips"), t("segments"), "TIME-WAIT"].map((one) => h("th", { scope: "col" }, one)))),
          h("tbody", {}, costs.map(([version, [connections, delays, segments, clients, servers]]) => h("tr", {}, h("th", { scope: "row" }, version), h("td", {}, connections), h("td", {}, delays / 2), h("td", {}, segments), h("td", {}, clients ? `${clients} ${t("at the client")}` : `${servers} ${t("at the server")}`))))))),
    ];
  }
}
