// A client of messenger, as the types check it.

import { io, type Socket } from "socket.io-client";
import type { WithoutAck } from "@parlance/types";
import type { ClientToServerEvents, ServerToClientEvents } from "@parlance/types/messenger";

const socket: Socket<ServerToClientEvents, WithoutAck<ClientToServerEvents>> = io("http://localhost:3000/messenger");

socket.on("online_users", (users) => users.map(({ name, username }) => username ?? name));
socket.on("receive_message", (message) => message.readAt?.slice(0, 10));
socket.on("message_history", ({ messages, pagination }) => ("page" in pagination ? pagination.page : messages.length));

socket.emit("send_message", { receiverId: "bob", content: "Hello" });
socket.emit("get_message_history", { otherUserId: "bob", page: 2 });

// @ts-expect-error: messenger addresses a person, not a chat.
socket.emit("send_message", { chatId: "3f1c9a52b0de4477aa01c2d9", content: "Hello" });
