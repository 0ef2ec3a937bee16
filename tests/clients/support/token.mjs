// Tokens as an app's own backend would sign them: HS256 over the local system's development secret.

import { createHmac } from "node:crypto";

export const DEV_SECRET = "dev-secret";

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// Seconds since 1970, `delta` from now.
export const seconds = (delta = 0) => Math.floor(Date.now() / 1000) + delta;

// Signs exactly these claims.
export function sign(claims, { secret = DEV_SECRET, header = { alg: "HS256", typ: "JWT" } } = {}) {
  const signed = `${base64url(header)}.${base64url(claims)}`;
  const signature = header.alg === "none" ? "" : createHmac("sha256", secret).update(signed).digest("base64url");
  return `${signed}.${signature}`;
}

// A good token that speaks for a user for an hour.
export const tokenOf = (user, claims = {}) => sign({ sub: user, exp: seconds(3600), ...claims });
