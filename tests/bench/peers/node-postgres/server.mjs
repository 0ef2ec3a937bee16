// A chat server with socket.io, PostgreSQL and Redis as people write it: one statement after another, each awaited; the Redis adapter,
// so that a second process could be added; who is online is kept in Redis. POSTGRES_URL and REDIS_URL say where both are.

import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import pg from "pg";
import { Server } from "socket.io";

import { authenticate, httpServer, listen } from "../support.mjs";

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL });
const redis = new Redis(process.env.REDIS_URL);
const subscriber = redis.duplicate();

await redis.del("online");
await pool.query(`
  DROP TABLE IF EXISTS messages, chat_members, chats;
  CREATE TABLE chats (
    id bigserial PRIMARY KEY,
    pair text NOT NULL UNIQUE,
    last_message_id bigint,
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE chat_members (
    chat_id bigint NOT NULL REFERENCES chats,
    user_id text NOT NULL,
    PRIMARY KEY (chat_id, user_id)
  );
  CREATE INDEX ON chat_members (user_id);
  CREATE TABLE messages (
    id bigserial PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats,
    sender_id text NOT NULL,
    content text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX ON messages (chat_id, id);
`);

const membersOf = async (chatId) => {
  const { rows } = await pool.query("SELECT user_id FROM chat_members WHERE chat_id = $1", [chatId]);
  return rows.map((row) => row.user_id);
};

const partnersOf = async (user) => {
  const { rows } = await pool.query(
    `SELECT DISTINCT other.user_id FROM chat_members own JOIN chat_members other ON other.chat_id = own.chat_id
     WHERE own.user_id = $1 AND other.user_id <> $1`,
    [user],
  );
  return rows.map((row) => row.user_id);
};

const shapeOf = ({ id, chat_id, sender_id, content, created_at }) => {
  const createdAt = created_at.toISOString();
  return { _id: id, seq: Number(id), chatId: chat_id, senderId: sender_id, content, messageType: "text", createdAt, updatedAt: createdAt };
};

async function createOrGet(user, other) {
  const pair = [user, other].toSorted().join("\n");
  const made = await pool.query("INSERT INTO chats (pair) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id", [pair]);
  if (made.rows.length > 0) {
    const { id } = made.rows[0];
    await pool.query("INSERT INTO chat_members (chat_id, user_id) VALUES ($1, $2), ($1, $3)", [id, user, other]);
    return { _id: id, users: [user, other] };
  }
  const { rows } = await pool.query("SELECT id FROM chats WHERE pair = $1", [pair]);
  return { _id: rows[0].id, users: [user, other] };
}

async function messagesAfter(chatId, seq) {
  const { rows } = await pool.query("SELECT * FROM messages WHERE chat_id = $1 AND id > $2 ORDER BY id LIMIT 50", [chatId, seq]);
  return rows.map(shapeOf);
}

const server = httpServer({ createOrGet, messagesAfter });
const io = new Server(server, { adapter: createAdapter(redis, subscriber) });
authenticate(io);

const roomOf = (user) => `user:${user}`;

async function tellPartners(user, event, argument) {
  const rooms = (await partnersOf(user)).map(roomOf);
  if (rooms.length > 0) io.to(rooms).emit(event, argument);
}

async function sendMessage(socket, { chatId, content }) {
  const { user } = socket.data;
  const members = await membersOf(chatId);
  if (!members.includes(user)) return { success: false, error: { code: "NOT_FOUND" } };
  const { rows } = await pool.query("INSERT INTO messages (chat_id, sender_id, content) VALUES ($1, $2, $3) RETURNING *", [chatId, user, content]);
  const message = { ...shapeOf(rows[0]), receiverId: members.find((member) => member !== user) };
  await pool.query("UPDATE chats SET last_message_id = $2, updated_at = $3 WHERE id = $1", [chatId, message._id, message.createdAt]);
  const rooms = members.map(roomOf);
  socket.emit("message_sent", { message });
  socket.to(rooms).emit("new_message", { message });
  io.to(rooms).emit("chat_updated", { chatId, latestMessage: message, updatedAt: message.createdAt });
  return { success: true, message };
}

async function greet(socket) {
  const { user } = socket.data;
  if ((await redis.hincrby("online", user, 1)) === 1) await tellPartners(user, "user_online", { userId: user });
  const partners = await partnersOf(user);
  const counts = partners.length > 0 ? await redis.hmget("online", ...partners) : [];
  const onlineUsers = partners.filter((_, index) => Number(counts[index]) > 0);
  socket.emit("connected", { success: true, userId: user, socketId: socket.id, message: "connected" });
  socket.emit("online_users", { onlineUsers, count: onlineUsers.length });
}

async function part(socket) {
  const { user } = socket.data;
  if ((await redis.hincrby("online", user, -1)) > 0) return;
  await redis.hdel("online", user);
  await tellPartners(user, "user_offline", { userId: user, lastSeen: new Date().toISOString() });
}

const complain = (error) => console.error(error);

io.on("connection", (socket) => {
  socket.join(roomOf(socket.data.user));
  const greeted = greet(socket).catch(complain);
  socket.on("send_message", (data, ack) => {
    sendMessage(socket, data).then(ack, (error) => {
      complain(error);
      ack({ success: false, error: { code: "INTERNAL_ERROR" } });
    });
  });
  socket.on("disconnect", () => greeted.then(() => part(socket)).catch(complain));
});

listen(server);
