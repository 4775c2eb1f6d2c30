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

/** A connection of a report of `conform`, as a run: states alone, no numbers. */
export const ofReport = (connection) => {
  const states = ["CLOSED", "CLOSED"];
  const steps = (connection.life || []).map((event) => {
    const end = event.end === "B" ? 1 : 0;
    states[end] = event.after;
    return {
      actor: end, action: `${event.inferred ? "(inferred) " : ""}packet ${event.packet}`,
      rules: [event.rule], states: [...states],
      notes: [`${event.before} → ${event.after}`],
    };
  });
  return {
    id: connection.connection, kind: "capture", title: connection.connection,
    verdict: `${connection.verdict}${connection.reason ? `: ${connection.reason}` : ""}`,
    violated: connection.verdict !== "conforms", names: ["A", "B"], initial: ["CLOSED", "CLOSED"],
    first: [[], []], steps, messages: {}, layout: -1, loop: null, judged: {},
  };
};
