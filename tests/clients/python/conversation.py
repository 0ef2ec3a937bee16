"""One whole conversation of two people in one dialect, over python-socketio: a client that shares no code with the one in JavaScript.

    conversation.py URL DIALECT TRANSPORTS OFFSETS ANN ANNS_TOKEN BEN BENS_TOKEN

TRANSPORTS is websocket, polling, or default: what the client does that is told nothing. OFFSETS is none if events have one argument, and some if
most have a second one, the offset of connection state recovery. Ends with 0 if everything was said and heard as the dialect has it. The two must
be new to the server. Prints what it hears and is answered, each as a line of JSON: ["event", name, argument], ["ack", event, argument, answer],
["refused", payload] or ["rest", method, path, body, status, answer].
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import socketio

# Nothing is proved by this; it only turns a wait for ever into a word about what is missing.
PATIENCE_SECS = 15
TEXT = "Grüße, 世界 👋🏽"
REPLY = "Ça va, Ünï? שלום"


@dataclass
class Place:
    """What is spoken about: the chat, the message, who speaks and who is spoken to."""

    chat: str
    speaker: str
    other: str
    message: str = ""


@dataclass
class Notice:
    """An event that somebody hears, and what its argument holds at least."""

    event: str
    holds: dict


@dataclass
class Words:
    """How one dialect says it."""

    greeting: str
    online: str
    offline: str
    # Method, path and body that make or find the chat; None where the first message makes it.
    chat: Callable | None
    # The event that joins the room of a chat; None where typing needs no room.
    join: Callable | None
    # Each way to type: the event, its argument, and what the other hears.
    typing: Callable
    send: Callable
    message: str
    # The key of the ack that the message is under, and the key of the message that the text is under.
    acked: str
    text: str
    delivered: str
    # The event, its argument, and what the sender hears.
    read: Callable
    # Finds the messages: a REST path and the way to the list in its answer, or an event and the same of its ack.
    history: Callable
    refusal: dict = field(default_factory=lambda: {"message": "Authentication error: Invalid token"})


def recruiting_typing(place):
    to = {"chatId": place.chat, "receiverId": place.other}
    heard = {"userId": place.speaker, "chatId": place.chat}
    return [("typing_start", to, Notice("user_typing", heard)), ("typing_stop", to, Notice("user_stopped_typing", heard))]


def marketplace_typing(place):
    said = [{"chatId": place.chat, "isTyping": typing} for typing in (True, False)]
    return [("typing", to, Notice("typing", {"userId": place.speaker, **to})) for to in said]


def messenger_typing(place):
    heard = {"userId": place.speaker, "userName": place.speaker}
    return [
        (event, {"receiverId": place.other}, Notice("typing_indicator", {**heard, "isTyping": typing}))
        for event, typing in (("typing_start", True), ("typing_stop", False))
    ]


def rooms_typing(place):
    to = {"conversationId": place.chat}
    return [(event, to, Notice(event, {"userId": place.speaker, **to})) for event in ("typing:start", "typing:stop")]


DIALECTS = {
    "recruiting": Words(
        greeting="connected",
        online="user_online",
        offline="user_offline",
        chat=lambda other: ("POST", "/api/chat/create-or-get", {"otherUserId": other}),
        join=None,
        typing=recruiting_typing,
        send=lambda place, text: (
            "send_message",
            {"chatId": place.chat, "receiverId": place.other, "content": text, "messageType": "text"},
        ),
        message="new_message",
        acked="message",
        text="content",
        delivered="message_delivered",
        read=lambda place: (
            "mark_messages_read",
            {"chatId": place.chat},
            Notice("messages_read_by_other", {"chatId": place.chat, "readByUserId": place.speaker}),
        ),
        history=lambda place: (f"/api/message/chat/{place.chat}", None, ["data", "messages"]),
    ),
    "marketplace": Words(
        greeting="connected",
        online="userOnline",
        offline="userOffline",
        chat=lambda other: ("POST", "/api/chat/create", {"participantId": other}),
        join=lambda place: ("join-chat", {"chatId": place.chat}),
        typing=marketplace_typing,
        send=lambda place, text: ("sendMessage", {"chatId": place.chat, "content": text, "messageType": "text"}),
        message="newMessage",
        acked="data",
        text="content",
        delivered="messageDelivered",
        read=lambda place: (
            "markAsRead",
            {"chatId": place.chat, "messageId": place.message},
            Notice("messageRead", {"messageId": place.message, "userId": place.speaker, "chatId": place.chat}),
        ),
        history=lambda place: (f"/api/chat/{place.chat}/messages", None, ["data", "messages"]),
        refusal={"message": "Authentication error", "reason": "invalid token"},
    ),
    "messenger": Words(
        greeting="connection",
        online="user_online",
        offline="user_offline",
        chat=None,
        join=None,
        typing=messenger_typing,
        send=lambda place, text: ("send_message", {"receiverId": place.other, "content": text}),
        message="receive_message",
        acked="message",
        text="content",
        delivered="message_delivered",
        read=lambda place: (
            "mark_message_read",
            {"messageId": place.message},
            Notice("message_read", {"messageId": place.message, "readBy": {"_id": place.speaker, "name": place.speaker}}),
        ),
        history=lambda place: ("get_message_history", {"otherUserId": place.other, "page": 1, "limit": 50}, ["messages"]),
    ),
    "workspace": Words(
        greeting="connected",
        online="user:online",
        offline="user:offline",
        chat=lambda other: ("POST", "/api/conversations", {"participantId": other}),
        join=lambda place: ("conversation:join", place.chat),
        typing=rooms_typing,
        send=lambda place, text: ("message:send", {"conversationId": place.chat, "content": text}),
        message="message:new",
        acked="message",
        text="content",
        delivered="message:delivered",
        read=lambda place: (
            "message:read",
            {"messageId": place.message},
            Notice("message:read", {"messageId": place.message, "userId": place.speaker}),
        ),
        history=lambda place: (f"/api/conversations/{place.chat}/messages", None, ["data"]),
    ),
    "classroom": Words(
        greeting="connected",
        online="user:online",
        offline="user:offline",
        chat=lambda other: ("GET", f"/api/chat/conversation/{other}", None),
        join=lambda place: ("join:conversation", {"conversationId": place.chat}),
        typing=rooms_typing,
        send=lambda place, text: ("send:message", {"conversationId": place.chat, "text": text, "messageType": "text"}),
        message="new:message",
        acked="message",
        text="text",
        delivered="message:delivered",
        read=lambda place: (
            "message:read",
            {"messageIds": [place.message], "conversationId": place.chat},
            Notice("messages:read", {"messageIds": [place.message], "readBy": place.speaker, "conversationId": place.chat}),
        ),
        history=lambda place: (f"/api/chat/conversation/{place.chat}/messages", None, ["data"]),
    ),
}


class Person:
    """One socket of one person, with everything it heard and nobody has taken yet."""

    def __init__(self, url, dialect, transports, offsets, user, token):
        self.user = user
        self.transports = transports
        self.url = url
        self.token = token
        self.namespace = f"/{dialect}"
        self.heard = []
        self.offsets = []
        self.refused = None
        self._more = asyncio.Condition()
        self.socket = socketio.AsyncClient(reconnection=False)
        handler = self._hear if offsets == "none" else self._hear_with_offset
        self.socket.on("*", handler, namespace=self.namespace)
        self.socket.on("connect_error", self._refuse, namespace=self.namespace)

    async def _hear(self, event, argument):
        # As apps write it: a second argument is a TypeError, and the event is not heard.
        report("event", event, argument)
        async with self._more:
            self.heard.append((event, argument))
            self._more.notify_all()

    async def _hear_with_offset(self, event, argument, *offset):
        self.offsets.extend(offset)
        await self._hear(event, argument)

    async def _refuse(self, reason):
        report("refused", reason)
        self.refused = reason

    async def connect(self):
        await self.socket.connect(
            self.url,
            auth={"token": self.token},
            namespaces=[self.namespace],
            transports=None if self.transports == "default" else [self.transports],
            wait_timeout=PATIENCE_SECS,
        )

    async def ask(self, event, argument):
        answer = await self.socket.call(event, argument, namespace=self.namespace, timeout=PATIENCE_SECS)
        report("ack", event, argument, answer)
        return answer

    async def succeed(self, event, argument):
        ack = await self.ask(event, argument)
        assert ack.get("success") is True, f"{self.user} asked {event}: {ack}"
        return ack

    async def hear(self, event, fits=lambda said: True):
        """Waits for an event whose argument fits, takes it and gives the argument."""

        def index():
            return next((at for at, (name, said) in enumerate(self.heard) if name == event and fits(said)), None)

        async with self._more:
            try:
                await asyncio.wait_for(self._more.wait_for(lambda: index() is not None), PATIENCE_SECS)
            except asyncio.TimeoutError:
                raise AssertionError(f"{self.user} waited in vain for {event}; heard {self.heard}") from None
            return self.heard.pop(index())[1]

    async def notice(self, notice):
        def fits(said):
            return all(said.get(key) == value for key, value in notice.holds.items())

        try:
            return await self.hear(notice.event, fits)
        except AssertionError as missing:
            raise AssertionError(f"{missing}; it should hold {notice.holds}") from None

    async def request(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.request(method, self.url + self.namespace + path, json=body) as answer:
                given = await answer.json()
                report("rest", method, self.namespace + path, body, answer.status, given)
                return answer.status, given


def report(*what):
    print(json.dumps(what))


def id_of(thing):
    return thing.get("_id") or thing["id"]


async def meet(words, ann, ben):
    """Both come, and the first hears of the second."""
    for person in (ann, ben):
        await person.connect()
        over = "polling" if person.transports == "polling" else "websocket"
        assert person.socket.transport() == over, f"it speaks over {person.socket.transport()}"
        assert person.socket.get_sid(person.namespace), "the namespace gave no sid"
        await person.hear(words.greeting)
    await ann.notice(Notice(words.online, {"userId": ben.user}))


async def make_chat(words, ann, ben):
    """The chat's id, which both are given; empty if the first message is to make it."""
    if words.chat is None:
        return ""
    chats = []
    for person, other, expected in ((ann, ben, 201), (ben, ann, 200)):
        status, body = await person.request(*words.chat(other.user))
        assert status == expected, f"{person.user} asked for the chat: {status} {body}"
        chats.append(id_of(body["data"]))
    assert chats[0] == chats[1], f"two chats of the same two people: {chats}"
    for person, other in ((ann, ben), (ben, ann)):
        if words.join:
            await person.succeed(*words.join(Place(chats[0], person.user, other.user)))
    return chats[0]


async def type_and_stop(words, place, speaker, listener):
    for event, argument, notice in words.typing(place):
        await speaker.succeed(event, argument)
        await listener.notice(notice)


async def say(words, place, text, speaker, listener):
    """One message with an ack, heard, delivered and read; gives its id."""
    ack = await speaker.succeed(*words.send(place, text))
    sent = ack[words.acked]
    assert sent[words.text] == text, f"the ack has another text: {sent}"
    identifier = id_of(sent)

    def is_it(said):
        # Some dialects tell the message itself, some an object that holds it.
        return id_of(said.get("message", said)) == identifier

    said = await listener.hear(words.message, is_it)
    assert said.get("message", said)[words.text] == text, f"{listener.user} hears another text: {said}"
    await speaker.notice(Notice(words.delivered, {"messageId": identifier}))
    event, argument, notice = words.read(Place(place.chat, listener.user, speaker.user, identifier))
    await listener.succeed(event, argument)
    await speaker.notice(notice)
    return identifier


async def look_back(words, place, person, expected):
    """The list holds what was said, oldest first, counted without a gap."""
    where, argument, way = words.history(place)
    if argument is None:
        status, answer = await person.request("GET", where)
        assert status == 200, f"{where}: {status} {answer}"
    else:
        answer = await person.ask(where, argument)
    found = answer
    for key in way:
        found = found[key]
    listed = [(message["seq"], id_of(message), message[words.text]) for message in found]
    assert listed == expected, f"{person.user} finds {listed}, not {expected}"


async def ask_nonsense(person):
    ack = await person.ask("no such event", {"any": "thing"})
    assert ack.get("success") is False, f"an event that does not exist: {ack}"
    error = ack["error"]
    assert error["code"] == "VALIDATION_ERROR" and error["message"], f"an event that does not exist: {ack}"


async def be_refused(words, person):
    try:
        await person.connect()
    except socketio.exceptions.ConnectionError:
        pass
    else:
        raise AssertionError("a wrong token connected")
    finally:
        await person.socket.disconnect()
    refused = person.refused
    assert refused, "a wrong token was refused without CONNECT_ERROR"
    told = {"message": refused["message"], **refused["data"]}
    expected = {"code": "AUTHENTICATION_ERROR", **words.refusal}
    assert expected.items() <= told.items(), f"a wrong token was refused with {refused}, not {expected}"


async def converse(words, ann, ben):
    await meet(words, ann, ben)
    chat = await make_chat(words, ann, ben)
    anns, bens = Place(chat, ann.user, ben.user), Place(chat, ben.user, ann.user)
    await type_and_stop(words, anns, ann, ben)
    first = await say(words, anns, TEXT, ann, ben)
    await type_and_stop(words, bens, ben, ann)
    second = await say(words, bens, REPLY, ben, ann)
    for person, place in ((ann, anns), (ben, bens)):
        await look_back(words, place, person, [(1, first, TEXT), (2, second, REPLY)])
    await ask_nonsense(ann)
    # The socket lives on after it.
    await type_and_stop(words, anns, ann, ben)
    await ben.socket.disconnect()
    await ann.notice(Notice(words.offline, {"userId": ben.user}))
    for person in (ann, ben):
        assert "error" not in [event for event, _ in person.heard], f"{person.user} heard of an error: {person.heard}"


async def main(url, dialect, transports, offsets, anns, bens):
    words = DIALECTS[dialect]
    ann, ben = (Person(url, dialect, transports, offsets, *person) for person in (anns, bens))
    try:
        await converse(words, ann, ben)
    finally:
        for person in (ann, ben):
            await person.socket.disconnect()
    if offsets == "some":
        for person in (ann, ben):
            assert person.offsets and all(isinstance(offset, str) for offset in person.offsets), f"offsets: {person.offsets}"
    await be_refused(words, Person(url, dialect, transports, offsets, ann.user, f"{ann.token}broken"))


if __name__ == "__main__":
    if len(sys.argv) != 9:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:5], sys.argv[5:7], sys.argv[7:9]))
