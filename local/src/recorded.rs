//! The lines of invocations, as deployed functions write them (docs/operating.md): here they are lines of the log with
//! the target `invocation`, and cost nothing unless that target is logged.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use relay::clock::Clock;
use relay::ctx::Ctx;
use relay::http_event::HttpFunction;
use relay::invocation::{self, Invoked, Recorder};
use serde_json::Value;

use crate::code::Code;
use crate::gateway::request_id;
use crate::http_api::HttpCode;
use crate::lambda::Handler;
use crate::template::Function;

/// The same code, which writes a line about each invocation.
pub(crate) fn recorded<A>(code: Code, ctx: &Ctx<A>, function: &Function) -> Code {
    let recorder = Recorder::new(ctx.clock.clone(), ctx.config.invocation_log.clone(), function.name.clone());
    let recorder = Arc::new(recorder);
    match code {
        Code::Events(handler) => Code::Events(events(recorder, handler)),
        Code::Requests(http) => Code::Requests(requests(recorder, http)),
    }
}

fn events(recorder: Arc<Recorder>, handler: Handler) -> Handler {
    Arc::new(move |event: Value| {
        let (recorder, handling) = (Arc::clone(&recorder), AssertUnwindSafe(handler(event)).catch_unwind());
        let handling = handling.inspect(|handled| {
            if handled.is_err() {
                invocation::note_panic();
            }
        });
        Box::pin(async move {
            let handled = recorder.record(invoked, handling).await;
            handled.unwrap_or_else(|panic| resume_unwind(panic))
        })
    })
}

fn requests(recorder: Arc<Recorder>, http: HttpCode) -> HttpCode {
    Arc::new(move |stage: &BTreeMap<String, String>| -> HttpFunction {
        let (recorder, function) = (Arc::clone(&recorder), http(stage));
        Arc::new(move |event: Value| {
            let (recorder, handling) = (Arc::clone(&recorder), function(event));
            Box::pin(async move { recorder.record(invoked, handling).await })
        })
    })
}

/// An invocation here has an id of its own, no trace, and no process that starts.
fn invoked() -> Invoked {
    Invoked { request_id: request_id(&Clock::system()), trace_id: None, is_cold: false }
}
