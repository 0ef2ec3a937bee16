// A client of workspace, as the types check it.

import { io, type Socket } from "socket.io-client";
import type { ClientToServerEvents, ServerToClientEvents } from "@parlance/types/workspace";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:3000/workspace");

socket.on("conversation:updated", ({ lastMessage, unreadCount }) => (lastMessage ? unreadCount : 0));
socket.on("user:online", ({ status }) => status === "away");

export async function open(conversationId: string): Promise<boolean> {
  const joined = await socket.emitWithAck("conversation:join", conversationId);
  const status = await socket.emitWithAck("user:status", "busy");
  return joined.success && status.success;
}

// @ts-expect-error: the argument is the id itself.
void socket.emitWithAck("conversation:join", { conversationId: "3f1c9a52b0de4477aa01c2d9" });
// @ts-expect-error: no such status.
void socket.emitWithAck("user:status", "asleep");
