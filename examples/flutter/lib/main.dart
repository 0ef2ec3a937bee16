// A chat of two people. Start it with the people and a token:
//
//   flutter run --dart-define=USER=alice --dart-define=OTHER=bob --dart-define=TOKEN=eyJ0eXAi...

import 'dart:async';
import 'dart:convert';
import 'dart:math';

import 'package:flutter/material.dart';
import 'package:http/http.dart' as http;
import 'package:socket_io_client/socket_io_client.dart' as io;

// The Android emulator reaches your machine as 10.0.2.2, a phone by its address in the network.
const url = String.fromEnvironment('URL', defaultValue: 'http://localhost:3000');
const user = String.fromEnvironment('USER', defaultValue: 'alice');
const other = String.fromEnvironment('OTHER', defaultValue: 'bob');

const ackTimeoutMillis = 5000;
const attemptsMax = 5;
const historyLimit = 50;

/// Stands for a request to your own backend, which signs the tokens of its users.
Future<String> fetchToken() async => const String.fromEnvironment('TOKEN');

void main() => runApp(const MaterialApp(title: 'Chat', home: ChatScreen()));

/// A message as the screen shows it. `seq` is its number in the chat, null until it is stored.
class Line {
  Line(this.text, {required this.isMine, this.seq, this.mark = ''});

  /// What a message of Parlance says.
  factory Line.of(Map<String, dynamic> message) => Line(
        message['isDeleted'] ? 'deleted' : message['content'] ?? message['mediaUrl'],
        isMine: message['senderId'] == user,
        seq: message['seq'],
        mark: message['isRead'] ? 'read' : 'sent',
      );

  final String text;
  final bool isMine;
  int? seq;
  String mark;
}

/// The chat with `other`. It tells its listeners after each change.
class Chat extends ChangeNotifier {
  late final io.Socket _socket;
  String? _id;
  bool isOnline = false;
  bool isOtherTyping = false;
  String? problem;

  /// The stored messages by their numbers, and those that are being sent.
  final Map<int, Line> _stored = {};
  final List<Line> _sending = [];

  List<Line> get lines => [
        for (final seq in _stored.keys.toList()..sort()) _stored[seq]!,
        ..._sending,
      ];

  int get _lastSeq => _stored.keys.fold(0, max);

  void start() {
    _socket = io.io(
      '$url/recruiting',
      io.OptionBuilder()
          // With dart:io the library has no polling.
          .setTransports(['websocket'])
          // Called for each connection, so that each gets a token that is still valid.
          .setAuthFn((use) => fetchToken().then((token) => use({'token': token})))
          .setAckTimeout(ackTimeoutMillis)
          .disableAutoConnect()
          .build(),
    );
    _socket.on('connected', (_) {
      isOnline = true;
      notifyListeners();
      _attempt(_open);
    });
    _socket.onDisconnect((_) {
      isOnline = isOtherTyping = false;
      notifyListeners();
    });
    _socket.onConnectError((error) => _complain(error is Map ? error['message'] : error));
    _socket.on('new_message', (event) => _attempt(() => _receive(event['message'])));
    _socket.on('messages_read_by_other', (event) {
      if (event['chatId'] != _id) return;
      for (final line in _stored.values.where((line) => line.isMine)) {
        line.mark = 'read';
      }
      notifyListeners();
    });
    for (final (event, isTyping) in [('user_typing', true), ('user_stopped_typing', false)]) {
      _socket.on(event, (argument) {
        if (argument['chatId'] != _id) return;
        isOtherTyping = isTyping;
        notifyListeners();
      });
    }
    _socket.connect();
  }

  @override
  void dispose() {
    _socket.dispose();
    super.dispose();
  }

  /// Sends until there is an answer. The id makes that safe: the server stores a message once.
  Future<void> send(String text) async {
    final line = Line(text, isMine: true, mark: 'sending');
    final random = Random();
    final id = '${DateTime.now().microsecondsSinceEpoch}-${random.nextInt(1 << 32)}';
    _sending.add(line);
    notifyListeners();
    for (var attempt = 1; attempt <= attemptsMax; attempt += 1) {
      final dynamic answer;
      try {
        answer = await _ask('send_message', {'chatId': _id, 'content': text, 'clientMessageId': id});
      } on Exception {
        continue;
      }
      if (answer['success'] == true) {
        _sending.remove(line);
        return _receive(answer['message']);
      }
      line.mark = 'not sent';
      return _complain(answer['error']['message']);
    }
    line.mark = 'not sent';
    notifyListeners();
  }

  /// After the app was in the background: a network that vanished meanwhile closes nothing. If there is no answer, the
  /// client connects anew.
  Future<void> wake() async {
    try {
      await _ask('ping', null);
    } on Exception {
      _socket.disconnect();
      _socket.connect();
    }
  }

  Future<dynamic> _ask(String event, dynamic argument) => _socket.emitWithAckAsync(event, argument);

  /// Opens the chat and loads its newest messages; later, what was missed.
  Future<void> _open() async {
    final chat = await _rest('POST', '/chat/create-or-get', {'otherUserId': other});
    _id = chat['_id'];
    if (_lastSeq > 0) return _catchUp();
    final page = await _rest('GET', '/message/chat/$_id?limit=$historyLimit');
    _take(page['messages']);
  }

  /// Loads what follows the newest message. Clients in Dart get no offsets, so no session is recovered.
  Future<void> _catchUp() async {
    for (var hasMore = true; hasMore;) {
      final page = await _rest('GET', '/message/chat/$_id?afterSeq=$_lastSeq&limit=100');
      _take(page['messages']);
      hasMore = page['pagination']['hasMore'];
    }
  }

  /// Takes a new message, and before it those that did not arrive.
  Future<void> _receive(Map<String, dynamic> message) async {
    if (message['chatId'] != _id) return;
    if (_lastSeq > 0 && message['seq'] > _lastSeq + 1) await _catchUp();
    _take([message]);
    if (message['senderId'] != user) await _ask('mark_messages_read', {'chatId': _id});
  }

  void _take(List<dynamic> messages) {
    for (final message in messages) {
      _stored[message['seq']] = Line.of(message);
    }
    notifyListeners();
  }

  Future<dynamic> _rest(String method, String path, [Map<String, dynamic>? body]) async {
    final request = http.Request(method, Uri.parse('$url/recruiting/api$path'))
      ..headers['authorization'] = 'Bearer ${await fetchToken()}';
    if (body != null) {
      request.headers['content-type'] = 'application/json';
      request.body = jsonEncode(body);
    }
    final response = await http.Response.fromStream(await request.send());
    final answer = jsonDecode(utf8.decode(response.bodyBytes));
    if (response.statusCode >= 400) throw Exception(answer['message']);
    return answer['data'];
  }

  Future<void> _attempt(Future<void> Function() run) async {
    try {
      await run();
    } on Exception catch (error) {
      _complain(error);
    }
  }

  void _complain(Object? what) {
    problem = '$what';
    notifyListeners();
  }
}

class ChatScreen extends StatefulWidget {
  const ChatScreen({super.key});

  @override
  State<ChatScreen> createState() => _ChatScreenState();
}

class _ChatScreenState extends State<ChatScreen> {
  final _chat = Chat();
  final _text = TextEditingController();
  late final _lifecycle = AppLifecycleListener(onResume: _chat.wake);

  @override
  void initState() {
    super.initState();
    _lifecycle;
    _chat.start();
  }

  @override
  void dispose() {
    _lifecycle.dispose();
    _text.dispose();
    _chat.dispose();
    super.dispose();
  }

  void _send() {
    if (_text.text.trim().isEmpty) return;
    unawaited(_chat.send(_text.text));
    _text.clear();
  }

  @override
  Widget build(BuildContext context) => ListenableBuilder(
        listenable: _chat,
        builder: (context, _) => Scaffold(
          appBar: AppBar(title: Text(_chat.isOtherTyping ? '$other is typing …' : other)),
          body: SafeArea(
            child: Column(children: [
              if (!_chat.isOnline) const Text('Connecting …'),
              if (_chat.problem case final problem?) Text(problem),
              Expanded(
                child: ListView(
                  reverse: true,
                  children: [
                    for (final line in _chat.lines.reversed)
                      ListTile(
                        title: Text(line.text, textAlign: line.isMine ? TextAlign.end : TextAlign.start),
                        subtitle: line.isMine ? Text(line.mark, textAlign: TextAlign.end) : null,
                      ),
                  ],
                ),
              ),
              Padding(
                padding: const EdgeInsets.all(8),
                child: Row(children: [
                  Expanded(
                    child: TextField(
                      controller: _text,
                      decoration: const InputDecoration(labelText: 'Message to $other'),
                      onSubmitted: (_) => _send(),
                    ),
                  ),
                  IconButton(icon: const Icon(Icons.send), tooltip: 'Send', onPressed: _send),
                ]),
              ),
            ]),
          ),
        ),
      );
}
