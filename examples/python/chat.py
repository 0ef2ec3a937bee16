"""A chat of two people in the terminal: python chat.py USER OTHER [URL]

Each line that you type is sent. Lines that begin with "--" say what the connection does.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid

import aiohttp
import socketio

ACK_TIMEOUT_SECS = 5
ATTEMPTS_MAX = 10
HISTORY_LIMIT = 20
NAMESPACE = "/recruiting"


def fetch_token(user: str) -> tuple[str, float]:
    """Stands for your own backend, which signs the tokens of its users. Returns a token and its life in seconds."""
    secret = os.environ.get("JWT_SECRET", "dev-secret")
    life = float(os.environ.get("TOKEN_SECONDS", "600"))
    now = int(time.time())
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": user, "name": user, "iat": now, "exp": now + int(life)}]
    signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{base64url(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}", life


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class RefusedError(Exception):
    """The server answered a request with an error."""


class Chat:
    """The chat of `user` with `other`."""

    def __init__(self, url: str, user: str, other: str) -> None:
        self.url, self.user, self.other = url, user, other
        self.id = ""
        # The newest message that was printed. Every message of a chat has a number: 1, 2, 3, ...
        self.last_seq = 0
        self.socket = socketio.AsyncClient()
        self.socket.on("connect", self.connected, namespace=NAMESPACE)
        self.socket.on("connect_error", lambda error: print(f"-- not connected: {error}"), namespace=NAMESPACE)
        self.socket.on("disconnect", lambda reason: print(f"-- disconnected: {reason}"), namespace=NAMESPACE)
        self.socket.on("new_message", self.receive, namespace=NAMESPACE)

    def auth(self) -> dict:
        """The library calls this for each connection, so that each gets a token that is still valid."""
        return {"token": fetch_token(self.user)[0]}

    async def connected(self) -> None:
        print("-- connected")
        # Python gets no offsets, so it asks for what it missed.
        if self.id:
            await self.catch_up()

    async def receive(self, event: dict) -> None:
        """Prints a new message, and before it those that did not arrive."""
        message = event["message"]
        if message["chatId"] != self.id:
            return
        if message["seq"] > self.last_seq + 1:
            await self.catch_up()
        self.show(message)

    def show(self, message: dict) -> None:
        # A message may come twice, for example by an event and in a list.
        if message["seq"] <= self.last_seq:
            return
        self.last_seq = message["seq"]
        text = "(deleted)" if message["isDeleted"] else message["content"] or message["mediaUrl"]
        print(f"{message['seq']} {message['senderId']}: {text}")

    async def catch_up(self) -> None:
        """Prints what was sent after `last_seq`."""
        has_more = True
        while has_more:
            page = await self.rest("GET", f"/message/chat/{self.id}?afterSeq={self.last_seq}&limit=100")
            for message in page["messages"]:
                self.show(message)
            has_more = page["pagination"]["hasMore"]

    async def rest(self, method: str, path: str, body: dict | None = None) -> dict:
        headers = {"authorization": f"Bearer {fetch_token(self.user)[0]}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{self.url}/recruiting/api{path}", json=body) as response,
        ):
            answer = await response.json()
            if not response.ok:
                raise RefusedError(answer["message"])
            return answer["data"]

    async def call(self, event: str, argument: dict) -> dict:
        return await self.socket.call(event, argument, namespace=NAMESPACE, timeout=ACK_TIMEOUT_SECS)

    async def send(self, text: str) -> None:
        """Sends until the server has answered. The id makes that safe: the server stores a message once."""
        message = {"chatId": self.id, "content": text, "clientMessageId": str(uuid.uuid4())}
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                answer = await self.call("send_message", message)
            except socketio.exceptions.SocketIOError:
                print(f"-- no answer, attempt {attempt}")
                await asyncio.sleep(1)
                continue
            if answer["success"]:
                await self.receive(answer)
            else:
                print(f"-- not sent: {answer['error']['message']}")
            return
        print(f"-- not sent: {text}")

    async def renew_tokens(self) -> None:
        """Renews the token of a live socket when two thirds of its life are over."""
        while True:
            _, life = fetch_token(self.user)
            await asyncio.sleep(life * 2 / 3)
            if NAMESPACE not in self.socket.namespaces:
                continue
            token, _ = fetch_token(self.user)
            try:
                answer = await self.call("authenticate", {"token": token})
            except socketio.exceptions.SocketIOError:
                continue
            if answer["success"]:
                print("-- token renewed")

    async def run(self) -> None:
        await self.socket.connect(self.url, namespaces=[NAMESPACE], auth=self.auth)
        renewal = asyncio.create_task(self.renew_tokens())
        try:
            await self.converse()
        finally:
            renewal.cancel()
            await self.socket.disconnect()

    async def converse(self) -> None:
        chat = await self.rest("POST", "/chat/create-or-get", {"otherUserId": self.other})
        page = await self.rest("GET", f"/message/chat/{chat['_id']}?limit={HISTORY_LIMIT}")
        for message in page["messages"]:
            self.show(message)
        # From here on new messages are shown. The list has what was sent before.
        self.id = chat["_id"]
        await self.catch_up()
        print(f"-- you are {self.user}, and write to {self.other}")
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip():
                await self.send(line.strip())


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: python chat.py USER OTHER [URL]")
    # Lines appear at once, also in a pipe.
    sys.stdout.reconfigure(line_buffering=True)
    user, other, *rest = sys.argv[1:]
    try:
        asyncio.run(Chat(rest[0] if rest else "http://localhost:3000", user, other).run())
    except (RefusedError, socketio.exceptions.ConnectionError) as error:
        sys.exit(f"-- {error}")
