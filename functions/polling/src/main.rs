//! The bootstrap of `polling`, see ARCHITECTURE.md.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    // An HTTP API hands over no variables of a WebSocket API's stage. Without them the default dialect counts.
    relay::runtime::run_http::<Chat>(|ctx| chat::functions::polling(ctx, Default::default())).await
}
