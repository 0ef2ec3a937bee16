//! The bootstrap of `heartbeat`, see ARCHITECTURE.md.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run_retried(relay::functions::heartbeat::<Chat>).await
}
