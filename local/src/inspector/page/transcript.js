// Records as a transcript in the form of the system tests: what each client heard, without what differs from run to
// run.

// The last argument of an event if it is an offset: `"<time>[.<chat>.<seq>.<rev>.<frames>]-<marks>"`.
const OFFSET = /,"[0-9a-f]+(?:\.[^."]+\.[0-9a-f]+\.[0-9a-f]+\.[0-9a-f]+)?-[0-9a-f]{8}"\]$/;

export function transcript(records) {
  const lines = records.map(line).filter((text) => text !== null);
  return lines.map((text) => `${text}\n`).join("");
}

function line(record) {
  const label = record.user ?? record.connection ?? "somebody";
  switch (record.kind) {
    case "packet":
      return record.direction === "out" ? `${label} hears ${readable(record.packet)}` : null;
    case "closed":
      return record.byClient ? null : `${label} is closed: ${record.code} ${record.reason}`;
    case "refused":
      return `${label} is refused: ${record.status} ${record.why}`;
    default:
      return null;
  }
}

function readable({ type, text }) {
  if (type === "open") {
    const { pingInterval, pingTimeout, maxPayload } = JSON.parse(text.slice(1));
    return `open, ping every ${pingInterval} ms, timeout ${pingTimeout} ms, at most ${maxPayload} bytes`;
  }
  const withoutOffset = text.startsWith("42") ? text.replace(OFFSET, "]") : text;
  const withoutPid = withoutOffset.startsWith("40") ? withoutOffset.replace(/"pid":"[^"]*",/, "") : withoutOffset;
  return withoutPid.replace(/"(sid|socketId)":"[^"]*"/g, '"$1":"…"');
}
