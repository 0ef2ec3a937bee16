import { useState } from "react";
import {
  FlatList,
  KeyboardAvoidingView,
  Platform,
  Pressable,
  StyleSheet,
  Text,
  TextInput,
  View,
} from "react-native";
import { useChat, type Line, type Token } from "parlance-example-hook";

import { useIsActive } from "./useIsActive.ts";

interface ChatScreenProps {
  /** The address of Parlance. A phone reaches your machine by its address in the network, not as `localhost`. */
  url: string;
  user: string;
  other: string;
  /** Asks your own backend for a token. It must be the same function at each rendering, as `useCallback` gives it. */
  fetchToken: () => Promise<Token>;
}

const MARKS = {
  sending: "sending",
  failed: "not sent, tap to send again",
  sent: "✓ sent",
  delivered: "✓✓ delivered",
  read: "✓✓ read",
};

export function ChatScreen({ url, user, other, fetchToken }: ChatScreenProps) {
  // In the background nothing is marked as read. In the foreground, the hook looks whether the connection is alive.
  const isVisible = useIsActive();
  const { state, send, retry, type, loadEarlier } = useChat({ url, user, other, fetchToken, isVisible });
  const [text, setText] = useState("");

  const submit = () => {
    if (!text.trim()) return;
    send(text);
    setText("");
  };
  const presence = state.isOtherTyping ? "is typing …" : state.isOtherOnline ? "online" : "offline";
  return (
    <KeyboardAvoidingView style={styles.screen} behavior={Platform.OS === "ios" ? "padding" : "height"}>
      <Text accessibilityRole="header" style={styles.title}>{`${other} ${presence}`}</Text>
      {state.status !== "online" && <Text accessibilityLiveRegion="polite">{state.problem ?? "Connecting …"}</Text>}
      {/* Inverted: the newest is at the bottom, and the end of the list is its oldest message. */}
      <FlatList
        inverted
        data={[...state.lines].reverse()}
        keyExtractor={({ key }) => key}
        renderItem={({ item }) => <LineView line={item} retry={retry} />}
        onEndReached={() => state.hasEarlier && loadEarlier()}
      />
      <View style={styles.composer}>
        <TextInput
          style={styles.input}
          accessibilityLabel={`Message to ${other}`}
          value={text}
          maxLength={4_000}
          onChangeText={(changed) => {
            setText(changed);
            type();
          }}
          onSubmitEditing={submit}
        />
        <Pressable accessibilityRole="button" style={styles.button} onPress={submit}>
          <Text style={styles.buttonText}>Send</Text>
        </Pressable>
      </View>
    </KeyboardAvoidingView>
  );
}

function LineView({ line, retry }: { line: Line; retry: (key: string) => void }) {
  return (
    <Pressable
      disabled={line.mark !== "failed"}
      onPress={() => retry(line.key)}
      style={[styles.line, line.isMine ? styles.mine : styles.theirs]}
    >
      <Text style={line.text === null && styles.deleted}>{line.text ?? "deleted"}</Text>
      {line.isMine && <Text style={styles.mark}>{MARKS[line.mark]}</Text>}
    </Pressable>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1, padding: 12, gap: 8 },
  title: { fontSize: 20, fontWeight: "600" },
  line: { maxWidth: "80%", marginVertical: 4, padding: 10, borderRadius: 12 },
  mine: { alignSelf: "flex-end", backgroundColor: "#cfe2ff" },
  theirs: { alignSelf: "flex-start", backgroundColor: "#e9edf3" },
  deleted: { fontStyle: "italic" },
  mark: { fontSize: 12, color: "#4f5968" },
  composer: { flexDirection: "row", gap: 8 },
  input: { flex: 1, padding: 10, borderWidth: 1, borderColor: "#4f5968", borderRadius: 8 },
  button: { justifyContent: "center", paddingHorizontal: 16, borderRadius: 8, backgroundColor: "#1d5fbf" },
  buttonText: { color: "#ffffff" },
});
