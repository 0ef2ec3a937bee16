// A chat of two people as a hook, for React and for React Native.

import { useEffect, useMemo, useSyncExternalStore } from "react";

import { ChatSession, type SessionOptions } from "./session.ts";

export type { ChatState, Line, Mark, Token } from "./session.ts";

export interface UseChatOptions extends SessionOptions {
  /** Whether the person can see the chat now. What they see is marked as read. */
  isVisible: boolean;
}

/** The state of the chat, and what the person can do. `fetchToken` must be the same function at each call. */
export function useChat({ url, user, other, fetchToken, isVisible }: UseChatOptions) {
  const session = useMemo(() => new ChatSession({ url, user, other, fetchToken }), [url, user, other, fetchToken]);
  const state = useSyncExternalStore(session.subscribe, session.getState, session.getState);

  useEffect(() => {
    session.start();
    return () => session.stop();
  }, [session]);

  useEffect(() => {
    if (isVisible) void session.wake();
  }, [session, isVisible]);

  useEffect(() => {
    if (isVisible) void session.see();
  }, [session, isVisible, state.lines, state.status]);

  return {
    state,
    send: (text: string) => void session.send(text),
    retry: (key: string) => void session.retry(key),
    type: () => session.type(),
    loadEarlier: () => void session.loadEarlier(),
  };
}
