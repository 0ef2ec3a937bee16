//! The chat as an application of the relay: what the relay calls, from connections and events to the use cases and
//! back.

mod admin;
mod connect;
mod disconnect;
mod event;
pub mod moderation;
mod recover;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use relay::application::{
    Admission, Application, Asking, Denial, Emission, Emitted, Event, EventContent, LeaveWrites, Leaving, Problem,
    StageVariables,
};
use relay::clock::{Clock, Timestamp};
use relay::config::{ConfigError, Settings};
use relay::dynamo::{RowKey, Transaction};
use relay::error::Error as RelayError;
use relay::id::{ConnectionId, UserId};
use relay::services::Aws;
use relay::store::{Former, Opened, Session, Writes};
use serde_json::{Map, Value};

use crate::app;
use crate::auth::Identity;
use crate::ctx::{Chat, Ctx};
use crate::deliver::{self, error_frames, expired_frame};
use crate::dialect::{self, Dialect, Family};
use crate::error::Error;
use crate::store::{ENDING_ATTRIBUTES, Socket, SocketCount, dialect_of, header_value, session_attributes};
use crate::telemetry;

pub use event::note_delivery;
pub use recover::Missed;

/// The stage variable with the name of the root namespace's dialect, if it is not the deployment's default.
pub const DIALECT_VARIABLE: &str = "defaultDialect";

impl Application for Chat {
    type Identity = Identity;
    type Joining = SocketCount;
    type Missed = Missed;

    const ENDING_ATTRIBUTES: &'static [&'static str] = ENDING_ATTRIBUTES;

    fn start(settings: &Settings<'_>, aws: &Aws, clock: &Clock) -> Result<Self, ConfigError> {
        Self::new(settings, aws, clock)
    }

    async fn warm(ctx: &Ctx) -> Result<(), ConfigError> {
        if let Some(keyring) = &ctx.app.keyring {
            keyring.warm().await?;
        }
        ctx.app.hooks.warm().await
    }

    fn has_namespace(ctx: &Ctx, stage: &StageVariables, namespace: &str) -> bool {
        dialect_in(ctx, stage, namespace).is_some()
    }

    fn namespaces() -> Vec<String> {
        let of_dialects = dialect::ALL.iter().map(|dialect| format!("/{}", dialect.name));
        std::iter::once("/".to_owned()).chain(of_dialects).collect()
    }

    fn frames_per_second(ctx: &Ctx, stage: &StageVariables) -> Option<u64> {
        ctx.app.config.limits.in_force(default_dialect(ctx, stage)).frames_per_second()
    }

    fn events_per_second(ctx: &Ctx, stage: &StageVariables, namespace: &str) -> Option<u64> {
        let dialect = dialect_in(ctx, stage, namespace)?;
        ctx.app.config.limits.in_force(dialect).events_per_second
    }

    fn function<'a>(ctx: &'a Ctx, stage: &StageVariables, namespace: &str, event: &str) -> Option<&'a str> {
        let (relay, own) = (&ctx.config.functions, &ctx.app.config.functions);
        let dialect = dialect_in(ctx, stage, namespace)?;
        telemetry::note_dialect(dialect);
        Some(match dialect.owner(event)? {
            Family::Block => &own.block,
            Family::Connect => &relay.connect,
            Family::Disconnect => &relay.disconnect,
            Family::Message => &relay.event,
            Family::Presence => &own.presence,
            Family::Typing => &own.typing,
        })
    }

    async fn handshake(ctx: &Ctx, headers: &HeaderMap) -> Result<Option<Value>, RelayError> {
        let Some(token) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return Ok(None) };
        match app::verified(ctx, Some(token)).await {
            Ok(identity) => Ok(header_value(&Ok(identity))),
            Err(Error::Authentication(refusal)) => Ok(header_value(&Err(refusal))),
            Err(error) => Err(error.into()),
        }
    }

    async fn authenticate(ctx: &Ctx, asking: Asking<'_>) -> Result<Admission<Identity>, Denial> {
        let Asking { stage, namespace, auth, handshake } = asking;
        let dialect = dialect_in(ctx, stage, namespace).unwrap_or(ctx.app.config.default_dialect);
        telemetry::note_dialect(dialect);
        let identity = connect::authenticate(ctx, auth, handshake).await;
        let identity = identity.map_err(|error| connect::denial(ctx, dialect, error))?;
        Ok(Admission {
            user: identity.user.clone(),
            expires_at: identity.expires_at,
            attributes: session_attributes(dialect.name),
            identity,
        })
    }

    async fn join_writes(ctx: &Ctx, session: &Session, identity: &Identity) -> Result<(Writes, SocketCount), Denial> {
        let writes = ctx.app.store.join_writes(session, identity).await;
        writes.map_err(|error| connect::denial(ctx, dialect_of_session(ctx, session), error))
    }

    async fn joined(ctx: &Ctx, session: &Session, _auth: &Map<String, Value>, count: SocketCount) -> Vec<Emission> {
        connect::joined(ctx, session, count).await;
        Vec::new()
    }

    fn row_of_event(
        ctx: &Ctx,
        stage: &StageVariables,
        user: Option<&UserId>,
        emitted: Emitted<'_>,
        content: &EventContent,
    ) -> Option<RowKey> {
        let dialect = dialect_in(ctx, stage, emitted.namespace)?;
        let command = dialect.parse_command(emitted.event, &content.arguments).ok()?;
        command.chat(user).map(|chat| ctx.app.store.chat_row(&chat))
    }

    async fn event(ctx: &Ctx, session: &Session, event: Event<'_>) -> Vec<Emission> {
        event::handle(ctx, session, event).await;
        Vec::new()
    }

    fn refusal(ctx: &Ctx, stage: &StageVariables, emitted: Emitted<'_>, problem: &Problem<'_>) -> Vec<String> {
        let Emitted { namespace, event, ack } = emitted;
        let Some(dialect) = dialect_in(ctx, stage, namespace) else { return Vec::new() };
        let error = match problem {
            Problem::TooManyEvents => Error::RateLimit { what: "events", retry_after_secs: 1 },
            Problem::UnknownEvent => Error::validation("event", dialect.unknown_event(event)),
            Problem::Internal(error) => Error::internal(error.to_string()),
        };
        error_frames(ctx, deliver::Emitted { namespace, dialect, event, ack }, &error)
    }

    fn expired(ctx: &Ctx, session: &Session, emitted: Option<Emitted<'_>>) -> Vec<String> {
        let answer = emitted.filter(|emitted| emitted.ack.is_some()).and_then(|Emitted { namespace, event, ack }| {
            let dialect = dialect::named(dialect_of(session))?;
            Some(error_frames(ctx, deliver::Emitted { namespace, dialect, event, ack }, &deliver::EXPIRED))
        });
        answer.into_iter().flatten().chain(expired_frame(ctx, &Socket::of(session))).collect()
    }

    async fn leave_writes(ctx: &Ctx, leaving: Leaving<'_>) -> Result<Option<LeaveWrites>, RelayError> {
        Ok(ctx.app.store.leave_writes(leaving).await?)
    }

    async fn left(ctx: &Ctx, session: &Session, at: Timestamp, notifies: bool) -> Result<(), RelayError> {
        Ok(disconnect::left(ctx, session, at, notifies).await?)
    }

    async fn left_before(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<(), RelayError> {
        Ok(disconnect::left_before(ctx, session, at).await?)
    }

    async fn rooms(ctx: &Ctx, sessions: &[Session]) -> Result<Vec<Vec<String>>, RelayError> {
        admin::rooms(ctx, sessions).await
    }

    fn move_writes(ctx: &Ctx, session: &Session, to: &Opened) -> Result<Transaction, RelayError> {
        Ok(ctx.app.store.move_writes(session, to)?)
    }

    async fn former(
        ctx: &Ctx,
        joining: &Session,
        auth: &Map<String, Value>,
    ) -> Result<Option<(Former, Missed)>, RelayError> {
        Ok(recover::former(ctx, joining, auth).await?)
    }

    async fn restore_writes(
        ctx: &Ctx,
        former: &Former,
        session: &Session,
        recovery_buffer: &ConnectionId,
        identity: &Identity,
    ) -> Result<(Writes, Option<SocketCount>), Denial> {
        let writes = ctx.app.store.restore_writes(former, session, recovery_buffer, identity).await;
        writes.map_err(|error| connect::denial(ctx, dialect_of_session(ctx, session), error))
    }

    async fn missed(
        ctx: &Ctx,
        former: &Former,
        session: &Session,
        identity: &Identity,
        missed: &mut Missed,
    ) -> Result<Option<Vec<String>>, Denial> {
        let frames = recover::missed(ctx, former, session, identity, missed).await;
        frames.map_err(|error| connect::denial(ctx, dialect_of_session(ctx, session), error))
    }

    async fn settled(ctx: &Ctx, missed: &Missed) -> Result<(), RelayError> {
        Ok(recover::settled(ctx, missed).await?)
    }

    fn is_included(session: &Session, missed: &Missed, frame: &str) -> bool {
        recover::is_included(session, missed, frame)
    }

    async fn released(ctx: &Ctx, session: &Session, recovery_buffer: &ConnectionId) -> Result<(), RelayError> {
        Ok(ctx.app.store.release(session, recovery_buffer).await?)
    }

    async fn returned(ctx: &Ctx, session: &Session, count: Option<SocketCount>) -> Vec<Emission> {
        connect::returned(ctx, session, count).await;
        Vec::new()
    }
}

/// The dialect of a namespace; `None` if there is no namespace of this name.
fn dialect_in(ctx: &Ctx, stage: &StageVariables, namespace: &str) -> Option<&'static Dialect> {
    dialect::of_namespace(namespace, default_dialect(ctx, stage))
}

/// The dialect of a session.
fn dialect_of_session(ctx: &Ctx, session: &Session) -> &'static Dialect {
    dialect::named(dialect_of(session)).unwrap_or(ctx.app.config.default_dialect)
}

/// The dialect of the root namespace: the one that the stage names, else the deployment's default.
fn default_dialect(ctx: &Ctx, stage: &StageVariables) -> &'static Dialect {
    let of_stage = stage.get(DIALECT_VARIABLE);
    of_stage.and_then(|name| dialect::named(name)).unwrap_or(ctx.app.config.default_dialect)
}
