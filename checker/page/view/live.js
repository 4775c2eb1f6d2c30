// A game: a machine that is played. Frames are what the views show, whoever made them.
//
// A frame is {ends, flying, step}: rows of both ends, what is in flight (each with a number that
// tells it from all others), and the step that led here, null at first.

import { reader, segmentText } from "./words.js";

const equal = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

export class Game {
  /** `apart` is the module of the watchers that are shown each step when it was taken, if any. */
  constructor(machine, about, apart = null) {
    this.machine = machine;
    this.apart = apart;
    this.about = about;
    this.segment = reader(machine.messageFields);
    this.layout = {
      ...about, fields: machine.fields, meanings: machine.meanings, get: reader(machine.fields, about.fixed),
    };
    this.names = ["A", "B"];
    this.departure = 0;
    this.reset();
  }

  reset() {
    const state = this.machine.initial();
    const seen = this.apart ? this.apart.initial().ends : [];
    this.frames = [{ state, ends: state.ends, seen, flying: [], step: null, choice: null }];
    this.at = 0;
    this.last = 0;
  }

  get frame() { return this.frames[this.at]; }

  /** Every step from here, under the switch that is set. */
  offers() {
    this.machine.settings.departure = this.departure;
    return this.machine.steps(this.frame.state);
  }

  /** Take an offer; what was undone is forgotten. */
  take(offer, choice) {
    const frame = this.next(this.frame, offer, choice);
    this.frames = [...this.frames.slice(0, this.at + 1), frame];
    this.at += 1;
    return frame;
  }

  next(frame, offer, choice) {
    const text = (row) => segmentText(this.segment, row, this.about.transfer);
    let flying = frame.flying;
    let got = null;
    const lost = [];
    if (offer.message !== null) {
      got = flying.find((one) => one.link === offer.link && equal(one.row, offer.message));
      if (!offer.kept) flying = flying.filter((one) => one !== got);
      if (offer.action === "lose") { lost.push(got); got = null; }
    }
    if (offer.action === "tick" && this.machine.parts.ttl !== null) {
      const ttl = this.machine.parts.ttl;
      lost.push(...flying.filter((one) => one.row[ttl] <= 1));
      flying = flying.filter((one) => one.row[ttl] > 1)
        .map((one) => ({ ...one, row: one.row.map((value, i) => (i === ttl ? value - 1 : value)) }));
    }
    const sent = offer.sent.map((row) => ({ uid: ++this.last, link: offer.component, from: offer.component, to: 1 - offer.component, row, text: text(row) }));
    const dropped = sent.slice(sent.length - offer.dropped.length);
    lost.push(...dropped);
    flying = [...flying, ...sent.filter((one) => !dropped.includes(one))];
    return {
      state: offer.after,
      ends: offer.after.ends,
      seen: frame.seen.map((row, end) => (end === offer.component ? this.watch(frame, offer, row) : row)),
      flying,
      choice,
      step: {
        actor: offer.component,
        action: offer.action,
        rules: offer.rules.map((rule) => this.machine.rules[rule]),
        signals: offer.signals,
        got, kept: offer.kept, sent, lost,
        notes: dropped.length ? ["no room in the channel: lost"] : [],
      },
    };
  }

  /** What the watchers that are apart know of an end after a step. */
  watch(frame, { component, action, message, sent, after }, row) {
    const kind = message === null ? action : "deliver";
    const [was, now] = [frame.ends[component], after.ends[component]];
    return this.about.apart.flatMap((name) =>
      this.apart.functions[`${name} ${kind} ${sent.length}`](was, now, message, sent, row));
  }

  undo() { if (this.at > 0) this.at -= 1; }
  redo() { if (this.at < this.frames.length - 1) this.at += 1; }

  /** The choices that led here, as a text; each is the number of an offer. */
  choices() {
    return this.frames.slice(1, this.at + 1).map((frame) => frame.choice.toString(36)).join(".");
  }

  /** Take choices from the start; false if one is not possible. */
  replay(text) {
    this.reset();
    for (const word of text.split(".").filter(Boolean)) {
      const choice = parseInt(word, 36);
      const offer = this.offers()[choice];
      if (!offer) return false;
      this.take(offer, choice);
    }
    return true;
  }

  /** What the claims say of a frame: null, or the decisions that led to the fall. */
  judge(frame) {
    const asked = (module, ends) => Object.entries(module.claims).map(([id, claim]) => [id, claim(ends)]);
    return [...asked(this.machine, frame.ends), ...(this.apart ? asked(this.apart, frame.seen) : [])];
  }
}
