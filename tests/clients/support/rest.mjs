// REST as an app calls it.

import { checkAnswer } from "./contract.mjs";
import { tokenOf } from "./token.mjs";

// `fetch`, which checks the answer against the contract of the dialect.
export async function fetched(url, { method = "GET", body, ...options } = {}) {
  const response = await fetch(url, { method, body, ...options });
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  // A form is no JSON, and some tests send texts that are not.
  const requested = () => { try { return JSON.parse(body); } catch { return undefined; } };
  checkAnswer(url, method, response.status, isJson ? await response.clone().json() : undefined, requested());
  return response;
}

// One request; `body` is sent as JSON unless it is text already.
export async function request(url, method, path, { token, body, headers = {} } = {}) {
  const response = await fetched(url + path, {
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
