// Play: two hosts and a network, whose every next step is a button.

import { button, h, select } from "./dom.js";
import { t } from "./i18n.js";
import { ladder } from "./ladder.js";
import { claims, hosts, step } from "./panels.js";
import { ruler } from "./ruler.js";

const equal = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);
const CALLS = /^(OPEN|SEND|RECEIVE|CLOSE|ABORT|LISTEN$|ACCEPT)/;

const MACHINES = {
  lifecycle: "Open and close", text: "With text", listener: "A listener and its queues", cookies: "SYN cookies",
  "keep-alive": "Keep-alive", http: "HTTP on a kept connection", transfer: "A data plane: windows, losses, congestion",
};

/** What is done, and how: the game of the page. */
export class Play {
  constructor(app) {
    this.app = app;
    this.held = new Set();
    this.forks = [];
  }

  get game() { return this.app.game; }

  /** Take an offer; a segment is seen to move. */
  take(offer, choice) {
    const chip = offer.message === null ? null : document.querySelector(`[data-uid="${this.flight(offer)?.uid}"]`);
    if (chip && offer.component !== null) fly(chip, document.getElementById(`host-${offer.component}`));
    const frame = this.game.take(offer, choice);
    this.app.say(tell(this.game, frame));
    this.app.draw();
  }

  flight(offer) {
    return this.game.frame.flying.find((one) => one.link === offer.link && equal(one.row, offer.message));
  }

  /** The offers for a segment in flight, by action; each with its number. */
  offersFor(offers, one) {
    const mine = offers.map((offer, choice) => [offer, choice])
      .filter(([offer]) => offer.message !== null && offer.link === one.link && equal(offer.message, one.row));
    const first = (test) => mine.find(([offer]) => test(offer));
    return {
      deliver: first((offer) => offer.component !== null && !offer.kept),
      copy: first((offer) => offer.kept),
      lose: first((offer) => offer.action === "lose"),
    };
  }

  /** Do this to the segment that is in flight longest and not held. */
  oldest(what) {
    const one = this.game.frame.flying.find((each) => !this.held.has(each.uid));
    const found = one && this.offersFor(this.game.offers(), one)[what];
    if (found) this.take(...found);
  }

  tick() {
    const offers = this.game.offers();
    const choice = offers.findIndex((offer) => offer.action === "tick");
    if (choice >= 0) this.take(offers[choice], choice);
  }

  fork() {
    this.forks.push({ choices: this.game.choices(), departure: this.game.departure, steps: this.game.at });
    this.app.draw();
  }

  /** What claims assume that is not so: by claim, the switches and their values. */
  unmet() {
    const { about, game } = this;
    const broken = about.switches[game.departure];
    const now = (name) => (name === broken ? String(about.usual[name] !== "true") : about.usual[name]);
    const found = Object.entries(about.claims).map(([id, rules]) =>
      [id, Object.entries(rules).filter(([name, value]) => now(name) !== value.toLowerCase())]);
    return Object.fromEntries(found.filter(([, rules]) => rules.length).map(([id, rules]) => [id, Object.fromEntries(rules)]));
  }

  get about() { return this.app.about; }

  key(event) {
    const does = {
      ArrowLeft: () => this.game.undo(), ArrowRight: () => this.game.redo(),
      d: () => this.oldest("deliver"), c: () => this.oldest("copy"), l: () => this.oldest("lose"),
      t: () => this.tick(), f: () => this.fork(), Home: () => { this.game.at = 0; },
    }[event.key];
    if (!does) return false;
    does();
    return true;
  }

  view(width) {
    const { game, app } = this;
    const offers = game.offers();
    const chips = (from) => {
      const mine = game.frame.flying.filter((one) => one.from === from);
      return h("div", { class: `way way-${from}` },
        h("div", { class: "arrow", "aria-hidden": "true" }, from ? "B → A" : "A → B"),
        mine.length ? mine.map((one) => this.chip(one, this.offersFor(offers, one))) : h("p", { class: "small" }, t("nothing in flight")));
    };
    const calls = (end) => {
      const mine = offers.map((offer, choice) => [offer, choice]).filter(([offer]) => offer.component === end && offer.message === null);
      const group = (title, test) => {
        const some = mine.filter(([offer]) => test(offer));
        return h("div", { class: "calls", role: "group", "aria-label": title }, h("h3", {}, title),
          some.length ? some.map(([offer, choice]) => button(
            offer.action + (offer.drawn === null ? "" : `, ISN ${offer.drawn}`), () => this.take(offer, choice), { "data-key": `${end}-${offer.action}-${offer.drawn}` }))
            : h("p", { class: "small" }, t("nothing to do")));
      };
      return [group(t("User"), (offer) => CALLS.test(offer.action)), group(t("Timers and others"), (offer) => !CALLS.test(offer.action))];
    };
    const tick = offers.findIndex((offer) => offer.action === "tick");
    const [a, b] = hosts(game, calls);
    const switches = app.about.switches;
    return [
      h("div", { class: "bar" },
        select(t("Machine"), app.data.machines.map((one) => [one.id, t(MACHINES[one.id])]), app.about.id, (id) => app.choose(id), { "data-key": "machine" }),
        switches.length > 1 ? select(t("A rule to break"), switches.map((name, i) => [i, i ? `${name}=${app.about.usual[name] === "true" ? "off" : "on"}` : t("none: as RFC 9293 has it")]), game.departure, (n) => app.depart(Number(n)), { "data-key": "switch", id: "switch" }) : null),
      switches[game.departure] && game.departure ? h("p", { class: "warning" }, app.data.switches[switches[game.departure]].says) : null,
      h("div", { class: "bar", role: "toolbar", "aria-label": t("Play") },
        button(`← ${t("Undo")}`, () => { game.undo(); app.draw(); }, { disabled: game.at === 0, "data-key": "undo" }),
        button(`→ ${t("Redo")}`, () => { game.redo(); app.draw(); }, { disabled: game.at === game.frames.length - 1, "data-key": "redo" }),
        button(`» ${t("Deliver the oldest")}`, () => this.oldest("deliver"), { disabled: !game.frame.flying.some((one) => !this.held.has(one.uid)), "data-key": "oldest", class: "main" }),
        button(t("Tick"), () => this.tick(), { disabled: tick < 0, "data-key": "tick" }),
        button(t("Fork"), () => this.fork(), { "data-key": "fork" }),
        button(t("Start again"), () => { game.reset(); app.draw(); }, { "data-key": "restart" }),
        this.forks.map((one, i) => button(`${t("Fork")} ${i + 1} · ${one.steps}`, () => { game.departure = one.departure; game.replay(one.choices); app.draw(); }, { class: "fork" }))),
      app.about.id === "lifecycle" ? this.lessons() : null,
      h("div", { class: "stage" }, a, h("section", { class: "card channel", "aria-label": t("In flight") }, h("h2", {}, t("In flight")), chips(0), chips(1)), b),
      h("div", { class: "columns" },
        h("div", { class: "wide" }, ruler(game, width), h("section", { class: "card" }, h("h2", {}, t("Ladder")), ladder(game, width, (at) => { game.at = at; app.draw(); }))),
        h("div", { class: "narrow" }, step(game), claims(game, app.data, this.unmet()))),
      h("p", { class: "small keys" }, `${t("Keys")}: ← → ${t("Undo")}/${t("Redo")}, D ${t("deliver")}, C ${t("copy")}, L ${t("lose")}, T ${t("Tick")}, F ${t("Fork")}`),
    ];
  }

  /** What to try first; each goal is marked once it is reached, and what to do next of the first
   * that is not. */
  lessons() {
    const { game, about } = this;
    const steps = game.frames.slice(1, game.at + 1).map((frame) => frame.step);
    const did = (end, action) => steps.some((step) => step.actor === end && step.action === action);
    const got = (flags) => steps.some((step) => step.got && step.got.text.startsWith(`${flags} `));
    const lost = steps.findIndex((step) => step.lost.some((one) => one.text.startsWith("SYN,ACK")));
    const again = lost >= 0 && steps.slice(lost + 1).some((step) => step.sent.some((one) => one.text.startsWith("SYN,ACK")));
    const broken = game.judge(game.frame).some(([id, way]) => id === "T2" && way !== null);
    const off = about.switches[game.departure] === "three_way";
    const opened = [["B: OPEN (passive)", did(1, "OPEN (passive)")], ["A: OPEN (active)", did(0, "OPEN (active)")]];
    this.again ||= again; // what was reached once stays marked
    let first = true;
    const lesson = (title, done, words) => {
      const next = done || !first ? -1 : words.findIndex(([, is]) => !is);
      if (!done) first = false;
      return h("li", { class: done ? "done" : null }, h("strong", {}, `${done ? "✓ " : ""}${t(title)}`), h("div", {}, words.map(([word, is], i) =>
        [i ? " → " : "", h("span", { class: done || (is && next > i) ? "past" : null, "aria-current": i === next ? "step" : null }, t(word))])));
    };
    return h("details", { class: "card", id: "lessons", open: true }, h("summary", {}, t("First steps")), h("ul", {},
      lesson("Lose a SYN,ACK, and see it again", this.again, [...opened, ["deliver the SYN", got("SYN")], ["lose the SYN,ACK", lost >= 0], ["B: RETRANSMISSION TIMEOUT", again]]),
      lesson("Break T2", broken, [["Start again", off || !steps.length], ["A rule to break: three_way=off", off], ...opened, ["A: ABORT", did(0, "ABORT")], ["deliver the SYN", broken]])));
  }

  chip(one, { deliver, copy, lose }) {
    const held = this.held.has(one.uid);
    const does = (found, sign, label, word) => button([h("span", { "aria-hidden": "true" }, sign), ` ${t(word)}`], () => this.take(...found), { disabled: !found, "aria-label": `${t(label)}: ${one.text}`, title: t(label), "data-key": `${word}-${one.uid}` });
    return h("div", { class: `chip from-${one.from}${held ? " held" : ""}`, "data-uid": one.uid },
      h("code", {}, one.text),
      h("div", { class: "chip-buttons" },
        does(deliver, "→", "Deliver", "deliver"), does(copy, "+", "Deliver, and keep a copy in flight", "copy"), does(lose, "×", "Lose", "lose"),
        button(held ? t("release") : t("hold"), () => { if (held) this.held.delete(one.uid); else this.held.add(one.uid); this.app.draw(); },
          { "aria-pressed": String(held), title: t("Hold: it stays in flight when the oldest is delivered"), "data-key": `hold-${one.uid}` })));
  }
}

/** A step in words. */
export const tell = (track, frame) => {
  const { actor, action, got, rules } = frame.step;
  const who = actor === null ? "" : track.names[actor];
  const what = got && action !== "lose" ? `${got.text} ${t("arrives at")} ${who}` : `${who} ${action}${got ? ` ${got.text}` : ""}`;
  return `${what.trim()}. ${rules.join(". ")}`;
};

/** Let a copy of an element move to another. */
const fly = (from, to) => {
  if (!to || !from.animate || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const [here, there] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
  const ghost = from.cloneNode(true);
  ghost.classList.add("ghost");
  ghost.removeAttribute("data-uid");
  ghost.querySelectorAll("button").forEach((one) => one.remove());
  Object.assign(ghost.style, { left: `${here.left}px`, top: `${here.top}px`, width: `${here.width}px` });
  document.body.append(ghost);
  const [dx, dy] = [there.left + there.width / 2 - here.left - here.width / 2, there.top + 20 - here.top];
  ghost.animate([{ transform: "none", opacity: 1 }, { transform: `translate(${dx}px, ${dy}px) scale(.8)`, opacity: 0.2 }], { duration: 320, easing: "ease-in" })
    .finished.finally(() => ghost.remove());
};
