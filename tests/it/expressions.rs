//! DynamoDB refuses a reserved word that stands for an attribute in an expression. The local engine does so too, in
//! whatever expression, so every test checks the expressions that it has functions send.

use serde_json::{Value, json};
use world::World;

/// DynamoDB's reserved words, all of them: its developer guide, "Reserved words in DynamoDB".
const RESERVED: &str = include_str!("expressions/reserved.txt");

/// Those with a meaning in expressions: where they stand for an attribute, the expression is no expression at all.
const GRAMMAR: &[&str] = &["ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET", "SIZE"];

const KEY: &str = r#"{"chatId": {"S": "c"}, "seq": {"N": "1"}}"#;

/// Every request that may carry an expression, with `word` in place of an attribute: operation, kind of expression,
/// request.
fn requests(word: &str) -> Vec<(&'static str, &'static str, Value)> {
    let key: Value = serde_json::from_str(KEY).unwrap();
    let values = |expression: &str| {
        let mut values = json!({":c": {"S": "c"}, ":n": {"N": "1"}});
        values.as_object_mut().unwrap().retain(|name, _| expression.contains(name));
        if values.as_object().unwrap().is_empty() { Value::Null } else { values }
    };
    let with = |mut request: Value, kind: &str, expression: &str| {
        request["TableName"] = "Messages".into();
        request[kind] = expression.into();
        let all = ["KeyConditionExpression", "UpdateExpression", "ConditionExpression", "FilterExpression"];
        let all: String = all.iter().filter_map(|kind| request[*kind].as_str()).collect();
        request["ExpressionAttributeValues"] = values(&all);
        request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        request
    };
    let conditions = [
        format!("{word} = :n"),
        format!("attribute_not_exists(chatId) OR mine.{word} < :n"),
        format!("mine[1].{word} <> :n"),
        format!("attribute_not_exists({word})"),
        format!("NOT size({word}) > :n"),
        format!("{word} BETWEEN :n AND :n"),
        format!("{word} IN (:n)"),
    ];
    let updates = [
        format!("SET {word} = :n"),
        format!("SET mine = if_not_exists({word}, :n)"),
        format!("SET mine = {word} + :n"),
        format!("SET mine.{word} = :n"),
        format!("REMOVE {word}"),
        format!("ADD {word} :n"),
    ];
    let projections = [word.to_owned(), format!("chatId, mine.{word}"), format!("mine[0].{word}, seq")];
    let mut all = Vec::new();
    let transact = |kind: &str, part: Value| json!({"TransactItems": [{kind: part}]});
    for update in &updates {
        let request = with(json!({"Key": key}), "UpdateExpression", update);
        all.push(("TransactWriteItems", "UpdateExpression", transact("Update", request.clone())));
        all.push(("UpdateItem", "UpdateExpression", request));
    }
    for condition in &conditions {
        let kind = "ConditionExpression";
        let put = with(json!({"Item": key}), kind, condition);
        let update = with(json!({"Key": key, "UpdateExpression": "REMOVE mine"}), kind, condition);
        let delete = with(json!({"Key": key}), kind, condition);
        for (part, request) in [("Put", &put), ("Update", &update), ("Delete", &delete), ("ConditionCheck", &delete)] {
            all.push(("TransactWriteItems", kind, transact(part, request.clone())));
        }
        all.extend([("PutItem", kind, put), ("UpdateItem", kind, update), ("DeleteItem", kind, delete)]);
        let query = json!({"KeyConditionExpression": "chatId = :c"});
        all.push(("Query", "FilterExpression", with(query, "FilterExpression", condition)));
        all.push(("Scan", "FilterExpression", with(json!({}), "FilterExpression", condition)));
    }
    for condition in [
        format!("{word} = :c"),
        format!("chatId = :c AND {word} < :n"),
        format!("chatId = :c AND begins_with({word}, :c)"),
    ] {
        all.push(("Query", "KeyConditionExpression", with(json!({}), "KeyConditionExpression", &condition)));
    }
    for projection in &projections {
        let kind = "ProjectionExpression";
        all.push(("GetItem", kind, with(json!({"Key": key}), kind, projection)));
        all.push(("Query", kind, with(json!({"KeyConditionExpression": "chatId = :c"}), kind, projection)));
        let batch = json!({"RequestItems": {"Messages": {"Keys": [key], kind: projection}}});
        all.push(("BatchGetItem", kind, batch));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_reserved_word_is_refused_in_every_expression() {
    let world = World::new().await;
    let dynamodb = &world.cloud.services.dynamodb;
    assert_eq!(RESERVED.lines().count(), 573);
    for word in RESERVED.lines().flat_map(|word| [word.to_owned(), word.to_lowercase()]) {
        for (operation, kind, request) in requests(&word) {
            let (status, answer) = dynamodb.call(operation, request.clone()).await;
            let answer = String::from_utf8_lossy(&answer);
            let refusal = format!("Attribute name is a reserved keyword; reserved keyword: {word}");
            let refused = status == 400 && answer.contains("ValidationException");
            let grammar = GRAMMAR.contains(&word.to_uppercase().as_str());
            assert!(
                refused && (grammar || answer.contains(&refusal)),
                "{operation} {kind} {request}: {status} {answer}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_the_word_alone() {
    let world = World::new().await;
    for (operation, kind, request) in requests("harmless") {
        let (_, answer) = world.cloud.services.dynamodb.call(operation, request.clone()).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains("reserved"), "{operation} {kind} {request}: {answer}");
    }
}
