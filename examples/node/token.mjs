// Stands for your own backend, which knows who its users are and signs their tokens. Clients never have the secret.

import { createHmac } from "node:crypto";

const SECRET = process.env.JWT_SECRET ?? "dev-secret";
// Short, so that this example renews its token while you watch.
const LIFE_SECONDS = Number(process.env.TOKEN_SECONDS ?? 600);

/** @param {unknown} value */
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * A token for a user, and the time at which it ends, in milliseconds since 1970.
 *
 * @param {string} user
 */
export async function fetchToken(user) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: user, name: user, iat: now, exp: now + LIFE_SECONDS };
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  const signature = createHmac("sha256", SECRET).update(signed).digest("base64url");
  return { token: `${signed}.${signature}`, endsAt: claims.exp * 1_000 };
}
