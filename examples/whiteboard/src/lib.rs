//! A shared whiteboard: whoever joins a board sees what was drawn there, and what the others draw.
//!
//! The table Boards holds a row for each socket (`socket#<sid>`) and each stroke (`stroke#<time>#<event>`) of a board.
//! A client that was away joins again and receives all strokes, so sessions are not recovered.

use aws_sdk_dynamodb::types::{Delete, Put};
use relay::application::{
    Admission, Application, Asking, Denial, Emission, Event, EventContent, LeaveWrites, Leaving, refusal,
};
use relay::clock::Clock;
use relay::config::{ConfigError, Settings};
use relay::ctx::Ctx;
use relay::dynamo::{DeleteItemInput, Dynamo, Item, PutItemInput, QueryInput, text};
use relay::error::Error;
use relay::id::{ConnectionId, is_length};
use relay::services::Aws;
use relay::store::{Session, Writes};
use relay::telemetry::failed;
use serde_json::{Map, Value, json};

/// The whiteboard: an application that keeps the sockets and the strokes of each board in one table.
pub struct Whiteboard {
    db: Dynamo,
    table: String,
}

impl Application for Whiteboard {
    type Identity = ();
    type Joining = ();
    type Missed = ();

    fn start(settings: &Settings<'_>, aws: &Aws, clock: &Clock) -> Result<Self, ConfigError> {
        Ok(Self { db: Dynamo::new(aws.tables(), clock.clone()), table: settings.required("BOARDS_TABLE")? })
    }

    /// Anybody may join who names a board: `io(url, { auth: { board: "blue" } })`.
    async fn authenticate(ctx: &Ctx<Self>, asking: Asking<'_>) -> Result<Admission<()>, Denial> {
        let board = asking.auth.and_then(|auth| auth.get("board")?.as_str()).filter(|board| is_length(board, 100));
        let board = board.ok_or_else(|| refusal("auth.board must be a string of 1 to 100 characters"))?;
        Ok(Admission { attributes: Item::from([("board".to_owned(), text(board))]), ..Admission::anybody(&ctx.clock)? })
    }

    /// A socket is on its board from the moment in which its session begins.
    async fn join_writes(ctx: &Ctx<Self>, session: &Session, (): &()) -> Result<(Writes, ()), Denial> {
        let mut row = key(session, &format!("socket#{}", session.sid));
        row.insert("value".to_owned(), text(&session.connection));
        let mut writes = Writes::default();
        writes.required.put(Put::builder().table_name(&ctx.app.table).set_item(Some(row)))?;
        Ok((writes, ()))
    }

    async fn joined(ctx: &Ctx<Self>, session: &Session, _: &Map<String, Value>, (): ()) -> Vec<Emission> {
        let strokes = rows(ctx, session, "stroke#").await;
        let strokes = strokes.iter().rev().filter_map(|(_, stroke)| serde_json::from_str(stroke).ok()).collect();
        vec![Emission::Event("strokes".to_owned(), EventContent::of(vec![Value::Array(strokes)]))]
    }

    async fn event(ctx: &Ctx<Self>, session: &Session, event: Event<'_>) -> Vec<Emission> {
        match event.name {
            "draw" => {
                let drawn = draw(ctx, session, event).await.inspect_err(|error| failed(None, error));
                vec![Emission::Ack(EventContent::of(vec![json!({"stored": drawn.is_ok()})]))]
            }
            // The server asks back. The client answers with an ack of its own, for which the relay calls `ack`.
            "clear" => vec![Emission::Question("sure?".to_owned(), EventContent::default(), "clear".to_owned())],
            _ => Vec::new(),
        }
    }

    async fn ack(ctx: &Ctx<Self>, session: &Session, _about: &str, answer: EventContent) -> Vec<Emission> {
        if answer.arguments.first() == Some(&json!(true)) {
            for (entry, _) in rows(ctx, session, "stroke#").await {
                let delete = DeleteItemInput::builder().table_name(&ctx.app.table).set_key(Some(key(session, &entry)));
                let deleted = ctx.app.db.tables.delete_item(delete).await.map_err(Error::internal);
                let _ = deleted.inspect_err(|error| failed(None, error));
            }
            tell(ctx, session, "cleared", Value::Null).await;
        }
        Vec::new()
    }

    /// The Admin UI shows each board as a room.
    async fn rooms(_: &Ctx<Self>, sessions: &[Session]) -> Result<Vec<Vec<String>>, Error> {
        let board = |session: &Session| session.attributes.get("board")?.as_s().ok().cloned();
        Ok(sessions.iter().map(|session| board(session).into_iter().collect()).collect())
    }

    async fn leave_writes(ctx: &Ctx<Self>, leaving: Leaving<'_>) -> Result<Option<LeaveWrites>, Error> {
        let key = key(leaving.session, &format!("socket#{}", leaving.session.sid));
        let mut leave = LeaveWrites::default();
        leave.writes.required.delete(Delete::builder().table_name(&ctx.app.table).set_key(Some(key)))?;
        Ok(Some(leave))
    }
}

/// Stores a stroke and shows it to the others. An event that comes twice is stored once.
async fn draw(ctx: &Ctx<Whiteboard>, session: &Session, event: Event<'_>) -> Result<(), Error> {
    let stroke = event.content.arguments.into_iter().next().unwrap_or_default();
    let mut row = key(session, &format!("stroke#{}#{}", event.at.iso(), event.invocation));
    row.insert("value".to_owned(), text(&stroke));
    ctx.app.db.put(PutItemInput::builder().table_name(&ctx.app.table).set_item(Some(row))).await?;
    tell(ctx, session, "drawn", stroke).await;
    Ok(())
}

/// Emits an event to everybody else on the board.
async fn tell(ctx: &Ctx<Whiteboard>, from: &Session, event: &str, argument: Value) {
    let frame = relay::application::event_frame("/", event, vec![argument]);
    for (entry, connection) in rows(ctx, from, "socket#").await {
        let Ok(connection) = ConnectionId::parse(&connection) else { continue };
        if entry != format!("socket#{}", from.sid) {
            relay::reply::reply(ctx, &connection, frame.as_slice()).await;
        }
    }
}

/// The key of a row of the board that a session has joined.
fn key(session: &Session, entry: &str) -> Item {
    let board = session.attributes.get("board").cloned().unwrap_or_else(|| text(""));
    Item::from([("board".to_owned(), board), ("entry".to_owned(), text(entry))])
}

/// The rows of a session's board whose sort keys begin with `prefix`, newest first and at most 500: sort key and value.
/// None if they cannot be read, which is logged.
async fn rows(ctx: &Ctx<Whiteboard>, session: &Session, prefix: &str) -> Vec<(String, String)> {
    let values = key(session, prefix).into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
    let query = QueryInput::builder().table_name(&ctx.app.table).limit(500).scan_index_forward(false);
    let query = query.key_condition_expression("board = :board AND begins_with(entry, :entry)");
    let found = ctx.app.db.query(query.set_expression_attribute_values(Some(values))).await;
    let found = found.inspect_err(|error| failed(None, error));
    let pair = |row: &Item| Some((row.get("entry")?.as_s().ok()?.clone(), row.get("value")?.as_s().ok()?.clone()));
    found.iter().flat_map(|found| found.items()).filter_map(pair).collect()
}
