// A client of marketplace, as the types check it.

import { io, type Socket } from "socket.io-client";
import type { ClientToServerEvents, ServerToClientEvents } from "@parlance/types/marketplace";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:3000/marketplace");

socket.on("newMessage", (message) => message.sender.profilePicture?.length);
socket.on("messageRead", ({ markedCount }) => (markedCount ?? 1).toFixed());

export async function reply(chatId: string, parentMessageId: string): Promise<string> {
  const answer = await socket.emitWithAck("sendMessage", { chatId, content: "Hello", parentMessageId });
  return answer.success ? answer.data._id : answer.error.code;
}

// @ts-expect-error: `isTyping` must be there.
void socket.emitWithAck("typing", { chatId: "3f1c9a52b0de4477aa01c2d9" });
// @ts-expect-error: a status is sent, delivered or read.
socket.on("newMessage", (message) => message.status === "seen");
