// Requests as data: what goes out, and what its answer means. The page sends them, and shows them as client code.
//
// `meaning` is given the ack or the body of a success, and the id of the person who asked. It gives changes, which
// store.mjs describes.

const NOTHING = () => [];

// An event with an ack. `argument` may be left out.
export const emit = (event, argument, meaning = NOTHING) => ({ event, argument, meaning });

export const get = (path, meaning = NOTHING) => ({ method: "GET", path, meaning });
export const post = (path, body, meaning = NOTHING) => ({ method: "POST", path, body, meaning });
export const put = (path, body, meaning = NOTHING) => ({ method: "PUT", path, body, meaning });
export const del = (path, body, meaning = NOTHING) => ({ method: "DELETE", path, body, meaning });

// A form with a file, of `POST /api/chat/{chatId}/send-media`.
export const sendFile = (chat, file, content, clientMessageId, meaning) => ({
  method: "POST",
  path: `/api/chat/${chat}/send-media`,
  form: { media: file, content, clientMessageId },
  meaning,
});

// Something that no server needs to hear of.
export const nothing = (meaning) => ({ meaning });

// The media of a message that has `media`, or `mediaUrl` if that says everything. An object of the bucket is known by
// its `name`, anything else by its `url`.
export function mediaOf(raw) {
  const all = raw.media ?? (raw.mediaUrl ? [{ url: raw.mediaUrl }] : []);
  return all.map(({ url, type, filename }) => {
    const own = /^(?:\/api\/media\/)?([^/:]+)$/.exec(url);
    return { ...(own ? { name: own[1] } : { url }), type: type ?? raw.messageType ?? raw.type, filename };
  });
}

// What an event named `error` means, in every dialect.
export const errorEvent = ({ message, code }) => [{ type: "notice", text: `${code}: ${message}`, isError: true }];
