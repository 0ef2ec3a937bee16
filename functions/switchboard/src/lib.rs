//! The function `switchboard`, see ARCHITECTURE.md.

use serde_json::{Value, json};
use shared::ctx::{Ctx, Target};
use shared::dialect::Family;
use shared::relay::Incoming;
use shared::relay::switchboard::{Owner, not_handed_over, sort};

/// Handles a frame of `$default`: answers it itself, or hands the event to its owner.
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
    // The handlers are boxed because each of them is large, and the stack must hold the largest.
    match (ctx.target(name), owner) {
        (Target::Function(name), _) => {
            if let Err(error) = ctx.invoke(name, event.to_string().into_bytes()).await {
                not_handed_over(ctx, &incoming, &error).await;
            }
            json!({"statusCode": 200})
        }
        (Target::Here, Owner::Connect | Owner::Family(Family::Connect)) => Box::pin(connect::handle(ctx, event)).await,
        (Target::Here, Owner::Family(Family::Block)) => Box::pin(block::handle(ctx, event)).await,
        (Target::Here, Owner::Family(Family::Disconnect)) => {
            // Lambda retries only a failure of the function itself.
            if Box::pin(disconnect::handle(ctx, event.clone())).await.is_err()
                && let Err(error) = ctx.invoke(name, event.to_string().into_bytes()).await
            {
                not_handed_over(ctx, &incoming, &error).await;
            }
            json!({"statusCode": 200})
        }
        (Target::Here, Owner::Family(Family::Message)) => Box::pin(message::handle(ctx, event)).await,
        (Target::Here, Owner::Family(Family::Presence)) => Box::pin(presence::handle(ctx, event)).await,
        (Target::Here, Owner::Family(Family::Typing)) => Box::pin(typing::handle(ctx, event)).await,
    }
}
