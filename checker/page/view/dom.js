// Elements, made in one call.

const make = (space) => (name, attributes = {}, ...children) => {
  const element = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" && !space) element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined));
  return element;
};

export const h = make(null);
export const s = make("http://www.w3.org/2000/svg");

/** A button; `key` is the key that does the same. */
export const button = (label, onclick, more = {}) => h("button", { type: "button", onclick, ...more }, label);

/** A select of [value, label] pairs. */
export const select = (label, options, value, onchange, more = {}) =>
  h("label", { class: "field" }, h("span", {}, label),
    h("select", { onchange: (event) => onchange(event.target.value), ...more },
      options.map(([one, text]) => h("option", { value: one, selected: String(one) === String(value) }, text))));

/** A number that may be changed. */
export const number = (label, value, onchange, more = {}) =>
  h("label", { class: "field" }, h("span", {}, label),
    h("input", { type: "number", value, min: 0, step: "any", oninput: (event) => onchange(Number(event.target.value)), ...more }));

/** What is behind a word of an RFC: a link to its section. */
export const rfc = (text) => {
  const found = /^RFC (\d+)(?: ([\d.]+))?/.exec(text) || /^()(\d[\d.]*\d|\d)(?= |:|$)/.exec(text);
  if (!found) return h("span", {}, text);
  const [whole, document_, section] = found;
  const page = `https://www.rfc-editor.org/rfc/rfc${document_ || "9293"}`;
  const anchor = section ? `#section-${section.replace(/\.$/, "")}` : "";
  return h("span", {}, h("a", { href: page + anchor, target: "_blank", rel: "noreferrer" }, whole), text.slice(whole.length));
};
