// The data of the page, inflated when first asked for, and its modules.

const inflate = async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
};

let packed = null;
const modules = new Map();

/** All that is no module. */
export const load = async () => {
  packed = JSON.parse(document.getElementById("modules").textContent);
  return JSON.parse(await inflate(document.getElementById("data").textContent));
};

/** The module of this name; null if there is none. */
export const moduleOf = (name) => {
  if (!(name in packed)) return Promise.resolve(null);
  if (!modules.has(name)) {
    modules.set(name, inflate(packed[name]).then((text) => {
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      return import(url);
    }));
  }
  return modules.get(name);
};
