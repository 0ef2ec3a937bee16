import { useCallback, useState, type FormEvent } from "react";
import type { Token } from "parlance-example-hook";

import { Chat } from "./Chat.tsx";

interface People {
  user: string;
  other: string;
}

const inAddress = (): People | null => {
  const query = new URLSearchParams(location.search);
  const [user, other] = [query.get("user"), query.get("other")];
  return user && other ? { user, other } : null;
};

async function tokenOf(user: string): Promise<Token> {
  const response = await fetch(`/token?user=${encodeURIComponent(user)}`);
  if (!response.ok) throw new Error("the backend gives no token");
  return response.json();
}

export function App() {
  const [people, setPeople] = useState(inAddress);

  const enter = (entered: People) => {
    // A reload keeps the people.
    history.replaceState(null, "", `?${new URLSearchParams({ ...entered })}`);
    setPeople(entered);
  };
  return people ? <SignedIn {...people} /> : <SignIn onEnter={enter} />;
}

function SignedIn({ user, other }: People) {
  const fetchToken = useCallback(() => tokenOf(user), [user]);
  return <Chat user={user} other={other} fetchToken={fetchToken} />;
}

function SignIn({ onEnter }: { onEnter: (people: People) => void }) {
  const enter = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onEnter({ user: String(form.get("user")).trim(), other: String(form.get("other")).trim() });
  };
  return (
    <main className="sign-in">
      <h1>Chat</h1>
      <form onSubmit={enter}>
        <label>
          You are
          <input name="user" defaultValue="alice" required pattern=".*\S.*" />
        </label>
        <label>
          You write to
          <input name="other" defaultValue="bob" required pattern=".*\S.*" />
        </label>
        <button>Enter</button>
      </form>
    </main>
  );
}
