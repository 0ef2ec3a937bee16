// REST as an app calls it.

import { tokenOf } from "./token.mjs";

// One request; `body` is sent as JSON unless it is text already.
export async function request(url, method, path, { token, body, headers = {} } = {}) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text && JSON.parse(text) };
}

// The requests of one user.
export function restOf(url, user, { prefix = "" } = {}) {
  const token = tokenOf(user);
  const call = (method) => (path, body) => request(url, method, prefix + path, { token, body });
  return { get: call("GET"), post: call("POST"), put: call("PUT"), delete: call("DELETE") };
}
