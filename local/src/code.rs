//! The code of a template's functions: what each package does with its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat::Chat;
use chat::dialect;
use futures_util::future::BoxFuture;
use relay::application::{Application, StageVariables};
use relay::ctx::Ctx;
use relay::functions;
use serde_json::Value;

use crate::gateway::FunctionError;
use crate::http_api::HttpCode;
use crate::lambda::Handler;

/// What a function does.
pub enum Code {
    /// It handles events.
    Events(Handler),
    /// It answers requests of the HTTP API.
    Requests(HttpCode),
}

/// Returns the code of a package, with this context; `None` if there is no such package.
pub type CodeOf<A> = fn(&str, &Arc<Ctx<A>>) -> Option<Code>;

/// A handler that answers every event.
macro_rules! answering {
    ($ctx:ident, $handler:expr) => {{
        let ctx = Arc::clone($ctx);
        Code::Events(Arc::new(move |event: Value| -> BoxFuture<'static, Result<Value, FunctionError>> {
            let ctx = Arc::clone(&ctx);
            Box::pin(async move { Ok($handler(&ctx, event).await) })
        }))
    }};
}

/// A handler that may fail.
macro_rules! failing {
    ($ctx:ident, $handler:expr) => {{
        let ctx = Arc::clone($ctx);
        Code::Events(Arc::new(move |event: Value| -> BoxFuture<'static, Result<Value, FunctionError>> {
            let ctx = Arc::clone(&ctx);
            Box::pin(async move { $handler(&ctx, event).await.map_err(|error| FunctionError(error.to_string())) })
        }))
    }};
}

/// The code of the relay's own functions, for any application.
#[must_use]
pub fn of_relay<A: Application>(package: &str, ctx: &Arc<Ctx<A>>) -> Option<Code> {
    Some(match package {
        "connect" => answering!(ctx, functions::connect::<A>),
        "disconnect" => failing!(ctx, functions::disconnect::<A>),
        "event" => answering!(ctx, functions::event::<A>),
        "followup" => failing!(ctx, functions::followup::<A>),
        "handshake" => answering!(ctx, functions::handshake::<A>),
        "heartbeat" => failing!(ctx, functions::heartbeat::<A>),
        "polling" => {
            let ctx = Arc::clone(ctx);
            Code::Requests(Arc::new(move |stage: &BTreeMap<String, String>| {
                relay::polling_http::function(Arc::clone(&ctx), variables(stage))
            }))
        }
        "sweep" => failing!(ctx, functions::sweep::<A>),
        "switchboard" => answering!(ctx, functions::switchboard::<A>),
        _ => return None,
    })
}

/// The code of Parlance's functions.
#[must_use]
pub fn of_chat(package: &str, ctx: &Arc<Ctx<Chat>>) -> Option<Code> {
    Some(match package {
        "block" | "message" | "presence" | "typing" => answering!(ctx, chat::functions::event),
        "connect" => answering!(ctx, chat::functions::connect),
        "disconnect" => failing!(ctx, chat::functions::disconnect),
        "followup" => failing!(ctx, chat::functions::followup),
        "handshake" => answering!(ctx, chat::functions::handshake),
        "heartbeat" => failing!(ctx, chat::functions::heartbeat),
        "moderation" => {
            let ctx = Arc::clone(ctx);
            Code::Requests(Arc::new(move |_: &BTreeMap<String, String>| rest::moderation::function(Arc::clone(&ctx))))
        }
        "polling" => {
            let ctx = Arc::clone(ctx);
            Code::Requests(Arc::new(move |stage: &BTreeMap<String, String>| {
                chat::functions::polling(Arc::clone(&ctx), variables(stage))
            }))
        }
        "rest" => {
            let ctx = Arc::clone(ctx);
            Code::Requests(Arc::new(move |stage: &BTreeMap<String, String>| {
                let named = stage.get(chat::application::DIALECT_VARIABLE).and_then(|name| dialect::named(name));
                rest::function(Arc::clone(&ctx), named.unwrap_or(ctx.app.config.default_dialect))
            }))
        }
        "sweep" => failing!(ctx, chat::functions::sweep),
        "switchboard" => answering!(ctx, chat::functions::switchboard),
        "webhook" => failing!(ctx, chat::functions::webhook),
        _ => return None,
    })
}

/// The variables of a stage, as the relay has them.
fn variables(stage: &BTreeMap<String, String>) -> StageVariables {
    stage.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The code of an application on Parlance's template, as the echo of the conformance tests needs it: every function of
/// events runs the application, and nothing answers REST requests.
#[must_use]
pub fn of_application<A: Application>(package: &str, ctx: &Arc<Ctx<A>>) -> Option<Code> {
    Some(match package {
        "block" | "message" | "presence" | "typing" => answering!(ctx, functions::event::<A>),
        _ => return of_relay(package, ctx),
    })
}
