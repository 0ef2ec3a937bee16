import { useEffect, useRef, useState, type FormEvent } from "react";
import { useChat, type ChatState, type Line, type Token } from "parlance-example-hook";

const PARLANCE_URL = import.meta.env.VITE_PARLANCE_URL ?? "http://localhost:3000";

interface ChatProps {
  user: string;
  other: string;
  fetchToken: () => Promise<Token>;
}

export function Chat({ user, other, fetchToken }: ChatProps) {
  const isVisible = useIsVisible();
  const { state, send, retry, type, loadEarlier } = useChat({ url: PARLANCE_URL, user, other, fetchToken, isVisible });
  const [text, setText] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!text.trim()) return;
    send(text);
    setText("");
  };
  return (
    <main className="chat">
      <header>
        <h1>{other}</h1>
        <p>{state.isOtherTyping ? "is typing …" : state.isOtherOnline ? "online" : "offline"}</p>
        <Status state={state} />
      </header>
      <Lines state={state} loadEarlier={loadEarlier} retry={retry} />
      <form onSubmit={submit}>
        <input
          aria-label={`Message to ${other}`}
          value={text}
          maxLength={4_000}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value);
            type();
          }}
        />
        <button>Send</button>
      </form>
    </main>
  );
}

const STATUS = {
  connecting: "Connecting …",
  online: "Connected",
  offline: "No connection. Trying again …",
  refused: "Refused",
};

function Status({ state }: { state: ChatState }) {
  const returned = state.recovered === null ? "" : state.recovered ? ", session recovered" : ", new session";
  return (
    <p role="status" className={`status ${state.status}`}>
      {STATUS[state.status]}
      {state.status === "online" && returned}
      {state.problem && <span className="problem"> {state.problem}</span>}
    </p>
  );
}

interface LinesProps {
  state: ChatState;
  loadEarlier: () => void;
  retry: (key: string) => void;
}

function Lines({ state, loadEarlier, retry }: LinesProps) {
  const end = useRef<HTMLLIElement>(null);
  const newest = state.lines.at(-1)?.key;

  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [newest]);
  return (
    // Focusable, so that the keyboard can scroll it.
    <ol className="lines" aria-label="Messages" tabIndex={0}>
      {state.hasEarlier && (
        <li>
          <button type="button" onClick={loadEarlier}>Earlier messages</button>
        </li>
      )}
      {state.lines.map((line) => (
        <li key={line.key} className={line.isMine ? "mine" : "theirs"}>
          <p>{line.text ?? <em>deleted</em>}</p>
          {line.isMine && <LineMark line={line} retry={retry} />}
        </li>
      ))}
      <li ref={end} aria-hidden="true" />
    </ol>
  );
}

const MARKS = {
  sending: "sending",
  failed: "not sent",
  sent: "✓ sent",
  delivered: "✓✓ delivered",
  read: "✓✓ read",
};

function LineMark({ line, retry }: { line: Line; retry: (key: string) => void }) {
  return (
    <small className={line.mark}>
      {MARKS[line.mark]}
      {line.mark === "failed" && <button type="button" onClick={() => retry(line.key)}>Send again</button>}
    </small>
  );
}

/** Whether the person can see the page. */
function useIsVisible() {
  const [isVisible, setIsVisible] = useState(document.visibilityState === "visible");

  useEffect(() => {
    const look = () => setIsVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isVisible;
}
