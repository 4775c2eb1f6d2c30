// Runs that were recorded: pinned counterexamples, lassos and scenarios, and those of a capture.

import { moduleOf } from "./data.js";
import { reader } from "./words.js";

/** The frames of a run. */
export const framesOf = (run) => {
  let ends = run.first;
  let flying = [];
  const message = (uid) => ({ uid, from: run.messages[uid][0], to: run.messages[uid][1], text: run.messages[uid][2] });
  const frames = [{ ends, flying, step: null, states: run.initial }];
  for (const one of run.steps) {
    ends = ends.map((row, i) => {
      const changes = (one.set || [])[i] || [];
      const next = row.slice();
      for (let k = 0; k < changes.length; k += 2) next[changes[k]] = changes[k + 1];
      return next;
    });
    const [sent, lost] = [(one.sent || []).map(message), (one.lost || []).map(message)];
    const got = one.got === undefined ? null : message(one.got);
    const gone = new Set(lost.map((each) => each.uid));
    if (got && !one.kept) gone.add(got.uid);
    flying = [...flying, ...sent].filter((each) => !gone.has(each.uid));
    frames.push({
      ends, flying, states: one.states,
      step: {
        actor: one.actor === undefined ? null : one.actor, action: one.action, rules: one.rules || [], signals: [],
        got, kept: Boolean(one.kept), old: Boolean(one.old), sent, lost, notes: one.notes || [],
      },
    });
  }
  return frames;
};

/** A run as something to step through. */
export class Recording {
  constructor(run, layout, module) {
    this.run = run;
    this.layout = { ...layout, get: reader(layout.fields) };
    this.module = module;
    this.names = run.names;
    this.frames = framesOf(run);
    this.at = 0;
    this.loop = run.loop === null || run.loop === undefined ? null : run.loop;
  }

  static async of(run, layouts) {
    const layout = layouts[run.layout] || { fields: [], meanings: {}, claims: [] };
    return new Recording(run, layout, await moduleOf(`layout-${run.layout}`));
  }

  get frame() { return this.frames[this.at]; }

  undo() { if (this.at > 0) this.at -= 1; }

  /** On to the next step; a lasso begins its loop again. */
  redo() {
    if (this.at < this.frames.length - 1) this.at += 1;
    else if (this.loop !== null && this.loop < this.run.steps.length) this.at = this.loop + 1;
  }

  judge(frame) {
    const at = this.frames.indexOf(frame);
    const traced = this.module ? Object.entries(this.module.claims).map(([id, claim]) => [id, claim(frame.ends)]) : [];
    const known = Object.entries(this.run.judged || {}).map(([id, good]) => [id, good[at] ? null : []]);
    return [...traced, ...known];
  }
}

/** A segment of a report, numbered from the first that its sender and the other are known to use. */
const texts = (segments) => {
  const first = {};
  const other = { A: "B", B: "A" };
  for (const one of segments) {
    first[one.end] ??= one.seq;
    if (one.ack !== null && /SYN/.test(one.flags)) first[other[one.end]] ??= one.ack - 1;
  }
  const from = (end, number) => (first[end] === undefined ? number : (number - first[end]) >>> 0);
  return Object.fromEntries(segments.map((one) => {
    const length = one.text + (/SYN/.test(one.flags) ? 1 : 0) + (/FIN/.test(one.flags) ? 1 : 0);
    const ack = one.ack === null ? "" : ` ACK=${from(other[one.end], one.ack)}`;
    return [one.packet, `${one.flags} SEQ=${from(one.end, one.seq)}${ack} LEN=${length}`];
  }));
};

/** A connection of a report of `conform`, as a run: states and segments, no variables. Whoever acts
 * on a segment that arrived (3.10.7) has got the other's last. */
export const ofReport = (connection) => {
  const states = ["CLOSED", "CLOSED"];
  const segments = connection.segments || [];
  const text = texts(segments);
  const messages = {};
  const flying = [[], []];
  const steps = [];
  let marked = null;
  const take = (actor, action, more = {}) => steps.push({ actor, action, rules: [], states: [...states], notes: [], ...more });
  const change = (event, packet) => {
    const end = event.end === "B" ? 1 : 0;
    if (!event.rule) return take(event.end === "" ? undefined : end, event.fact);
    states[end] = event.after;
    const got = String(event.section).startsWith("3.10.7") ? flying[1 - end].pop() : undefined;
    if (got !== undefined) flying[1 - end].length = 0;
    const notes = [`packet ${packet}${event.inferred ? " (inferred)" : ""}`, `${event.before} → ${event.after}`];
    return take(end, got === undefined ? notes[0] : "deliver", { rules: [event.rule], notes, ...(got === undefined ? {} : { got }) });
  };
  const numbers = [...new Set([...(connection.life || []), ...segments].map((one) => one.packet))].sort((one, other) => one - other);
  for (const packet of numbers) {
    const events = (connection.life || []).filter((event) => event.packet === packet);
    const segment = segments.find((one) => one.packet === packet);
    const first = segment ? events.filter((event) => event.end === segment.end) : [];
    first.forEach((event) => change(event, packet));
    if (segment) {
      const side = segment.end === "B" ? 1 : 0;
      messages[packet] = [side, 1 - side, text[packet]];
      if (!first.some((event) => event.rule)) take(side, `packet ${packet}`);
      steps[steps.length - 1].sent = [packet];
      flying[side].push(packet);
      if (connection.deviation && connection.deviation.segment === packet) {
        marked = steps.length;
        steps[marked - 1].notes.push(connection.deviation.rule);
      }
    }
    events.filter((event) => !first.includes(event)).forEach((event) => change(event, packet));
  }
  return {
    id: connection.connection, kind: "capture", title: connection.connection,
    verdict: `${connection.verdict}${connection.reason ? `: ${connection.reason}` : ""}`,
    violated: connection.verdict !== "conforms", names: ["A", "B"], initial: ["CLOSED", "CLOSED"],
    first: [[], []], steps, messages, marked, layout: -1, loop: null, judged: {},
  };
};
