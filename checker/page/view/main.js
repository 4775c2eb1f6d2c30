// The page: its parts, what is shown of it, and its state in the address.

import { Ask } from "./ask.js";
import { Capture } from "./capture.js";
import { load, moduleOf } from "./data.js";
import { button, children, h } from "./dom.js";
import { languageNow, setLanguage, t } from "./i18n.js";
import { Game } from "./live.js";
import { Play } from "./play.js";
import { Reckon } from "./reckon.js";
import { Recording } from "./recorded.js";
import { Watch } from "./watch.js";

const PARTS = [["play", "Play"], ["runs", "Runs"], ["ask", "Ask"], ["compute", "Compute"], ["capture", "Capture"]];

class App {
  constructor(data) {
    this.data = data;
    this.part = "play";
    this.timer = null;
    this.parts = { play: new Play(this), runs: new Watch(this), ask: new Ask(this), compute: new Reckon(this), capture: new Capture(this) };
  }

  // What is played

  machine(id) { return moduleOf(`machine-${id}`); }

  /** A game of the machine that is chosen. */
  async begun() {
    const { id, apart } = this.about;
    return new Game(await this.machine(id), this.about, apart.length ? await moduleOf(`apart-${id}`) : null);
  }

  async choose(id) {
    this.about = this.data.machines.find((one) => one.id === id) || this.data.machines[0];
    this.game = await this.begun();
    this.parts.play.forks = [];
    this.draw();
  }

  /** Break a rule: the same choices are taken again as far as they are possible. */
  depart(n) {
    const choices = this.game.choices();
    this.game.departure = n;
    if (!this.game.replay(choices)) this.say(t("not possible under these rules"));
    this.draw();
  }

  recording(run) { return Recording.of(run, this.data.layouts); }

  /** Show a run, at a step. */
  async open(id, at = 0) {
    await this.parts.runs.open(id, at);
    this.show("runs");
  }

  /** Step through a track by itself, or stop. */
  run(track) {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      if (track.at === track.frames.length - 1) track.at = 0;
      this.timer = setInterval(() => {
        const before = track.at;
        track.redo();
        if (track.at === before) this.run(track);
        this.draw();
      }, 900);
    }
    this.draw();
  }

  // What is shown

  async show(part) {
    if (this.timer) this.run(null);
    if (part === "runs" && !this.parts.runs.track) await this.parts.runs.open("three-way-handshake");
    this.part = part;
    this.draw();
    scrollTo(0, 0);
  }

  say(text) { document.getElementById("live").textContent = text; }

  draw() {
    const main = document.getElementById("main");
    const width = Math.max(300, Math.min(820, (main.clientWidth - (innerWidth > 980 ? 420 : 30)) - 24));
    this.full = Math.max(300, main.clientWidth - 60);
    const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : null;
    children(document.getElementById("top"), this.top());
    children(main, this.parts[this.part].view(width).flat(9).filter(Boolean));
    if (focused && document.activeElement.dataset.key !== focused) {
      const again = document.querySelector(`[data-key="${CSS.escape(focused)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
    for (const one of main.querySelectorAll(".ladder")) {
      const now = one.querySelector(".l-now");
      if (now) one.scrollTop = now.y.baseVal.value - one.clientHeight * 0.6;
    }
    this.remember();
  }

  top() {
    return [
      h("h1", {}, t("Ask TCP"), h("small", {}, t("The specification of TCP, running in this page"))),
      h("nav", { "aria-label": t("Ask TCP") }, PARTS.map(([part, title]) => button(t(title), () => this.show(part), { "aria-current": this.part === part ? "page" : null, "data-key": `part-${part}`, id: `part-${part}` }))),
      h("div", { class: "tools" },
        button(languageNow() === "zh" ? "English" : "中文", () => { setLanguage(languageNow() === "zh" ? "en" : "zh"); this.draw(); }, { "data-key": "language", id: "language", lang: languageNow() === "zh" ? "en" : "zh-Hans" }),
        button("◐", () => { this.theme = darkNow() ? "light" : "dark"; document.documentElement.dataset.theme = this.theme; this.draw(); }, { "data-key": "theme", id: "theme", "aria-label": t("Light or dark"), title: t("Light or dark") }),
        button(t("Copy link"), () => this.copy(), { "data-key": "share", id: "share", title: t("A link to this very state") })),
    ];
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.say(t("Copied"));
    } catch { this.say(location.href); }
  }

  // Its state in the address

  remember() {
    const state = new URLSearchParams();
    state.set("v", this.part);
    if (languageNow() === "zh") state.set("lang", "zh");
    if (this.theme) state.set("theme", this.theme);
    if (this.part === "play") {
      state.set("m", this.about.id);
      if (this.game.departure) state.set("s", this.about.switches[this.game.departure]);
      if (this.game.at) state.set("do", this.game.choices());
    }
    const { track } = this.parts.runs;
    if (this.part === "runs" && track) { state.set("run", track.run.id); state.set("at", track.at); }
    if (this.part === "ask") {
      const { rule, state: where, segment, compared } = this.parts.ask;
      state.set("rule", rule); state.set("cell", `${where}/${segment}`);
      if (compared) { state.set("with", compared.rule); state.set("from", this.parts.ask.source || ""); }
    }
    if (this.part === "compute") for (const [name, value] of Object.entries(this.parts.compute.own)) state.set(name, value);
    const hash = `#${state}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }

  async recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    setLanguage(state.get("lang") || (state.has("v") || !navigator.language.startsWith("zh") ? "en" : "zh"));
    this.theme = ["light", "dark"].includes(state.get("theme")) ? state.get("theme") : null;
    if (this.theme) document.documentElement.dataset.theme = this.theme;
    this.part = state.get("v") in this.parts ? state.get("v") : "play";
    this.about = this.data.machines.find((one) => one.id === state.get("m")) || this.data.machines[0];
    this.game = await this.begun();
    this.game.departure = Math.max(0, this.about.switches.indexOf(state.get("s")));
    if (state.has("do") && !this.game.replay(state.get("do"))) this.say(t("not possible under these rules"));
    if (this.part === "runs" && !(await this.parts.runs.open(state.get("run") || "three-way-handshake", Number(state.get("at")) || 0))) this.say(t("There is no such run."));
    if (this.part === "ask") {
      const { ask } = this.parts;
      if (state.get("rule") in this.data.switches) ask.rule = state.get("rule");
      if (state.has("cell")) [ask.state, ask.segment] = state.get("cell").split("/");
      if (this.data.machines[0].switches.includes(state.get("with"))) {
        const run = this.data.runs.find((one) => one.id === state.get("from"));
        ask.source = run ? run.id : "";
        await ask.compare(state.get("with"), run ? await this.recording(run) : this.game);
      }
    }
    if (this.part === "compute") for (const name of Object.keys(this.parts.compute.own)) if (state.has(name) && Number(state.get(name)) >= 0) this.parts.compute.own[name] = Number(state.get(name));
    this.draw();
  }
}

const darkNow = () => document.documentElement.dataset.theme === "dark" ||
  (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

/** Begin. */
export const start = async () => {
  const app = new App(await load());
  globalThis.page = app;
  await app.recall();
  addEventListener("hashchange", () => app.recall());
  addEventListener("resize", () => app.draw());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (app.parts[app.part].key(event)) { event.preventDefault(); app.draw(); }
  });
  document.documentElement.dataset.ready = "yes";
};
