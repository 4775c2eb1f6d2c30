// Elements, made in one call, and put in the place of others.

/** What an element does is kept with it, so that it can be given to the element that stands for it. */
const act = (event) => event.currentTarget.does[event.type](event);

const give = (element, does) => {
  for (const type of Object.keys(does || {})) if (!element.does || !(type in element.does)) element.addEventListener(type, act);
  element.does = { ...element.does, ...does };
};

const make = (space) => (name, attributes = {}, ...children) => {
  const element = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) give(element, { [key.slice(2)]: value });
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

const alike = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName && one.id === other.id;

/** Make `old` as `fresh` is. What stays need not be laid out again, and keeps focus and place. */
const become = (old, fresh) => {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  // What a reader has opened or closed stays so.
  const [was, now] = [old.attributes, fresh.attributes];
  for (let i = was.length - 1; i >= 0; i--) if (was[i].name !== "open" && !fresh.hasAttribute(was[i].name)) old.removeAttribute(was[i].name);
  for (let i = 0; i < now.length; i++) if (now[i].name !== "open" && old.getAttribute(now[i].name) !== now[i].value) old.setAttribute(now[i].name, now[i].value);
  if (old.does || fresh.does) {
    for (const type in old.does) old.does[type] = () => {};
    give(old, fresh.does);
  }
  if (old.firstChild || fresh.firstChild) children(old, [...fresh.childNodes]);
  const typing = old === document.activeElement && old.type === "number";
  if (/^(INPUT|SELECT)$/.test(old.nodeName) && fresh.type !== "file" && !typing && old.value !== fresh.value) old.value = fresh.value;
};

/** Let these be the children of `parent`: those that are like its own take their places, by their ids or
 * in their order. */
export const children = (parent, fresh) => {
  const ids = fresh.some((one) => one.id) ? [...parent.children].filter((one) => one.id) : [];
  const named = new Map(ids.map((one) => [one.id, one]));
  let here = parent.firstChild;
  for (const one of fresh) {
    const own = one.id ? named.get(one.id) : here && !here.id && alike(here, one) ? here : null;
    if (!own || !alike(own, one)) parent.insertBefore(one, here);
    else {
      if (own === here) here = here.nextSibling;
      else parent.insertBefore(own, here);
      become(own, one);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
};
