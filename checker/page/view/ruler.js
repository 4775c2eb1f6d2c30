// The sequence space as a ruler: what one end sent and may send, and what the other takes.

import { h, s } from "./dom.js";
import { t } from "./i18n.js";
import { endOf } from "./words.js";

const ALL = 6; // bits of a space that is drawn whole

/** One direction: numbers that `from` uses for what it sends. */
const lane = (layout, from, to, names, width) => {
  const size = 2 ** layout.width;
  const get = (row, name) => layout.get(row, name);
  const [mine, theirs] = [endOf(layout, from), endOf(layout, to)];
  const modulo = (n) => ((n % size) + size) % size;
  const whole = layout.width <= ALL;
  const hears = theirs.open && theirs.state !== "SYN-SENT";
  const base = whole ? 0 : get(from, "tcb.iss") || 0;
  const spans = [];
  if (mine.open) {
    const [iss, una, nxt] = ["tcb.iss", "tcb.snd.una", "tcb.snd.nxt"].map((name) => get(from, name));
    spans.push(["acked", iss, modulo(una - iss)], ["flight", una, modulo(nxt - una)]);
    if (layout.octets) spans.push(["usable", una, get(from, "tcb.snd.wnd")]);
  }
  if (hears) spans.push(["window", get(to, "tcb.rcv.nxt"), get(to, "tcb.rcv.wnd")]);
  const far = (start, length) => modulo(start - base) + length;
  const shown = whole ? size : Math.max(8, ...spans.map(([, start, length]) => far(start, length)).filter((end) => end < size / 2)) + 2;
  const unit = (width - 20) / shown;
  const x = (n) => 10 + n * unit;
  const pieces = [];
  const bar = (kind, start, length) => {
    const at = modulo(start - base);
    if (!length || (!whole && at > shown)) return;
    const [y, height] = kind === "window" ? [42, 10] : kind === "usable" ? [14, 26] : [18, 18];
    for (const [one, many] of at + length > size ? [[at, size - at], [0, at + length - size]] : [[at, length]])
      pieces.push(s("rect", { class: `r-${kind}`, x: x(one), y, width: Math.max(2, many * unit), height, rx: 2 }));
  };
  spans.filter(([kind]) => kind === "usable").forEach((span) => bar(...span));
  spans.filter(([kind]) => kind !== "usable").forEach((span) => bar(...span));
  const ticks = [];
  const every = shown <= 40 ? 1 : Math.ceil(shown / 20);
  for (let n = 0; n < shown; n += every) {
    ticks.push(s("line", { class: "r-tick", x1: x(n), x2: x(n), y1: 36, y2: 40 }));
    if (shown <= 40 ? n % (width < 500 ? 4 : 2) === 0 : true)
      ticks.push(s("text", { class: "r-number", x: x(n) + (shown <= 40 ? unit / 2 : 0), y: 64, "text-anchor": "middle" }, String(modulo(base + n))));
  }
  const marks = [];
  const mark = (label, value, y, down) => {
    const at = modulo(value - base);
    if (at > shown) return;
    marks.push(s("path", { class: "r-mark", d: down ? `M${x(at)} ${y + 3}v28` : `M${x(at)} ${y - 24}v16` }),
      s("text", { class: "r-label", x: Math.min(width - 54, Math.max(2, x(at) - 2)), y }, label));
  };
  if (mine.open) {
    const [una, nxt] = [get(from, "tcb.snd.una"), get(from, "tcb.snd.nxt")];
    if (una === nxt) mark("SND.UNA = SND.NXT", una, 11, true);
    else { mark("SND.UNA", una, 11, true); if (modulo(nxt - una) * unit > 50) mark("SND.NXT", nxt, 11, true); }
  }
  const title = `${t("sent by")} ${names[0]}`;
  const told = [...mine.variables, ...(hears ? theirs.variables.map(([name, value]) => [`${names[1]}: ${name}`, value]) : [])];
  return h("figure", { class: "lane" },
    h("figcaption", {}, title, hears ? h("span", { class: "small" }, ` · ${names[1]}: RCV.NXT=${get(to, "tcb.rcv.nxt")} RCV.WND=${get(to, "tcb.rcv.wnd")}`) : null),
    s("svg", { viewBox: `0 0 ${width} 68`, role: "img", "aria-label": `${title}: ${told.map((pair) => pair.join(" ")).join(", ")}` },
      s("line", { class: "r-axis", x1: 10, x2: width - 10, y1: 38, y2: 38 }), pieces, ticks, marks));
};

/** Both directions. */
export const ruler = (track, width) => {
  const { layout, frame } = track;
  if (!layout.fields.includes("tcb.snd.una") || !frame.ends[0].length) return null;
  const names = ["A", "B"];
  return h("section", { class: "card", "aria-label": t("Sequence space") },
    h("h2", {}, t("Sequence space")),
    lane(layout, frame.ends[0], frame.ends[1], names, width),
    lane(layout, frame.ends[1], frame.ends[0], [...names].reverse(), width),
    h("p", { class: "legend" },
      [["acked", "acknowledged"], ["flight", "sent, not acknowledged"], ...(layout.octets ? [["usable", "send window"]] : []), ["window", "receive window"]]
        .map(([kind, text]) => h("span", {}, h("i", { class: `swatch r-${kind}` }), t(text)))));
};
