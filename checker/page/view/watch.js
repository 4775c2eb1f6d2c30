// Watch: step through a run that was recorded.

import { button, h, select } from "./dom.js";
import { t } from "./i18n.js";
import { ladder } from "./ladder.js";
import { claims, hosts, step } from "./panels.js";
import { Recording } from "./recorded.js";
import { ruler } from "./ruler.js";

/** The controls and panels of a recording. */
export const player = (track, app, width, more = null) => {
  track.whole = true;
  const go = (at) => { track.at = at; app.draw(); };
  const [a, b] = hosts(track);
  const last = track.frames.length - 1;
  const looped = track.loop !== null && track.loop < last;
  const flying = (from) => track.frame.flying.filter((one) => one.from === from).map((one) => h("div", { class: `chip from-${Math.min(1, one.from)}` }, h("code", {}, one.text)));
  return [
    h("h2", { class: "title" }, track.run.title),
    h("p", { class: track.run.violated ? "warning" : "note", id: "verdict" }, track.run.verdict),
    more,
    h("div", { class: "bar", role: "toolbar", "aria-label": t("A pinned run") },
      button(`« ${t("First")}`, () => go(0), { disabled: track.at === 0, "data-key": "first" }),
      button(`‹ ${t("Back")}`, () => { track.undo(); app.draw(); }, { disabled: track.at === 0, "data-key": "back" }),
      button(`${t("Next")} ›`, () => { track.redo(); app.draw(); }, { disabled: track.at === last && !looped, "data-key": "next", class: "main" }),
      button(`${t("Last")} »`, () => go(last), { disabled: track.at === last, "data-key": "last" }),
      button(app.timer ? t("Stop") : t("Run on"), () => app.run(track), { "data-key": "run" }),
      h("label", { class: "field grow" }, h("span", {}, `${t("step")} ${track.at} / ${last}`),
        h("input", { type: "range", min: 0, max: last, value: track.at, oninput: (event) => go(Number(event.target.value)), "data-key": "range", "aria-label": t("step") }))),
    looped ? h("p", { class: "note" }, `↻ ${t("Its loop begins at step")} ${track.loop + 1}`) : null,
    h("div", { class: "stage" }, a, h("section", { class: "card channel", "aria-label": t("In flight") }, h("h2", {}, t("In flight")),
      h("div", { class: "way way-0" }, h("div", { class: "arrow", "aria-hidden": "true" }, "A → B"), flying(0)), h("div", { class: "way way-1" }, h("div", { class: "arrow", "aria-hidden": "true" }, "B → A"), flying(1)),
      track.frame.flying.length ? null : h("p", { class: "small" }, t("nothing in flight"))), b),
    h("div", { class: "columns" },
      h("div", { class: "wide" }, ruler(track, width), h("section", { class: "card" }, h("h2", {}, t("Ladder")), ladder(track, width, go, track.run.marked ?? null))),
      h("div", { class: "narrow" }, step(track), claims(track, app.data))),
  ];
};

export class Watch {
  constructor(app) {
    this.app = app;
    this.kind = "all";
    this.sought = "";
    this.track = null;
  }

  get runs() {
    const words = this.sought.toLowerCase().split(/\s+/).filter(Boolean);
    return this.app.data.runs.filter((run) =>
      (this.kind === "all" || run.kind === this.kind) &&
      words.every((word) => `${run.id} ${run.title} ${run.verdict}`.toLowerCase().includes(word)));
  }

  /** Open a run by its name. */
  async open(id, at = 0) {
    const run = this.app.data.runs.find((one) => one.id === id);
    if (!run) return false;
    this.track = await Recording.of(run, this.app.data.layouts);
    this.track.at = Math.min(at, this.track.frames.length - 1);
    return true;
  }

  key(event) {
    if (!this.track) return false;
    const does = {
      ArrowLeft: () => this.track.undo(), ArrowRight: () => this.track.redo(),
      Home: () => { this.track.at = 0; }, End: () => { this.track.at = this.track.frames.length - 1; },
    }[event.key];
    if (does) does();
    return Boolean(does);
  }

  view(width) {
    const { app } = this;
    const found = this.runs;
    const kinds = [["all", "all"], ["counterexample", "counterexamples"], ["lasso", "lassos"], ["witness", "witnesses"], ["scenario", "scenarios"]];
    const now = this.track ? this.track.run.id : "";
    const shown = found.some((run) => run.id === now) || !now ? found : [this.track.run, ...found];
    return [
      h("div", { class: "bar" },
        select(t("Runs"), kinds.map(([kind, word]) => [kind, `${t(word)} (${kind === "all" ? app.data.runs.length : app.data.runs.filter((run) => run.kind === kind).length})`]), this.kind, (kind) => { this.kind = kind; app.draw(); }, { "data-key": "kind" }),
        h("label", { class: "field" }, h("span", {}, t("Find")), h("input", { type: "search", value: this.sought, oninput: (event) => { this.sought = event.target.value; app.draw(); }, "data-key": "sought" })),
        select(t("A pinned run"), [["", `— ${found.length}`], ...shown.map((run) => [run.id, `${run.id} · ${run.steps.length} ${t("steps")}`])], now, async (id) => { if (id) { await this.open(id); app.draw(); } }, { "data-key": "run-choice", id: "run-choice" })),
      this.track ? player(this.track, app, width) : null,
    ];
  }
}
