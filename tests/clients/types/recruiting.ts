// A client of recruiting, as the types check it.

import { io, type Socket } from "socket.io-client";
import type { WithoutAck } from "@parlance/types";
import type { Chat, ClientToServerEvents, Message, ServerToClientEvents } from "@parlance/types/recruiting";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:3000/recruiting");
const shown: Message[] = [];

socket.on("connected", ({ userId, socketId }) => shown.forEach((message) => [message.senderId, userId, socketId]));
socket.on("new_message", ({ message }) => shown.push(message));
socket.on("chat_updated", ({ latestMessage }) => latestMessage?.content?.toUpperCase());
socket.on("error", ({ code, details }) => (code === "RATE_LIMIT" ? details.retryAfter : details.field));

export async function send(chatId: string): Promise<string> {
  const answer = await socket.emitWithAck("send_message", { chatId, content: "Hello", messageType: "text" });
  return answer.success ? answer.message._id : answer.error.message;
}

export async function block(chatId: string): Promise<Chat | undefined> {
  const answer = await socket.timeout(1_000).emitWithAck("block_user", { chatId });
  return answer.success ? answer.chat : undefined;
}

const quiet: Socket<ServerToClientEvents, WithoutAck<ClientToServerEvents>> = io("http://localhost:3000/recruiting");
quiet.emit("typing_start", { chatId: "3f1c9a52b0de4477aa01c2d9" });
quiet.emit("get_online_users");

// @ts-expect-error: a chat is named by its id.
quiet.emit("typing_start", { chatId: 7 });
// @ts-expect-error: the dialect has no audio.
void socket.emitWithAck("send_message", { chatId: "3f1c9a52b0de4477aa01c2d9", messageType: "audio" });
// @ts-expect-error: no such event is heard.
socket.on("newMessage", () => undefined);
