import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [token, otherUserId, url = "http://localhost:3000"] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
const socket = io(url, { auth: { token }, transports: ["websocket"] });
socket.on("new_message", ({ message }) => console.log(`${message.senderId}: ${message.content}`));
for await (const content of createInterface({ input: process.stdin })) {
  const found = await fetch(`${url}/api/chat/create-or-get`, { method: "POST", headers, body: JSON.stringify({ otherUserId }) });
  const { error } = await socket.emitWithAck("send_message", { chatId: (await found.json()).data._id, content });
  if (error) console.error(error.message);
}
