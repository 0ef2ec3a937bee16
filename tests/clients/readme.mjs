import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [token, other, dialect = "recruiting", url = "http://localhost:3000"] = process.argv.slice(2);
const socket = io(`${url}/${dialect}`, { auth: { token } });
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
const made = await fetch(`${url}/recruiting/api/chat/create-or-get`, { method: "POST", headers, body: JSON.stringify({ otherUserId: other }) });
const { data, message } = await made.json();
if (!data) throw new Error(message);
const id = data._id;
const say = {
  recruiting: (text) => ["send_message", { chatId: id, content: text }],
  marketplace: (text) => ["sendMessage", { chatId: id, content: text, messageType: "text" }],
  messenger: (text) => ["send_message", { receiverId: other, content: text }],
  workspace: (text) => ["message:send", { conversationId: id, content: text }],
  classroom: (text) => ["send:message", { conversationId: id, text }],
}[dialect];
const print = (sender, text) => sender === other && console.log(`${sender}: ${text}`);
socket.on("new_message", ({ message }) => print(message.senderId, message.content)); // recruiting
socket.on("newMessage", (message) => print(message.sender._id, message.content)); // marketplace
socket.on("receive_message", (message) => print(message.senderId, message.content)); // messenger
socket.on("message:new", (message) => print(message.senderId, message.content)); // workspace
socket.on("new:message", ({ message }) => print(message.senderId._id, message.text)); // classroom
for await (const text of createInterface({ input: process.stdin })) {
  const { error } = await socket.emitWithAck(...say(text));
  if (error) console.error(error.message);
}
socket.close(); // after Ctrl-D
