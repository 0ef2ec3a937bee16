//! The function `switchboard`, see ARCHITECTURE.md.

use serde_json::{Value, json};
use shared::ctx::{Ctx, Route};
use shared::dialect::Family;
use shared::relay::Incoming;
use shared::relay::switchboard::{Owner, not_handed_over, sort};

/// Handles a frame of `$default`: deals with it, or hands the very same event to its owner.
pub async fn handle(ctx: &Ctx, event: Value) -> Value {
    let Ok(incoming) = Incoming::read(&event) else {
        tracing::error!("an event of $default cannot be read");
        return json!({"statusCode": 200});
    };
    let Some((owner, event)) = sort(ctx, &incoming, event).await else { return json!({"statusCode": 200}) };
    let names = &ctx.config.functions;
    let name = match owner {
        Owner::Connect | Owner::Family(Family::Connect) => &names.connect,
        Owner::Family(Family::Block) => &names.block,
        Owner::Family(Family::Disconnect) => &names.disconnect,
        Owner::Family(Family::Message) => &names.message,
        Owner::Family(Family::Presence) => &names.presence,
        Owner::Family(Family::Typing) => &names.typing,
    };
    match (ctx.route(name), owner) {
        (Route::Function(name), _) => {
            if let Err(error) = ctx.invoke(name, event.to_string().into_bytes()).await {
                not_handed_over(ctx, &incoming, &error).await;
            }
            json!({"statusCode": 200})
        }
        (Route::Here, Owner::Connect | Owner::Family(Family::Connect)) => connect::handle(ctx, event).await,
        (Route::Here, Owner::Family(Family::Block)) => block::handle(ctx, event).await,
        (Route::Here, Owner::Family(Family::Disconnect)) => {
            // Lambda tries again what fails in the function itself, and only there.
            if disconnect::handle(ctx, event.clone()).await.is_err()
                && let Err(error) = ctx.invoke(name, event.to_string().into_bytes()).await
            {
                not_handed_over(ctx, &incoming, &error).await;
            }
            json!({"statusCode": 200})
        }
        (Route::Here, Owner::Family(Family::Message)) => message::handle(ctx, event).await,
        (Route::Here, Owner::Family(Family::Presence)) => presence::handle(ctx, event).await,
        (Route::Here, Owner::Family(Family::Typing)) => typing::handle(ctx, event).await,
    }
}
