// What both Node servers need: tokens, and the few routes that an app uses besides its socket.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SECRET = "dev-secret";

// The user of a token (HS256), or null if the signature is wrong or the token has ended.
export function userOf(token) {
  const [header, claims, signature] = String(token ?? "").replace(/^Bearer /, "").split(".");
  const expected = createHmac("sha256", SECRET).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const { sub, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
  return exp > Date.now() / 1000 ? sub : null;
}

// Lets in who has a token; the user's name is in `socket.data.user` afterwards.
export function authenticate(io) {
  io.use((socket, next) => {
    const user = userOf(socket.handshake.auth.token);
    if (user === null) return next(new Error("Authentication failed"));
    socket.data.user = user;
    next();
  });
}

async function bodyOf(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text === "" ? {} : JSON.parse(text);
}

// An HTTP server with two routes: `createOrGet(user, other)` gives the chat of two people, `messagesAfter(chatId, seq)` what follows a message.
export function httpServer({ createOrGet, messagesAfter }) {
  const route = async (request) => {
    const user = userOf(request.headers.authorization);
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    if (user === null) return [401, { success: false }];
    if (request.method === "POST" && pathname === "/api/chat/create-or-get") {
      const { otherUserId } = await bodyOf(request);
      return [201, { success: true, data: await createOrGet(user, otherUserId) }];
    }
    const chat = /^\/api\/message\/chat\/(.+)$/.exec(pathname);
    if (request.method === "GET" && chat) {
      const messages = await messagesAfter(chat[1], Number(searchParams.get("afterSeq") ?? 0));
      return [200, { success: true, data: { messages } }];
    }
    return [404, { success: false }];
  };
  return createServer((request, response) => {
    // Socket.IO answers its own path.
    if (request.url.startsWith("/socket.io/")) return;
    route(request).catch((error) => [500, { success: false, error: String(error) }]).then(([status, body]) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
}

// Listens at PORT (0 or none takes a free one), and says where.
export function listen(server) {
  server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
    console.log(`running at http://localhost:${server.address().port}`);
  });
}
