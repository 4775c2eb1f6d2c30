// The ladder: two lifelines, a row for each step, an arrow for each segment.

import { h, s } from "./dom.js";
import { t } from "./i18n.js";
import { endOf, flagsOf, numbersOf } from "./words.js";

const ROW = 52;
const TOP = 34;

const NARROW = 480;

/** A segment where there is little room: flags, SEQ and ACK. */
const brief = (text) => {
  const { SEQ, ACK } = numbersOf(text);
  return SEQ === undefined ? text : `${flagsOf(text)} ${SEQ}${ACK === undefined ? "" : `/${ACK}`}`;
};

/** The states of a frame, as drawn. */
export const statesOf = (track, frame) =>
  frame.states || frame.ends.map((row) => endOf(track.layout, row).state);

/** Where each segment left, arrived and was lost, by step. */
const flights = (frames) => {
  const found = new Map();
  frames.forEach((frame, i) => {
    if (!frame.step) return;
    const { got, sent, lost } = frame.step;
    if (got) {
      if (!found.has(got.uid)) found.set(got.uid, { ...got, left: null, arrived: [], lost: null });
      found.get(got.uid).arrived.push(i);
    }
    sent.forEach((one, nth) => found.set(one.uid, { ...one, left: i, nth, arrived: [], lost: null }));
    lost.forEach((one) => { if (found.has(one.uid)) found.get(one.uid).lost = i; });
  });
  return [...found.values()];
};

/** The ladder of a track; `go` is called with the step that was chosen. */
export const ladder = (track, width, go, marked = null) => {
  const frames = track.frames.slice(0, track.whole ? track.frames.length : Math.max(track.at + 1, track.shown || 0));
  const side = Math.min(130, Math.max(98, width * 0.2));
  const places = track.names.map((_, i) => side + ((width - 2 * side) * i) / (track.names.length - 1));
  const y = (i) => TOP + ROW * i;
  const height = y(frames.length - 1) + 40;
  const parts = [];
  if (track.loop !== null && track.loop !== undefined && frames.length > track.loop + 1) {
    parts.push(s("rect", { class: "l-loop", x: 2, y: y(track.loop + 1) - 24, width: width - 4, height: y(frames.length - 1) - y(track.loop + 1) + 44, rx: 8 }),
      s("text", { class: "l-looptext", x: width / 2, y: y(frames.length - 1) + 34, "text-anchor": "middle" }, `↻ ${t("loop")}, ${t("forever")}`));
  }
  if (track.at < frames.length) parts.push(s("rect", { class: "l-now", x: 0, y: y(track.at) - 22, width, height: ROW - 6, rx: 6 }));
  if (marked !== null) parts.push(s("rect", { class: "l-differs", x: 1, y: y(marked) - 22, width: width - 2, height: ROW - 6, rx: 6 }));
  places.forEach((x) => parts.push(s("line", { class: "l-life", x1: x, x2: x, y1: 14, y2: height - 18 })));
  const state = (frame, i, end) => {
    const text = statesOf(track, frame)[end] || "";
    const was = i > 0 ? statesOf(track, frames[i - 1])[end] || "" : "";
    if (i > 0 && text === was) return null;
    const left = end === 0;
    const inner = end > 0 && end < places.length - 1;
    return s("text", { class: "l-state", x: places[end] + (left ? -8 : inner ? 6 : 8), y: y(i) + 4, "text-anchor": left ? "end" : "start" }, text);
  };
  const base = parts.splice(0);
  const arrows = flights(frames).map((one) => {
    const parts = [];
    const [from, to] = [places[one.from], places[one.to]];
    const way = Math.sign(to - from);
    const start = one.left === null ? y(0) : y(one.left) + 4 + 14 * (one.nth || 0);
    const ends = [...one.arrived.map((i) => [to, y(i), "arrow", i])];
    if (one.lost !== null) ends.push([from + (to - from) * 0.36, y(one.lost) + (one.lost === one.left ? 10 : 4), "lost", one.lost]);
    if (!ends.length) ends.push([from + (to - from) * 0.42, Math.min(height - 22, y(frames.length - 1) + 16), "open", null]);
    ends.forEach(([x, end, kind], n) => {
      parts.push(s("path", { class: `l-message l-${kind}${n ? " l-copy" : ""}`, d: `M${from} ${start}L${x} ${end}`, "marker-end": kind === "arrow" ? "url(#head)" : null }));
      if (kind === "lost") parts.push(s("path", { class: "l-cross", d: `M${x - 5} ${end - 5}l10 10m0 -10l-10 10` }));
    });
    // Along the first of its arrows, below the line, from the sender's end.
    const angle = (Math.atan2(ends[0][1] - start, Math.abs(ends[0][0] - from)) * 180) / Math.PI * way;
    parts.push(s("text", { class: "l-label", x: from + way * 9, y: start + 12, "text-anchor": way > 0 ? "start" : "end", transform: `rotate(${angle.toFixed(1)} ${from} ${start})` }, width < NARROW ? brief(one.text) : one.text));
    return s("g", {}, parts);
  });
  const rows = frames.map((frame, i) => {
    const parts = [];
    places.forEach((_, end) => parts.push(state(frame, i, end)));
    if (frame.step) {
      const { actor, action } = frame.step;
      if (action !== "deliver") {
        const place = actor === null || actor === undefined ? null : places[actor];
        const last = actor === places.length - 1;
        const words = action === "duplicate" ? "deliver, keep a copy" : action;
        parts.push(place === null
          ? s("text", { class: "l-action", x: width / 2, y: y(i) + 4, "text-anchor": "middle" }, words)
          : s("text", { class: "l-action", x: place + (last ? -9 : 9), y: y(i) - 5, "text-anchor": last ? "end" : "start" }, words));
      }
    }
    parts.push(s("text", { class: "l-step", x: 4, y: y(i) - 10 }, i ? String(i) : ""));
    parts.push(s("rect", {
      class: "l-hit", x: 0, y: y(i) - 24, width, height: ROW, onclick: () => go(i),
    }));
    return s("g", {}, parts);
  });
  return h("div", { class: "ladder" },
    h("div", { class: "lifelines", style: `grid-template-columns: repeat(${places.length}, 1fr)` }, track.names.map((name) => h("strong", {}, name))),
    s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": describe(track, frames) },
      s("defs", {}, s("marker", { id: "head", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
        s("path", { class: "l-head", d: "M0 0L10 5L0 10z" }))),
      s("g", {}, base), s("g", {}, arrows), s("g", {}, rows)));
};

/** The ladder in words, for those who hear it. */
const describe = (track, frames) => frames.map((frame, i) => {
  if (!frame.step) return `${track.names.join(", ")}: ${statesOf(track, frame).join(", ")}.`;
  const { actor, action, got, sent, lost } = frame.step;
  const who = actor === null || actor === undefined ? "" : `${track.names[actor]} `;
  const tell = (word, list) => (list.length ? `; ${word} ${list.map((one) => one.text).join(" and ")}` : "");
  return `${i}. ${who}${action}${got ? ` ${got.text}` : ""}${tell("sends", sent)}${tell("lost", lost)}: ${statesOf(track, frame).join(", ")}.`;
}).join(" ");
