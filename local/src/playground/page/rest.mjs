// REST requests of one person, and tokens.

// Sends a request of a dialect, and gives the body of a success. Throws `{message, code}` otherwise.
export async function send(dialect, token, { method, path, body, form }) {
  const response = await fetch(`/${dialect.name}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: form ? formOf(form) : body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw { message: answer.message, code: answer.code ?? answer.error?.code ?? String(response.status) };
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  return form;
}

// A token for a person who was invented here. Throws `{message}` if the server makes none.
export async function tokenFor(user, name) {
  const response = await fetch("/playground/token", {
    method: "POST",
    headers: { "content-type": "application/json", "x-parlance-playground": "1" },
    body: JSON.stringify({ user, name }),
  });
  const answer = await response.json();
  if (!response.ok) throw answer;
  return answer.token;
}
