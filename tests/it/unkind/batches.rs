//! Answers in parts: batches, pages, indexes.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, KeysAndAttributes, WriteRequest};
use local::faults::{Effect, Rule};

use super::{put, stored, tables, text};

fn entries(answer: &QueryOutput) -> Vec<&str> {
    answer.items().iter().map(|item| item["entry"].as_s().unwrap().as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn half_of_a_batch_of_reads_comes_back_unprocessed() {
    let (world, client) = tables().await;
    let mut keys = KeysAndAttributes::builder();
    for entry in ["one", "two", "three"] {
        put(&client, entry).await.unwrap();
        keys = keys.keys([("userId".to_owned(), text("alice")), ("entry".to_owned(), text(entry))].into());
    }
    world.cloud.faults.inject(Rule::dynamodb("BatchGetItem").once(), Effect::Unprocessed);
    let answer = client.batch_get_item().request_items("Users", keys.build().unwrap()).send().await.unwrap();
    assert_eq!(answer.responses().unwrap()["Users"].len(), 1);
    let rest = answer.unprocessed_keys().unwrap()["Users"].clone();
    let left = rest.keys().iter().map(|key| key["entry"].as_s().unwrap().as_str());
    assert_eq!(left.collect::<Vec<_>>(), ["two", "three"]);
    let answer = client.batch_get_item().request_items("Users", rest).send().await.unwrap();
    assert_eq!(answer.responses().unwrap()["Users"].len(), 2);
}

#[tokio::test(start_paused = true)]
async fn half_of_a_batch_of_writes_comes_back_unprocessed() {
    let (world, _) = tables().await;
    let client = Client::new(&world.cloud.aws_of("sweep").unwrap());
    world.cloud.faults.inject(Rule::dynamodb("BatchWriteItem").once(), Effect::Unprocessed);
    let requests = [1, 2].map(|seq| {
        let delete =
            DeleteRequest::builder().key("chatId", text("chat")).key("seq", AttributeValue::N(seq.to_string()));
        WriteRequest::builder().delete_request(delete.build().unwrap()).build()
    });
    let answer = client.batch_write_item().request_items("Messages", requests.to_vec()).send().await.unwrap();
    assert_eq!(answer.unprocessed_items().unwrap()["Messages"], requests[1..]);
}

#[tokio::test(start_paused = true)]
async fn pages_may_be_short_or_empty_and_whoever_follows_them_misses_nothing() {
    for size in [0, 1, 2] {
        let (world, client) = tables().await;
        for entry in ["a", "b", "c"] {
            put(&client, entry).await.unwrap();
        }
        world.cloud.faults.inject(Rule::dynamodb("Query").first(2), Effect::SplitPages(size));
        let (mut found, mut start, mut pages) = (Vec::new(), None, Vec::new());
        loop {
            let query = client.query().table_name("Users").key_condition_expression("#user = :user");
            let query = query.expression_attribute_names("#user", "userId");
            let query = query.expression_attribute_values(":user", text("alice"));
            let answer = query.set_exclusive_start_key(start).send().await.unwrap();
            pages.push(answer.count());
            found.extend(entries(&answer).into_iter().map(str::to_owned));
            start = answer.last_evaluated_key().cloned();
            if start.is_none() {
                break;
            }
        }
        assert_eq!(found, ["a", "b", "c"], "{pages:?}");
        assert_eq!(pages[0], i32::try_from(size).unwrap());
    }
}

async fn online(client: &Client) -> Vec<String> {
    let query = client.query().table_name("Users").index_name("online").key_condition_expression("#online = :online");
    let query = query.expression_attribute_names("#online", "online");
    let answer = query.expression_attribute_values(":online", text("socket")).send().await.unwrap();
    entries(&answer).into_iter().map(str::to_owned).collect()
}

async fn come(client: &Client, entry: &str) {
    let put = client.put_item().table_name("Users").item("userId", text("alice")).item("entry", text(entry));
    put.item("online", text("socket")).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_index_may_lag_behind_what_came_what_went_and_what_stayed() {
    let (world, client) = tables().await;
    // From here on the layer is on, and remembers.
    world.cloud.faults.inject(Rule::dynamodb("Query").nth(2), Effect::StaleIndex(Duration::from_secs(2)));
    come(&client, "stays").await;
    come(&client, "goes").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    come(&client, "comes").await;
    come(&client, "stays").await;
    let key = client.delete_item().table_name("Users").key("userId", text("alice"));
    key.key("entry", text("goes")).send().await.unwrap();
    assert_eq!(online(&client).await, ["comes", "stays"], "as it is");
    assert_eq!(online(&client).await, ["stays", "goes"], "as it was");
    assert_eq!(online(&client).await, ["comes", "stays"], "as it is");
    assert_eq!(stored(&world, "goes").await, None);
}
