// Segments and ends in words, from rows of integers.

const FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg"];

/** What reads a field of a row by its name; `fixed` has those that never change. Undefined where there
 * is none. */
export const reader = (fields, fixed = {}) => {
  const places = Object.fromEntries(fields.map((name, i) => [name, i]));
  return (row, name) => (name in places ? row[places[name]] : fixed[name]);
};

/** A segment as the ladders have it: `SYN,ACK SEQ=3 ACK=1 LEN=1`. */
export const segmentText = (get, row, windows = false) => {
  const flags = FLAGS.filter((name) => get(row, `ctl.${name}`)).map((name) => name.toUpperCase());
  const ordered = ["SYN", "FIN", "RST", "PSH", "ACK", "URG"].filter((name) => flags.includes(name));
  const length = (get(row, "text") || 0) + (get(row, "ctl.syn") || 0) + (get(row, "ctl.fin") || 0);
  const ack = get(row, "ctl.ack") ? ` ACK=${get(row, "ack")}` : "";
  return `${ordered.join(",") || "no flags"} SEQ=${get(row, "seq")}${ack} LEN=${length}${windows ? ` WND=${get(row, "wnd")}` : ""}`;
};

/** The flags at the head of a segment's text. */
export const flagsOf = (text) => text.split(" ")[0];

/** SEQ, ACK and LEN of a segment's text. */
export const numbersOf = (text) => Object.fromEntries(
  [...text.matchAll(/(SEQ|ACK|LEN|WND)=(\d+)/g)].map((found) => [found[1], Number(found[2])]));

/** What to show of an end: its state, and the variables that matter in it. */
export const endOf = (layout, row) => {
  const get = (name) => layout.get(row, name);
  const states = layout.meanings["tcb.state"];
  const variables = [];
  let state = states ? states[get("tcb.state")] : "";
  if (get("listener.listening")) {
    if (state === "CLOSED") state = "LISTEN";
    variables.push(["SYN queue", get("listener.requests")], ["accept queue", get("listener.ready")]);
  }
  const open = state !== "CLOSED" && state !== "LISTEN";
  if (open) {
    variables.push(["ISS", get("tcb.iss")], ["SND.UNA", get("tcb.snd.una")], ["SND.NXT", get("tcb.snd.nxt")]);
    if (layout.octets) variables.push(["SND.WND", get("tcb.snd.wnd")]);
    if (state !== "SYN-SENT") {
      variables.push(["IRS", get("tcb.irs")], ["RCV.NXT", get("tcb.rcv.nxt")], ["RCV.WND", get("tcb.rcv.wnd")]);
    }
  }
  if (open && get("tcb.transfer.cwnd")) {
    variables.push(["cwnd", get("tcb.transfer.cwnd")], ["ssthresh", get("tcb.transfer.ssthresh")]);
    if (get("tcb.transfer.duplicates")) variables.push(["duplicate ACKs", get("tcb.transfer.duplicates")]);
    if (get("tcb.transfer.unread")) variables.push(["unread", get("tcb.transfer.unread")]);
  }
  if (get("request.queue")) variables.push(["waits in", layout.meanings["request.queue"][get("request.queue")]]);
  if (layout.requests) {
    const [asked, answered, failed] = ["asked", "answered", "failed"].map((name) => get(`user.${name}`));
    variables.push(["requests", asked], ["responses", answered]);
    if (failed) variables.push(["failed", failed]);
    if (open && get("user.idle")) variables.push(["idle limit in", `${get("user.idle")} ticks`]);
  }
  if (layout.keepAlive && state === "ESTABLISHED") variables.push(["next probe in", `${get("tcb.keep_alive")} ticks`], ["probes sent", get("tcb.probes")]);
  if (layout.timed) {
    if (state === "TIME-WAIT") variables.push(["TIME-WAIT", `${get("tcb.time_wait")} ticks`]);
    else if (open && get("tcb.span") !== undefined && get("tcb.snd.una") !== get("tcb.snd.nxt"))
      variables.push(["R", `${get("tcb.span")} ticks`]);
  }
  return { state, open, variables: variables.filter(([, value]) => value !== undefined) };
};
