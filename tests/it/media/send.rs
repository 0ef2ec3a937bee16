//! A file in one request.

use serde_json::json;
use world::World;

use super::{HTML, LARGEST, MP4, PNG, SVG, blamed, fetch, form, get, key_of, keys, media_url, picture, scene, send};

#[tokio::test(start_paused = true)]
async fn a_picture_is_heard_of_by_everybody_as_any_message_is() {
    let (mut world, chat) = scene().await;
    world.join("alice").await;
    world.join("bob").await;
    let (status, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    assert_eq!((status, answer["data"]["content"].as_str()), (201, Some("Sent image")));
    let name = media_url(&answer).to_owned();
    let heard = world.get("alice", "/api/message/unread-count").await.replace(&name, "<name>");
    insta::assert_snapshot!(heard, @r#"
    alice gets 200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}
    alice hears 42["new_message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"Sent image","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"<name>","messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"Sent image","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"<name>","messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["new_message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"Sent image","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"<name>","messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    bob hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"Sent image","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"<name>","messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    "#);
    let (status, _, bytes) = get(&world, "bob", &name).await;
    assert_eq!((status, bytes.as_slice()), (200, PNG));
}

#[tokio::test(start_paused = true)]
async fn every_dialect_takes_a_file_and_shows_it_in_its_own_words() {
    let (world, chat) = scene().await;
    let mut shown = String::new();
    for dialect in chat::dialect::ALL {
        let prefix = format!("/{}", dialect.name);
        let request = http::Request::post(format!("{prefix}/api/chat/{chat}/send-media"));
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        let (status, _, body) = fetch(&world, "alice", request, form(&[picture(PNG)])).await;
        let body = String::from_utf8(body).unwrap();
        let name =
            keys(&world).into_iter().map(|key| key.replacen('/', "\0", 1).replace('/', "-").replace("media\0", ""));
        let name = name.into_iter().find(|name| body.contains(name)).unwrap();
        assert_eq!(get(&world, "bob", &format!("{prefix}/api/media/{name}")).await.2, PNG);
        shown += &format!("{} {status} {}\n", dialect.name, body.replace(&name, "<name>"));
    }
    insta::assert_snapshot!(shown, @r#"
    recruiting 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"Sent image","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"/api/media/<name>","messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message sent","success":true}
    marketplace 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","chat":"e70c08a3288036ef87ef9f6e","content":"Sent image","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":"<name>","messageType":"image","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":2,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message sent","success":true}
    messenger 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000003","content":"Sent image","isDeleted":false,"mediaUrl":"/api/media/<name>","read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":3},"message":"Message sent","success":true}
    workspace 201 {"data":{"content":"Sent image","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000004","isDeleted":false,"mediaUrl":"/api/media/<name>","senderId":"alice","seq":4,"timestamp":"2026-01-02T03:04:05.006Z","type":"image"},"success":true}
    classroom 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000005","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"image","url":"/api/media/<name>"}],"messageType":"image","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":5,"status":"sent","text":"Sent image","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn names_are_generated_whatever_the_file_was_called() {
    let (world, chat) = scene().await;
    for called in ["../../../etc/passwd", "..\\\\boot.ini", "media/x.png%00.html", "", "a.png/../b"] {
        let (status, answer) = send(&world, "alice", &chat, &[("media", Some((called, "image/png")), PNG)]).await;
        assert_eq!(status, 201, "{called}: {answer}");
        let name = media_url(&answer).strip_prefix("/api/media/").unwrap();
        let (stem, extension) = name.split_once('.').unwrap();
        assert_eq!(extension, "png");
        assert_eq!(stem.split_once('-').map(|(of, random)| (of, random.len())), Some((chat.as_str(), 32)));
        assert!(keys(&world).contains(&key_of(media_url(&answer))));
    }
    assert_eq!(keys(&world).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_a_file_is_its_bytes_say() {
    let (world, chat) = scene().await;
    let taken: [(&[u8], &str, &str, &str); 4] = [
        (PNG, "notes.txt", "text/plain", "image/png"),
        (MP4, "photo.jpg", "image/jpeg", "video/mp4"),
        (b"GIF89a/*<script>alert(1)</script>*/=1;", "page.html", "text/html", "image/gif"),
        (b"\xff\xd8\xff\xe0<?php phpinfo(); ?>", "shell.php", "application/x-php", "image/jpeg"),
    ];
    for (bytes, called, said, judged) in taken {
        let (status, answer) = send(&world, "alice", &chat, &[("media", Some((called, said)), bytes)]).await;
        assert_eq!(status, 201, "{answer}");
        let (kind, caption) = if judged == "video/mp4" { ("video", "Sent video") } else { ("image", "Sent image") };
        assert_eq!(
            (answer["data"]["messageType"].as_str(), answer["data"]["content"].as_str()),
            (Some(kind), Some(caption))
        );
        let (_, headers, served) = get(&world, "bob", media_url(&answer)).await;
        assert_eq!((headers["content-type"].to_str().unwrap(), served.as_slice()), (judged, bytes));
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    let refused: [&[u8]; 6] = [HTML, SVG, b"<?xml version=\"1.0\"?><svg/>", b"%PDF-1.7", b"PK\x03\x04", b"MZ\x90"];
    for bytes in refused {
        let (status, answer) =
            send(&world, "alice", &chat, &[("media", Some(("photo.jpg", "image/jpeg")), bytes)]).await;
        assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "media")), "{answer}");
    }
    assert_eq!(keys(&world).len(), 4, "what was refused is not stored");
}

#[tokio::test(start_paused = true)]
async fn a_caption_is_kept_as_sent_and_bounded() {
    let (world, chat) = scene().await;
    let (status, answer) =
        send(&world, "alice", &chat, &[("content", None, " <b>Rex</b> ".as_bytes()), picture(PNG)]).await;
    assert_eq!((status, answer["data"]["content"].as_str()), (201, Some(" <b>Rex</b> ")));
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG), ("content", None, b" ")]).await;
    assert_eq!(answer["data"]["content"].as_str(), Some("Sent image"));
    let (status, answer) = send(&world, "alice", &chat, &[picture(PNG), ("content", None, &[b'x'; 4_001])]).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "content")));
    let (status, answer) = send(&world, "alice", &chat, &[picture(PNG), ("content", None, b"\xff")]).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "content")));
    assert_eq!(keys(&world).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_and_too_much_are_refused() {
    let (world, chat) = scene().await;
    let (status, answer) = send(&world, "alice", &chat, &[picture(b"")]).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "media")));
    let (status, answer) = send(&world, "alice", &chat, &[("content", None, b"words alone")]).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "media")));
    let (status, answer) = send(&world, "alice", &chat, &[picture(PNG), picture(PNG)]).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "media")));
    let mut bytes = PNG.to_vec();
    bytes.resize(LARGEST + 1, 0);
    let (status, answer) = send(&world, "alice", &chat, &[picture(&bytes)]).await;
    assert_eq!((status, blamed(&answer)), (413, ("VALIDATION_ERROR", "media")));
    let (status, answer) = send(&world, "alice", &chat, &[("content", None, &[b'x'; 70_000]), picture(PNG)]).await;
    assert_eq!((status, blamed(&answer)), (413, ("VALIDATION_ERROR", "body")));
    let many = vec![("more", None, "of it".as_bytes()); 17];
    let (status, answer) = send(&world, "alice", &chat, &many).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "body")));
    let path = format!("/api/chat/{chat}/send-media");
    let (status, answer) = world.request("alice", "POST", &path, "--edge").await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "body")));
    let (status, answer) = world.request("alice", "POST", &path, "{}").await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "media")));
    assert_eq!(keys(&world), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_form_is_taken_where_a_file_is_and_nowhere_else() {
    let (world, chat) = scene().await;
    let request = http::Request::post("/api/message/send").header("content-type", "multipart/form-data; boundary=edge");
    let body = super::form(&[("chatId", None, chat.as_bytes()), ("content", None, b"hello")]);
    let (status, _, _) = super::fetch(&world, "alice", request, body).await;
    assert_eq!(status, 400);
}

#[tokio::test(start_paused = true)]
async fn the_largest_is_taken() {
    let (world, chat) = scene().await;
    let mut bytes = MP4.to_vec();
    bytes.resize(LARGEST, 0);
    let (status, answer) = send(&world, "alice", &chat, &[picture(&bytes)]).await;
    assert_eq!(status, 201, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_chat_looks_like_none() {
    let (world, chat) = scene().await;
    let mut answers = Vec::new();
    for id in [chat.as_str(), "0123456789abcdef01234567", "nonsense", "..uploads"] {
        let (status, answer) = send(&world, "carol", id, &[picture(PNG)]).await;
        assert_eq!(status, 404);
        answers.push((answer["message"].clone(), answer["error"]["details"].clone()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let (status, _) = send(&world, "", &chat, &[picture(PNG)]).await;
    assert_eq!(status, 401);
    assert_eq!(keys(&world), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn while_somebody_blocks_nothing_is_sent_or_stored() {
    let (mut world, chat) = scene().await;
    world.rest("bob", "POST", &format!("/api/chat/{chat}/block"), json!(null)).await;
    let (status, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    assert_eq!((status, blamed(&answer).0), (403, "BLOCKED_USER"));
    assert_eq!(super::prepare(&world, "alice", &chat, "image/png", 9).await.0, 403);
    assert_eq!(keys(&world), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_the_first_message_and_stores_nothing() {
    let (mut world, chat) = scene().await;
    let named = ("clientMessageId", None, "m1".as_bytes());
    let (status, first) = send(&world, "alice", &chat, &[picture(PNG), named]).await;
    assert_eq!(status, 201);
    world.rest("bob", "POST", &format!("/api/chat/{chat}/block"), json!(null)).await;
    for file in [PNG, MP4, HTML, b""] {
        let (status, again) = send(&world, "alice", &chat, &[named, picture(file)]).await;
        assert_eq!((status, &again["data"]["_id"]), (200, &first["data"]["_id"]));
        assert_eq!(media_url(&again), media_url(&first));
    }
    let (status, again) = send(&world, "alice", &chat, &[named]).await;
    assert_eq!((status, &again["data"]["_id"]), (200, &first["data"]["_id"]));
    assert_eq!(keys(&world).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_message_would_have_shown_is_removed_again() {
    let mut world = World::with(&[("MessagesPerMinute", "1")]).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    assert_eq!(send(&world, "alice", &chat, &[picture(PNG)]).await.0, 201);
    let (status, answer) = send(&world, "alice", &chat, &[picture(MP4)]).await;
    assert_eq!((status, blamed(&answer).0), (429, "RATE_LIMIT"));
    assert_eq!(keys(&world).len(), 1);
}
