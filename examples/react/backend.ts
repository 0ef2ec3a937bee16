// Stands for your own backend, which knows who its users are and signs their tokens. Pages never have the secret.

import { createHmac } from "node:crypto";
import type { Connect, Plugin } from "vite";

const SECRET = process.env.JWT_SECRET ?? "dev-secret";
// Short, so that this example renews its token while you watch.
const LIFE_SECONDS = Number(process.env.TOKEN_SECONDS ?? 600);

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenOf(user: string) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: user, name: user, iat: now, exp: now + LIFE_SECONDS };
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  const signature = createHmac("sha256", SECRET).update(signed).digest("base64url");
  return { token: `${signed}.${signature}`, endsAt: claims.exp * 1_000 };
}

/** `GET /token?user=USER`. A real backend asks who the user is, and believes no parameter. */
const answer: Connect.NextHandleFunction = (request, response) => {
  const user = new URL(request.url ?? "", "http://localhost").searchParams.get("user");
  response.statusCode = user ? 200 : 400;
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-store");
  response.end(JSON.stringify(user ? tokenOf(user) : { message: "user is missing" }));
};

/** Answers the page's requests for tokens, in `vite` and in `vite preview`. */
export const backend = (): Plugin => ({
  name: "backend",
  configureServer: (server) => void server.middlewares.use("/token", answer),
  configurePreviewServer: (server) => void server.middlewares.use("/token", answer),
});
