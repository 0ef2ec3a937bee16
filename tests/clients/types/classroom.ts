// A client of classroom, as the types check it.

import { io, type Socket } from "socket.io-client";
import type { ClientToServerEvents, Conversation, ServerToClientEvents } from "@parlance/types/classroom";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:3000/classroom");
export const seen = ({ participants }: Conversation) => participants.map(({ lastSeen }) => new Date(lastSeen ?? 0));

socket.on("new:message", ({ message }) => message.media.map(({ url, size }) => [url, size ?? 0]));
socket.on("messages:read", ({ messageIds }) => messageIds.length);

export async function send(conversationId: string): Promise<number> {
  const media = [{ url: "https://example.com/picture.png", size: 12 }];
  const sent = await socket.emitWithAck("send:message", { conversationId, media, messageType: "image" });
  const messageIds = sent.success ? [sent.message._id] : [];
  const read = await socket.emitWithAck("message:read", { conversationId, messageIds });
  return read.success ? read.markedCount : 0;
}

// @ts-expect-error: each medium has a url.
void socket.emitWithAck("send:message", { conversationId: "3f1c9a52b0de4477aa01c2d9", media: [{ size: 12 }] });
