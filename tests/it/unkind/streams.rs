//! The stream of Chats: what the followup function is handed, and when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use futures_util::future::BoxFuture;
use local::faults::{Effect, Faults, Rule, RunEffect, RunRule, Trigger};
use local::gateway::FunctionError;
use local::lambda::{Handler, Lambda};
use local::latency::Latency;
use local::stream::Streams;
use local::watch::Watch;
use serde_json::{Value, json};
use world::World;

use super::{inline, text};

/// What a function was handed, and what it says to it, in order; to what comes after that it says that all is well.
#[derive(Clone, Default)]
struct Function {
    batches: Arc<Mutex<Vec<Vec<Value>>>>,
    answers: Arc<Mutex<Vec<Result<Value, FunctionError>>>>,
}

impl Function {
    fn saying(answers: Vec<Result<Value, FunctionError>>) -> Self {
        Self { batches: Arc::default(), answers: Arc::new(Mutex::new(answers)) }
    }

    /// A registry with this function in the place of followup.
    fn deployed(&self, world: &World) -> Arc<Lambda> {
        let this = self.clone();
        let handler: Handler = Arc::new(move |event: Value| -> BoxFuture<'static, _> {
            let records = event["Records"].as_array().unwrap().clone();
            this.batches.lock().unwrap().push(records);
            let mut answers = this.answers.lock().unwrap();
            let answer = if answers.is_empty() { Ok(json!({"batchItemFailures": []})) } else { answers.remove(0) };
            Box::pin(async move { answer })
        });
        let function = Arc::new(world.cloud.template.functions["followup"].clone());
        Lambda::new(vec![(function, handler)], 0.0, world.cloud.faults.clone(), Latency::default(), Watch::default())
    }

    /// The chats of each batch.
    fn chats(&self) -> Vec<Vec<String>> {
        let chat = |record: &Value| record["dynamodb"]["Keys"]["chatId"]["S"].as_str().unwrap().to_owned();
        self.batches.lock().unwrap().iter().map(|batch| batch.iter().map(chat).collect()).collect()
    }

    fn records(&self) -> Vec<Value> {
        self.batches.lock().unwrap().iter().flatten().cloned().collect()
    }
}

fn failed() -> Result<Value, FunctionError> {
    Err(FunctionError("as the test wants it".to_owned()))
}

fn streams(world: &World) -> &Streams {
    &world.cloud.services.streams
}

fn faults(world: &World) -> &Faults {
    &world.cloud.faults
}

/// A world in which these chats are written, one after another.
async fn written(chats: &[&str]) -> World {
    let world = inline().await;
    write(&world, chats).await;
    world
}

async fn write(world: &World, chats: &[&str]) {
    let client = Client::new(&world.cloud.aws_of("switchboard").unwrap());
    for (number, chat) in chats.iter().enumerate() {
        let put = client.put_item().table_name("Chats").item("chatId", text(chat));
        put.item("number", text(&number.to_string())).send().await.unwrap();
    }
}

async fn hand_over(world: &World, function: &Function) {
    assert!(streams(world).hand_over(&function.deployed(world), faults(world), 10).await);
}

#[tokio::test(start_paused = true)]
async fn each_change_of_a_chat_is_a_record_and_comes_once_in_order() {
    let world = written(&["a", "b", "a"]).await;
    let client = Client::new(&world.cloud.aws_of("switchboard").unwrap());
    // What changes nothing is no record.
    let same = client.put_item().table_name("Chats").item("chatId", text("a")).item("number", text("2"));
    same.send().await.unwrap();
    let function = Function::default();
    hand_over(&world, &function).await;
    hand_over(&world, &function).await;
    assert_eq!(function.chats(), [["a", "b", "a"]]);
    let records = function.records();
    let names = records.iter().map(|record| record["eventName"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["INSERT", "INSERT", "MODIFY"]);
    let numbers: Vec<&str> =
        records.iter().map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap()).collect();
    assert!(numbers.windows(2).all(|two| two[0] < two[1]), "{numbers:?}");
    let mut last = records[2].clone();
    last["eventID"] = json!("…");
    insta::assert_snapshot!(last, @r#"{"awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1767323045,"Keys":{"chatId":{"S":"a"}},"NewImage":{"chatId":{"S":"a"},"number":{"S":"2"}},"SequenceNumber":"100000000000000000003","SizeBytes":21,"StreamViewType":"NEW_IMAGE"},"eventID":"…","eventName":"MODIFY","eventSource":"aws:dynamodb","eventSourceARN":"arn:aws:dynamodb:us-east-1:000000000000:table/Chats/stream/2026-01-01T00:00:00.000","eventVersion":"1.1"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_a_record_and_one_that_is_not_done_is_none() {
    let world = inline().await;
    let client = Client::new(&world.cloud.aws_of("switchboard").unwrap());
    for (chat, effect) in [("lost", Effect::AnswerLost), ("refused", Effect::transaction_conflict())] {
        faults(&world).inject(Rule::dynamodb("PutItem").table("Chats").once(), effect);
        let _ = client.put_item().table_name("Chats").item("chatId", text(chat)).send().await;
    }
    let function = Function::default();
    hand_over(&world, &function).await;
    assert_eq!(function.chats(), [["lost"]]);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_a_chat_is_a_record_of_that_chat() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    assert!(streams(&world).waiting() > 1, "what is written waits, and costs nobody anything meanwhile");
    let before = world.clock.now();
    assert_eq!(world.followup().await, "");
    assert_eq!(world.clock.now().millis() - before.millis(), 5_000, "the batching window");
    assert_eq!(streams(&world).waiting(), 0);
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    world.minute().await;
    assert_eq!(streams(&world).waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn records_come_twice_if_the_fault_layer_wants_it_at_once_or_later() {
    for later in [Duration::ZERO, Duration::from_secs(20)] {
        let world = written(&["a", "b"]).await;
        let effect = if later.is_zero() { RunEffect::Twice } else { RunEffect::Again(later) };
        faults(&world).inject_run(RunRule::function("followup").trigger(Trigger::Stream).once(), effect);
        let function = Function::default();
        hand_over(&world, &function).await;
        tokio::time::sleep(later).await;
        hand_over(&world, &function).await;
        assert_eq!(function.chats(), [["a", "b"], ["a", "b"]], "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_batch_holds_up_all_that_follow() {
    let world = written(&["a"]).await;
    let late = RunEffect::Late(Duration::from_secs(20));
    faults(&world).inject_run(RunRule::any().trigger(Trigger::Stream).once(), late);
    let function = Function::default();
    hand_over(&world, &function).await;
    write(&world, &["b"]).await;
    hand_over(&world, &function).await;
    assert_eq!((function.chats().len(), streams(&world).waiting(), faults(&world).late()), (0, 2, 1));
    tokio::time::sleep(Duration::from_secs(20)).await;
    hand_over(&world, &function).await;
    assert_eq!(function.chats(), [["a", "b"]]);
    assert_eq!(faults(&world).late(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_partial_failure_the_records_come_again_from_the_first_that_failed() {
    let world = written(&["a", "b", "c", "d"]).await;
    let failures = json!({"batchItemFailures": [
        {"itemIdentifier": "100000000000000000004"},
        {"itemIdentifier": "100000000000000000002"},
    ]});
    let function = Function::saying(vec![Ok(failures)]);
    hand_over(&world, &function).await;
    assert_eq!(function.chats(), [vec!["a", "b", "c", "d"], vec!["b", "c", "d"]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_as_a_whole_comes_again_in_halves() {
    let unknown = json!({"batchItemFailures": [{"itemIdentifier": "1"}]});
    for failure in [failed(), Ok(unknown), Ok(json!({"batchItemFailures": [{}]}))] {
        let world = written(&["a", "b", "c"]).await;
        let function = Function::saying(vec![failure]);
        hand_over(&world, &function).await;
        assert_eq!(function.chats(), [vec!["a", "b", "c"], vec!["a"], vec!["b", "c"]]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_always_fails_is_given_up_and_holds_up_nobody_for_ever() {
    let world = written(&["a", "b"]).await;
    let retries = usize::try_from(world.cloud.template.streams[0].retries).unwrap();
    // The batch, and then the first record as often as it may be tried.
    let function = Function::saying(vec![failed(); 1 + 1 + retries]);
    hand_over(&world, &function).await;
    let mut chats = function.chats();
    assert_eq!(chats.remove(0), ["a", "b"]);
    assert_eq!(chats.pop().unwrap(), ["b"]);
    assert_eq!(chats, vec![["a"]; 1 + retries]);
    assert_eq!(streams(&world).given_up(), 1);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_too_old_are_given_up() {
    let world = written(&["a", "b"]).await;
    world.clock.advance(3_600_001);
    write(&world, &["c"]).await;
    let function = Function::default();
    hand_over(&world, &function).await;
    assert_eq!((function.chats(), streams(&world).given_up()), (vec![vec!["c".to_owned()]], 2));
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_its_window_or_until_it_is_full() {
    let world = inline().await;
    let size = world.cloud.template.streams[0].batch_size;
    let function = Function::default();
    let (services, lambda) = (Arc::clone(&world.cloud.services), function.deployed(&world));
    let running = tokio::spawn(async move { services.streams.run(&lambda, &services.faults).await });
    write(&world, &["a"]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    write(&world, &["b"]).await;
    assert_eq!(function.chats().len(), 0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(function.chats(), [["a", "b"]]);
    let many: Vec<String> = (0..=size).map(|number| format!("chat {number}")).collect();
    write(&world, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(function.chats()[1].len(), size, "a full batch does not wait");
    running.abort();
}
