/** An ack: a success with the fields of `Success`, or a failure with the dialect's error object. */
export type Ack<Success, Failure> = Success | { success: false; error: Failure };

/** The same events without an ack, for a socket that does not ask for acks. */
export type WithoutAck<Events> = {
  [Event in keyof Events]: Events[Event] extends (...args: [...infer Arguments, infer _Ack]) => void
    ? (...args: Arguments) => void
    : never;
};
