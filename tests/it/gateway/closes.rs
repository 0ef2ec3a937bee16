//! How connections end, and what `$disconnect` hears of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use local::gateway::{Close, DisconnectFault, ManagementError, Settings};

use super::stage::{Stage, close, fine, prompt, request, text};

async fn pass(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_idle_for_600_seconds_is_closed_with_1001() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    pass(599).await;
    assert_eq!(client.try_next(), None);
    pass(2).await;
    assert_eq!(client.next().await, close(1001, "Going away"));
    assert_eq!(client.next().await, None);
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$connect", "$disconnect 1001 Going away"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_and_a_post_count_as_activity() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    pass(500).await;
    client.send_text("hello").await;
    pass(500).await;
    stage.gateway.post(client.connection_id(), "hello".into()).unwrap();
    pass(500).await;
    assert_eq!(client.next().await, text("hello"));
    assert_eq!(client.try_next(), None);
    pass(101).await;
    assert_eq!(client.next().await, close(1001, "Going away"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_7200_seconds_is_closed_with_1001_however_busy() {
    let stage = Stage::new(Settings { age_close_reason: "Too old".to_owned(), ..prompt() });
    let mut client = stage.client().await;
    for _ in 0..24 {
        pass(299).await;
        client.send_text("hello").await;
    }
    assert_eq!(client.try_next(), None);
    pass(25).await;
    assert_eq!(client.next().await, close(1001, "Too old"));
}

#[tokio::test(start_paused = true)]
async fn timers_can_be_scaled() {
    let stage = Stage::new(Settings { timer_scale: 0.01, ..prompt() });
    let mut client = stage.client().await;
    pass(5).await;
    assert_eq!(client.try_next(), None);
    pass(2).await;
    assert_eq!(client.next().await, close(1001, "Going away"));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_clients_tcp_connection_is_noticed_at_once_or_at_the_idle_limit() {
    for notices_tcp_ends in [true, false] {
        let stage = Stage::new(Settings { notices_tcp_ends, ..prompt() });
        let client = stage.client().await;
        let id = client.connection_id().to_owned();
        client.send_text("the last word").await;
        client.abort();
        stage.gateway.settled().await;
        let at_once = ["$connect", "$default the last word", "$disconnect 1006 "];
        assert_eq!(stage.told(), if notices_tcp_ends { &at_once[..] } else { &at_once[..2] });
        assert_eq!(stage.gateway.get(&id).is_err(), notices_tcp_ends);
        pass(601).await;
        stage.gateway.settled().await;
        assert_eq!(stage.told().len(), 3);
        assert!(notices_tcp_ends || stage.told()[2] == "$disconnect 1001 Going away");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_in_a_network_that_vanished_is_noticed_only_at_the_idle_limit() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    let id = client.connection_id().to_owned();
    drop(client);
    pass(300).await;
    assert_eq!(stage.gateway.post(&id, "into the void".into()), Ok(()));
    pass(599).await;
    assert_eq!(stage.told(), ["$connect"]);
    pass(2).await;
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$connect", "$disconnect 1001 Going away"]);
    assert_eq!(stage.gateway.post(&id, "hello".into()), Err(ManagementError::Gone));
}

#[tokio::test(start_paused = true)]
async fn delete_closes_with_1000() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    stage.gateway.post(client.connection_id(), "farewell".into()).unwrap();
    stage.gateway.delete(client.connection_id()).unwrap();
    assert_eq!(client.next().await, text("farewell"));
    assert_eq!(client.next().await, close(1000, "Connection Closed Normally"));
    assert_eq!(stage.gateway.delete(client.connection_id()), Err(ManagementError::Gone));
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$connect", "$disconnect 1000 Connection Closed Normally"]);
}

#[tokio::test(start_paused = true)]
async fn disconnect_hears_the_clients_code_and_reason_and_1005_without() {
    let stage = Stage::new(prompt());
    for status in [None, Some((1001, "")), Some((4000, "bye"))] {
        stage.client().await.close(status.map(|(code, reason)| Close { code, reason }));
        stage.gateway.settled().await;
    }
    let told: Vec<String> = stage.told().into_iter().filter(|told| told != "$connect").collect();
    assert_eq!(
        told,
        ["$disconnect 1005 Client-side close frame status not set", "$disconnect 1001 ", "$disconnect 4000 bye"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_frame_over_32_768_bytes_is_closed_with_1009() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    client.send_text("a".repeat(32_768)).await;
    stage.gateway.settled().await;
    assert_eq!(stage.told().len(), 2);
    client.send_text("a".repeat(32_769)).await;
    assert_eq!(client.next().await, close(1009, "Message too big"));
    client.send_text("too late").await;
    stage.gateway.settled().await;
    assert_eq!(stage.told()[2..], ["$disconnect 1009 Message too big"]);
}

#[tokio::test(start_paused = true)]
async fn a_binary_frame_is_closed_with_1003() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    client.send_binary(vec![1, 2, 3]).await;
    assert_eq!(client.next().await, close(1003, "Binary frames are not supported"));
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$connect", "$disconnect 1003 Binary frames are not supported"]);
}

#[tokio::test(start_paused = true)]
async fn at_disconnect_the_connection_has_ceased_to_exist() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&outcomes);
    let stage = Stage::with(prompt(), move |call| {
        if call.function == "disconnect" {
            noted.lock().unwrap().push(call.gateway.post(call.connection_id(), "hello".into()));
        }
        async { fine() }
    });
    stage.client().await.close(None);
    stage.gateway.settled().await;
    assert_eq!(*outcomes.lock().unwrap(), [Err(ManagementError::Gone)]);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_may_be_lost_doubled_or_late() {
    let told_of = async |fault, wait| {
        let stage = Stage::new(Settings { disconnect_fault: fault, ..prompt() });
        stage.client().await.close(None);
        pass(wait).await;
        stage.told().len() - 1
    };
    assert_eq!(told_of(DisconnectFault::None, 1).await, 1);
    assert_eq!(told_of(DisconnectFault::Lost, 1).await, 0);
    assert_eq!(told_of(DisconnectFault::Doubled, 1).await, 2);
    assert_eq!(told_of(DisconnectFault::LateMillis(5_000), 1).await, 0);
    assert_eq!(told_of(DisconnectFault::LateMillis(5_000), 6).await, 1);
}

#[tokio::test(start_paused = true)]
async fn shutdown_closes_everyone_with_1001_and_waits_for_their_disconnects() {
    let stage = Stage::with(prompt(), |call| async move {
        if call.function == "disconnect" {
            pass(2).await;
        }
        fine()
    });
    let mut clients = [stage.client().await, stage.client().await];
    let begun = tokio::time::Instant::now();
    stage.gateway.shutdown().await;
    assert_eq!(begun.elapsed().as_secs(), 2);
    for client in &mut clients {
        assert_eq!(client.next().await, close(1001, "Going away"));
    }
    assert_eq!(stage.told().len(), 4);
    assert_eq!(stage.refused(request("/prod")).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_let_in_during_shutdown_is_closed_at_once() {
    let stage = Stage::with(prompt(), |_| async {
        pass(1).await;
        fine()
    });
    let shutdown = async {
        pass(0).await;
        stage.gateway.shutdown().await;
        stage.told()
    };
    let (mut client, told) = tokio::join!(stage.client(), shutdown);
    assert_eq!(client.next().await, close(1001, "Going away"));
    assert_eq!(told, ["$connect", "$disconnect 1001 Going away"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_forever() {
    let stage = Stage::with(prompt(), |call| async move {
        if call.function == "disconnect" {
            std::future::pending::<()>().await;
        }
        fine()
    });
    let _client = stage.client().await;
    let begun = tokio::time::Instant::now();
    stage.gateway.shutdown().await;
    assert_eq!(begun.elapsed().as_secs(), 10);
}
