// Ask: what falls without a rule, where two runs part, and what a cell of RFC 9293's table requires.

import { button, h, rfc, select } from "./dom.js";
import { t } from "./i18n.js";
import { ladder } from "./ladder.js";
import { Game } from "./live.js";
import { flagsOf } from "./words.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export class Ask {
  constructor(app) {
    this.app = app;
    this.rule = "three_way";
    this.compared = null;
    this.state = "SYN-RECEIVED";
    this.segment = "RST";
  }

  key() { return false; }

  view() { return [this.breaking(), this.comparing(), this.cell()]; }

  // Which claims fall

  breaking() {
    const { data } = this.app;
    const rules = [...new Set(data.matrix.flatMap((row) => Object.keys(row.rules)))].sort();
    const rows = data.matrix.filter((row) => this.rule in row.rules);
    const about = data.switches[this.rule];
    return h("section", { class: "card" }, h("h2", {}, t("Break a rule")),
      select(t("Switch"), rules.map((name) => [name, name]), this.rule, (name) => { this.rule = name; this.app.draw(); }, { "data-key": "rule", id: "ask-rule" }),
      about ? h("p", {}, rfc(about.section), ". ", about.says) : null,
      h("h3", {}, t("Which claims fall")),
      h("div", { class: "scroll" }, h("table", { id: "falls" }, h("tbody", {}, rows.map((row) => {
        const run = row.diagram && data.runs.find((one) => one.id === row.diagram);
        return h("tr", {}, h("th", { scope: "row" }, row.claim), h("td", {}, data.claims[row.claim] ? data.claims[row.claim].title : ""),
          h("td", {}, Object.entries({ ...row.rules, ...row.bounds }).map(([name, value]) => h("code", {}, `${name}=${value} `))),
          h("td", {}, run ? button(`▶ ${row.length} ${t("steps")}`, () => this.app.open(run.id), { "aria-label": `${t("falls: play")} ${row.claim}` }) : t("holds: a control")));
      })))));
  }

  // With and without

  /** Take the steps of a track in a game of one's own; how many were possible. */
  follow(game, frames) {
    for (const frame of frames) {
      if (!frame.step) continue;
      const offers = game.offers();
      const { action, actor, got, lost, kept } = frame.step;
      const wanted = action === "lose" ? lost[0] : got;
      const fits = offers.map((offer, i) => [offer, i]).filter(([offer]) =>
        offer.action === action && (offer.component ?? null) === (actor ?? null) && Boolean(offer.kept) === Boolean(kept));
      const text = (offer) => { const one = game.frame.flying.find((each) => each.link === offer.link && same(each.row, offer.message)); return one ? one.text : ""; };
      const exact = wanted && fits.find(([offer]) => text(offer) === wanted.text);
      const found = wanted ? exact || fits.find(([offer]) => flagsOf(text(offer)) === flagsOf(wanted.text)) : fits[0];
      if (!found) return false;
      game.take(...found);
    }
    return true;
  }

  async compare(rule, run) {
    const { app } = this;
    const about = app.data.machines.find((one) => one.switches.includes(rule));
    const machine = await app.machine(about.id);
    const [usual, broken] = [new Game(machine, about), new Game(machine, about)];
    broken.departure = about.switches.indexOf(rule);
    const frames = run.frames;
    const done = [this.follow(broken, frames), this.follow(usual, frames)];
    const least = Math.min(usual.frames.length, broken.frames.length);
    const seen = (frame) => [frame.ends, frame.flying.map((one) => one.text), frame.step && frame.step.rules];
    let first = null;
    for (let i = 0; i < least && first === null; i++) if (!same(seen(usual.frames[i]), seen(broken.frames[i]))) first = i;
    if (first === null && usual.frames.length !== broken.frames.length) first = least;
    for (const game of [usual, broken]) { game.whole = true; game.at = first === null ? game.frames.length - 1 : Math.min(first, game.frames.length - 1); }
    this.compared = { rule, usual, broken, first, done };
  }

  comparing() {
    const { app } = this;
    const about = app.data.machines.find((one) => one.switches.length > 1);
    const rules = about.switches.slice(1);
    const rule = this.compared ? this.compared.rule : rules[0];
    const runs = (name) => app.data.runs.filter((run) => run.departures && name in run.departures && run.kind === "counterexample");
    const start = async (name, id) => {
      const run = app.data.runs.find((one) => one.id === id);
      const track = run ? await app.recording(run) : app.game;
      this.source = run ? id : "";
      await this.compare(name, track);
      app.draw();
    };
    const half = app.full > 680 ? app.full / 2 - 16 : app.full;
    const side = (label, game, done) => h("div", { class: "half" }, h("h3", {}, label),
      ladder(game, half, () => {}, this.compared.first !== null && this.compared.first < game.frames.length ? this.compared.first : null),
      done ? null : h("p", { class: "warning" }, `${t("not possible here")}: ${t("step")} ${game.frames.length}`));
    return h("section", { class: "card" }, h("h2", {}, t("With and without")),
      h("p", { class: "small" }, t("The same moves under both; the first difference is marked.")),
      h("div", { class: "bar" },
        select(t("Switch"), rules.map((name) => [name, name]), rule, (name) => start(name, (runs(name)[0] || {}).id || ""), { "data-key": "compare-rule", id: "compare-rule" }),
        select(t("Runs"), [["", t("Play")], ...runs(rule).map((run) => [run.id, run.id])], this.source || "", (id) => start(rule, id), { "data-key": "compare-run" }),
        button(t("Side by side"), () => start(rule, this.source || (runs(rule)[0] || {}).id || ""), { class: "main", "data-key": "compare", id: "compare" })),
      this.compared ? [
        h("p", { id: "difference", class: this.compared.first === null ? "note" : "warning" }, this.compared.first === null ? t("No difference in these steps.") : `${t("first difference")}: ${t("step")} ${this.compared.first}`),
        h("div", { class: "halves" }, side(t("as the RFC has it"), this.compared.usual, this.compared.done[1]), side(`${t("without the rule")}: ${rule}`, this.compared.broken, this.compared.done[0]))] : null);
  }

  // A cell

  /** Every meeting of a state and a segment in the runs: what fired, and where it is soonest. */
  meetings() {
    if (this.known) return this.known;
    this.known = new Map();
    for (const run of this.app.data.runs) {
      const states = [...run.initial];
      run.steps.forEach((one, i) => {
        if (one.got !== undefined && one.actor !== undefined && !Object.keys(run.departures || {}).length) {
          const [state, flags] = [states[one.actor], flagsOf(run.messages[one.got][2])];
          const key = `${state} ${flags}`;
          if (!this.known.has(key)) this.known.set(key, new Map());
          const cell = this.known.get(key);
          for (const rule of one.rules || []) {
            const best = cell.get(rule);
            if (!best || i < best.at) cell.set(rule, { run: run.id, at: i, count: (best ? best.count : 0) + 1 });
            else best.count += 1;
          }
        }
        one.states.forEach((state, end) => { states[end] = state; });
      });
    }
    return this.known;
  }

  cell() {
    const { cells } = this.app.data;
    const known = this.meetings();
    const keys = [...new Set([...known.keys(), ...Object.keys(cells.cells)])].map((key) => key.split(" "));
    const states = [...new Set(keys.map(([state]) => state))].sort();
    const segments = [...new Set(keys.map((key) => key[key.length - 1]))].sort();
    const name = `${this.state} ${this.segment}`;
    const met = known.get(name);
    const rows = met ? [...met].sort((one, other) => one[1].at - other[1].at) : [];
    const about = cells.cells[name] || { cases: [], errata: [], stacks: {}, facts: [] };
    return h("section", { class: "card", id: "cell" }, h("h2", {}, t("A cell")),
      h("div", { class: "bar" },
        select(t("State"), states.map((one) => [one, one]), this.state, (one) => { this.state = one; this.app.draw(); }, { "data-key": "cell-state", id: "cell-state" }),
        select(t("Segment"), segments.map((one) => [one, one === "no" ? t("no control bits") : one]), this.segment, (one) => { this.segment = one; this.app.draw(); }, { "data-key": "cell-segment", id: "cell-segment" })),
      h("h3", {}, t("What RFC 9293 requires there")),
      this.required(cells, about),
      rows.length ? h("ul", { class: "rules", id: "cell-rules" }, rows.map(([rule, best]) => h("li", {}, rfc(rule), " ",
        button(`▶ ${best.run}`, () => this.app.open(best.run, best.at + 1), { title: t("shortest run that needs it") }), h("span", { class: "small" }, ` ${t("in")} ${best.count} ${t("runs")}`))))
        : h("p", { id: "cell-rules" }, t("No run here meets this cell.")),
      h("h3", {}, t("Errata")),
      about.errata.length ? h("ul", { id: "cell-errata" }, about.errata.map(([page, at, says]) => h("li", {}, h("strong", {}, cells.errata[page]), `. ${at}: ${says}`, h("span", { class: "small" }, ` docs/errata/${page}.md`))))
        : h("p", { id: "cell-errata" }, t("No erratum touches it.")),
      h("h3", {}, t("What known stacks do")),
      this.stacks(cells, about),
      about.facts.length ? this.facts(about) : null);
  }

  /** The cases that the RFC's checks tell apart: what comes, what is answered, the state afterwards. */
  required(cells, about) {
    if (!about.cases.length) return h("p", { class: "small" }, t("The machine of one endpoint has no such segment."));
    return h("div", { class: "scroll" }, h("table", { id: "cell-cases" },
      h("thead", {}, h("tr", {}, ["", "what comes", "answer", "state afterwards", "rules"].map((one) => h("th", { scope: "col" }, one ? t(one) : "")))),
      h("tbody", {}, about.cases.map(([event, opened, answer, after, rules], n) => h("tr", {}, h("td", {}, n + 1),
        h("th", { scope: "row" }, event, opened ? h("span", { class: "small" }, ` (${opened} OPEN)`) : null),
        h("td", {}, answer || t("nothing")), h("td", {}, after),
        h("td", {}, rules.map((rule, i) => [i ? h("br") : null, rfc(cells.rules[rule])])))))));
  }

  /** By stack: by which departure it does otherwise, in which cases, and what then. */
  stacks(cells, about) {
    const number = (n) => h("a", { href: "#cell-cases", onclick: (event) => { event.preventDefault(); document.getElementById("cell-cases").scrollIntoView({ block: "center" }); } }, n + 1);
    return h("div", { class: "scroll" }, h("table", { id: "cell-stacks" }, h("tbody", {}, Object.entries(cells.stacks).map(([stack, seen]) => {
      const does = new Map();
      for (const [n, departure, sent, after] of about.stacks[stack] || []) {
        const key = `${departure} ${sent} ${after}`;
        if (!does.has(key)) does.set(key, { departure, sent, after, cases: [] });
        does.get(key).cases.push(n);
      }
      const rows = [...does.values()].map(({ departure, sent, after, cases: met }) => {
        const [name, section, evidence, became] = cells.departures[departure];
        return h("li", {}, `${name} `, h("span", { class: "small" }, "(", rfc(section), ")"), `; ${t("case")} `, met.map((n, i) => [i ? ", " : "", number(n)]),
          `: ${sent || t("nothing")} → ${after}`, h("span", { class: "small" }, `. ${t("known by")}: ${evidence}${became ? `; ${t("later versions")}: ${became}` : ""}`));
      });
      return h("tr", {}, h("th", { scope: "row" }, stack, h("div", { class: "small" }, seen)),
        h("td", {}, rows.length ? h("ul", {}, rows) : t("no departure is known here")));
    }))));
  }

  /** What other projects' tests expect there. */
  facts(about) {
    const shown = [...about.facts].sort((one, other) => (one[4] === "agrees") - (other[4] === "agrees") || other[6] - one[6]);
    return h("details", { id: "cell-facts" }, h("summary", {}, `${t("What other projects' tests expect there")} (${shown.length})`),
      h("div", { class: "scroll" }, h("table", {},
        h("thead", {}, h("tr", {}, ["project", "event", "answer", "RFC 9293", "verdict", "tests"].map((one) => h("th", { scope: "col" }, t(one))))),
        h("tbody", {}, shown.map(([source, event, wants, ours, verdict, reason, number]) => h("tr", { class: verdict === "agrees" ? null : "departs" },
          h("td", {}, source), h("td", {}, h("code", {}, event)), h("td", {}, h("code", {}, wants)), h("td", {}, ours ? h("code", {}, ours) : t("the same")),
          h("td", {}, verdict, reason ? h("span", { class: "small" }, `: ${reason}`) : null), h("td", {}, number)))))));
  }
}
