// What is told of a frame: the hosts, the step that led to it with its rules, and the claims.

import { h, rfc } from "./dom.js";
import { t } from "./i18n.js";
import { statesOf } from "./ladder.js";
import { endOf } from "./words.js";

/** The two hosts; `calls` gives what may be done to each. */
export const hosts = (track, calls = () => null) => {
  const { frame } = track;
  const before = track.at > 0 ? track.frames[track.at - 1] : null;
  return [0, 1].map((end) => {
    const row = frame.ends[end];
    const shown = row.length ? endOf(track.layout, row) : { state: "", variables: [] };
    const name = ["A", "B"][end];
    const state = statesOf(track, frame)[track.names.indexOf(name)] || shown.state;
    const was = before && before.ends[end].length ? Object.fromEntries(endOf(track.layout, before.ends[end]).variables) : {};
    return h("section", { class: `card host host-${end}`, "aria-label": `${t("Host")} ${name}`, id: `host-${end}` },
      h("h2", {}, name, h("span", { class: `state s-${state}` }, state)),
      h("dl", {}, shown.variables.map(([label, value]) =>
        h("div", { class: label in was && was[label] !== value ? "changed" : null }, h("dt", {}, label), h("dd", {}, String(value))))),
      calls(end));
  });
};

/** The step that led here. */
export const step = (track) => {
  const told = track.frame.step;
  if (!told) return h("section", { class: "card" }, h("h2", {}, t("This step")), h("p", {}, t(track.run ? track.run.verdict : "Nothing has happened yet. Let a host open: A actively, B passively.")));
  const who = told.actor === null || told.actor === undefined ? null : h("strong", {}, `${track.names[told.actor]} `);
  const list = (label, messages) => (messages.length ? h("li", {}, `${label} `, messages.map((one, i) => [i ? ", " : "", h("code", {}, `<${one.text}>`)])) : null);
  return h("section", { class: "card" },
    h("h2", {}, `${t("This step")}: ${track.at}`),
    told.got && ["deliver", "duplicate"].includes(told.action)
      ? h("p", {}, h("code", {}, `<${told.got.text}>`), ` ${t("arrives at")} `, who, told.kept ? `· ${t("a copy stays in flight")}` : null, told.old ? " (old)" : null)
      : h("p", {}, who, told.action, told.got ? [" ", h("code", {}, `<${told.got.text}>`)] : null, told.old ? " (old)" : null),
    h("h3", {}, t("Rules that fired")),
    told.rules.length ? h("ul", { class: "rules" }, told.rules.map((rule) => h("li", {}, rfc(rule)))) : h("p", {}, t("no rule")),
    h("ul", { class: "effects" }, list("→", told.sent), list("✕", told.lost),
      told.signals.map((one) => h("li", {}, `${t("told the user")}: ${one}`)), told.notes.map((one) => h("li", {}, one))));
};

/** What became of a claim in a frame: does it hold, and what to say of it. */
const verdict = (claim, way, last, unmet) => {
  const good = way === null;
  if (!good && unmet) return ["wait", "–", t("falls, and assumes what is not so here")];
  if (claim.kind === "rest" && !last) return ["wait", "·", t("asked only where all is at rest")];
  if (claim.kind === "sometimes") return [good ? "seen" : "wait", good ? "★" : "☆", t(good ? "reached" : "not yet")];
  if (claim.kind === "eventually") return [good ? "good" : "wait", good ? "✓" : "…", t(good ? "nothing is awaited" : "something is awaited")];
  return [good ? "good" : "bad", good ? "✓" : "✗", t(good ? "holds" : "falls")];
};

/** Every claim that can be asked here, those that fall first; `assumed` has what does not hold here
 * of what a claim assumes. */
export const claims = (track, data, assumed = {}) => {
  const judged = track.judge(track.frame).map(([id, way]) => {
    const claim = data.claims[id];
    return { id, way, claim, told: verdict(claim, way, track.at === track.frames.length - 1, id in assumed) };
  });
  if (!judged.length) return h("section", { class: "card" }, h("h2", {}, t("Claims")), h("p", {}, t("No claim watches this walk.")));
  const bad = judged.filter((one) => one.told[0] === "bad");
  const own = track.run ? track.run.claim : null;
  const order = (one) => (one.id === own ? 0 : one.told[0] === "bad" ? 1 : 2);
  const good = judged.filter((one) => one.told[0] === "good");
  const summary = bad.length ? `${bad.length} ${t("fall here")}` : good.length ? `${good.length} ${t("hold here")}` : judged[0].told[2];
  return h("section", { class: "card claims", "aria-label": t("Claims") },
    h("h2", {}, t("Claims"), h("span", { class: `tag ${bad.length ? "bad" : "good"}`, id: "claims-told" }, summary)),
    h("ul", {}, [...judged].sort((one, other) => order(one) - order(other)).map(({ id, way, claim, told: [kind, sign, word] }) => {
      const needs = Object.entries(assumed[id] || {}).map(([name, value]) => `${name}=${value}`);
      return h("li", { class: kind, "data-claim": id, "data-kind": kind },
        h("span", { class: "sign", title: word, "aria-label": word }, sign), h("strong", {}, id), " ", claim.title,
        kind !== "good" && needs.length ? h("div", { class: "small" }, `${t("assumes")} ${needs.join(", ")}`) : null,
        kind === "bad" && way.length ? fell(way, data) : null);
    })));
};

/** The clause that fell: the last decisions before the claim was found false. */
const fell = (way, data) => h("div", { class: "clause" }, t("decided at"),
  h("ol", {}, way.slice(-3).map(([where]) =>
    h("li", {}, h("code", {}, data.places[where] || where), " ", h("span", { class: "small" }, where)))));
