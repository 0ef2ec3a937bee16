// Pictures and videos. Their routes want a token in a header, which `<img>` cannot send. So the page fetches the bytes.

import { element } from "./elements.mjs";

// A larger part is answered with a redirect to the bucket, which has another origin.
const PART_BYTES = 4 * 1_024 * 1_024;
// The largest file that the system accepts.
const FILE_MAX_BYTES = 52_428_800;

// The bytes of an object, part by part.
async function bytesOf(dialect, token, name) {
  const parts = [];
  let type = "";
  for (let from = 0, total = Infinity; from < total && from < FILE_MAX_BYTES; from += PART_BYTES) {
    const headers = { authorization: `Bearer ${token}`, range: `bytes=${from}-${from + PART_BYTES - 1}` };
    const response = await fetch(`/${dialect.name}/api/media/${name}`, { headers });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    total = Number(response.headers.get("content-range")?.split("/")[1] ?? 0);
    type = response.headers.get("content-type");
    parts.push(await response.blob());
  }
  return new Blob(parts, { type });
}

// The addresses of the objects that a page has fetched, each fetched once.
export class MediaShelf {
  #addresses = new Map();

  constructor(dialect, token) {
    this.dialect = dialect;
    this.token = token;
  }

  #addressOf(name) {
    if (!this.#addresses.has(name)) {
      this.#addresses.set(name, bytesOf(this.dialect, this.token, name).then((blob) => ({
        url: URL.createObjectURL(blob),
        type: blob.type,
      })));
    }
    return this.#addresses.get(name);
  }

  // An element that shows a medium. Something that is elsewhere becomes a link: the page fetches nothing from there.
  show({ name, url, filename }, caption) {
    if (!name) return element("a", { href: url, rel: "noreferrer", target: "_blank" }, filename ?? url);
    const frame = element("div", { class: "medium" }, "Loading …");
    this.#addressOf(name).then(
      ({ url: source, type }) => frame.replaceChildren(
        type.startsWith("video/")
          ? element("video", { src: source, controls: true, "aria-label": caption })
          : element("img", { src: source, alt: caption }),
      ),
      (error) => frame.replaceChildren(`The file cannot be shown: ${error.message}`),
    );
    return frame;
  }

  close() {
    for (const address of this.#addresses.values()) {
      address.then(({ url }) => URL.revokeObjectURL(url), () => {});
    }
    this.#addresses.clear();
  }
}
