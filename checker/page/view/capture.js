// Capture: a report of `conform --json` or `narrate --json`, in the same player.

import { h, select } from "./dom.js";
import { t } from "./i18n.js";
import { ofReport, Recording } from "./recorded.js";
import { player } from "./watch.js";

const LAYOUT = { fields: [], meanings: {}, claims: [] };

export class Capture {
  constructor(app) {
    this.app = app;
    this.report = null;
    this.problem = "";
    this.track = null;
  }

  key(event) {
    if (!this.track) return false;
    if (event.key === "ArrowLeft") this.track.undo();
    else if (event.key === "ArrowRight") this.track.redo();
    else return false;
    return true;
  }

  /** Take the text of a report. */
  read(text) {
    this.report = null;
    this.track = null;
    this.problem = "";
    try {
      const report = JSON.parse(text);
      if (report.version !== 1 || !Array.isArray(report.connections)) throw new Error();
      if (!report.connections.length) this.problem = t("This report has no connections.");
      else { this.report = report; this.choose(0); }
    } catch {
      this.problem = t("This is no report of conform or narrate.");
    }
    this.app.draw();
  }

  choose(n) {
    this.number = n;
    const connection = this.report.connections[n];
    this.track = connection.life ? new Recording(ofReport(connection), LAYOUT, null) : null;
    this.told = connection;
  }

  view(width) {
    const connection = this.told;
    return [
      h("section", { class: "card" }, h("h2", {}, t("Open a report")),
        h("p", {}, h("code", {}, "python -m checker conform capture.pcap --json report.json")),
        h("label", { class: "field" }, h("span", {}, t("Read a report of conform --json")),
          h("input", { type: "file", accept: ".json,application/json", id: "report", onchange: async (event) => { const [file] = event.target.files; if (file) this.read(await file.text()); } })),
        this.problem ? h("p", { class: "warning", role: "alert" }, this.problem) : null,
        this.report ? select(t("Connections"), this.report.connections.map((one, i) => [i, `${one.connection} · ${one.verdict}`]), this.number, (n) => { this.choose(Number(n)); this.app.draw(); }, { "data-key": "connection" }) : null,
        this.report && !this.track ? h("pre", { class: "scroll" }, summary(connection)) : null),
      this.track ? player(this.track, this.app, width) : null,
    ];
  }
}

/** What a report of `narrate` says of a connection. */
const summary = (connection) => [
  `${connection.connection}: ${connection.verdict}`,
  connection.handshake ? `handshake: ${connection.handshake.round_trips} round trips, ${connection.handshake.seconds} s` : "",
  ...(connection.ends || []).map((end) => `packet ${end.packet}: ${end.who} ${end.what}`),
  `left: ${(connection.left || []).join(" / ")}`,
].filter(Boolean).join("\n");
