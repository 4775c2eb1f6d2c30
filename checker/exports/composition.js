// What a composition does, whatever its trees say (checker/ir/composition.py tells what one is).
//
// A state is {ends, bags}: an array of integers for each component, by the indices that
// `fields` names, and for each link the messages in flight, each an array by `messageFields`, in
// ascending order. States are values: nothing here changes one. A step is
//
//   {port, component, action, kept, link, message, drawn, rules, signals, sent, dropped, after}
//
// with null where it has none: a loss and a tick befall no component.

const compare = (one, other) => {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return one[i] - other[i];
  return 0;
};

const same = (one, other) => one.length === other.length && compare(one, other) === 0;

const without = (bag, message) => {
  const at = bag.findIndex((one) => same(one, message));
  return bag.filter((_, i) => i !== at);
};

const replaced = (list, at, item) => list.map((one, i) => (i === at ? item : one));

const different = (bag) => bag.filter((one, i) => i === 0 || !same(one, bag[i - 1]));

/** The initial state. */
export const initial = () => ({
  ends: parts.components.map((one) => one.initial.slice()),
  bags: parts.links.map(() => []),
});

/** Equal states, and no others, have equal texts. */
export const textOf = (state) => JSON.stringify([state.ends, state.bags]);

/** What an observer at a port sees. */
export const seen = (state, port) => {
  const { component, peer, out, takes } = parts.ports[port];
  return parts.observe(state.ends[peer], state.bags[out], state.bags[takes], state.ends[component]);
};

/** The numbers that a component may draw. */
export const offers = (end) => (parts.offers.find(([guard]) => guard(end)) || [null, [0]])[1];

/** Everything that an input may make of one component; a step that draws no number is one. */
export const outcomes = (end, kind, message, sight) => {
  const found = [];
  let plain = false;
  for (const number of offers(end)) {
    const one = parts.kinds[kind].step(end, message, sight, number);
    if (one === null || (plain && !one.path.drew)) continue;
    plain = plain || !one.path.drew;
    found.push({ ...one, drawn: one.path.drew ? number : null });
  }
  return found;
};

const befall = (state, port, kind, message, outcome, kept) => {
  const { component, takes, sends } = parts.ports[port];
  let bags = state.bags;
  if (message !== null && !kept) bags = replaced(bags, takes, without(bags[takes], message));
  const dropped = [];
  outcome.sent.forEach((one, i) => {
    const link = sends[Math.min(i, sends.length - 1)];
    const all = bags.reduce((sum, bag) => sum + bag.length, 0);
    if (bags[link].length >= parts.capacity || all >= parts.inFlight) dropped.push(one);
    else bags = replaced(bags, link, [...bags[link], one].sort(compare));
  });
  return {
    port,
    component,
    action: kept ? "duplicate" : parts.kinds[kind].name,
    kept,
    link: message === null ? null : takes,
    message,
    drawn: outcome.drawn,
    rules: outcome.path.rules,
    signals: outcome.path.signals,
    sent: outcome.sent,
    dropped,
    after: { ends: replaced(state.ends, component, outcome.end), bags },
  };
};

const aside = { port: null, component: null, kept: false, drawn: null, rules: [], signals: [], sent: [], dropped: [] };

/** The state a tick later; null while a component must act first, or if nothing would change. */
export const later = (state) => {
  if (!parts.timed || state.ends.some((end, i) => parts.components[i].blocked(end))) return null;
  const ends = state.ends.map((end, i) =>
    parts.components[i].tick === null ? end : parts.components[i].tick(end, null, null, 0).end,
  );
  const bags = state.bags.map((bag) => {
    if (parts.ttl === null) return bag;
    const older = bag.filter((one) => one[parts.ttl] > 1);
    return older.map((one) => replaced(one, parts.ttl, one[parts.ttl] - 1)).sort(compare);
  });
  const after = { ends, bags };
  return textOf(after) === textOf(state) ? null : after;
};

/** Every step from a state, in a fixed order. */
export const steps = (state) => {
  const found = [];
  const input = (port, delivers, message) => {
    const end = state.ends[parts.ports[port].component];
    const sight = seen(state, port);
    parts.kinds.forEach((kind, number) => {
      if (kind.delivers !== delivers || !kind.ports.includes(port)) return;
      for (const outcome of outcomes(end, number, message, sight)) {
        found.push(befall(state, port, number, message, outcome, false));
        if (delivers && parts.duplicate) found.push(befall(state, port, number, message, outcome, true));
      }
    });
  };
  parts.ports.forEach((_, port) => input(port, false, null));
  state.bags.forEach((bag, link) => {
    const port = parts.ports.findIndex((one) => one.takes === link);
    for (const message of different(bag)) {
      input(port, true, message);
      if (parts.lose) {
        const bags = replaced(state.bags, link, without(bag, message));
        found.push({ ...aside, action: "lose", link, message, after: { ends: state.ends, bags } });
      }
    }
  });
  const after = later(state);
  if (after !== null) found.push({ ...aside, action: "tick", link: null, message: null, after });
  return found;
};
