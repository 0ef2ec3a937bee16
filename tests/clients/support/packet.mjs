// Packets of Socket.IO, as text.

// Stands between the packets in the body of a polling client.
export const SEPARATOR = "\u001e";

// A Socket.IO packet in a message of Engine.IO, or null for any other packet. `id` is text, empty if there is none.
export function parse(text) {
  const found = /^4(\d)(?:(\/[^,]*),?)?(\d*)(.*)$/s.exec(text);
  if (!found) return null;
  const [, type, namespace = "/", id, json] = found;
  return { type, namespace, id, data: json === "" ? undefined : JSON.parse(json) };
}
