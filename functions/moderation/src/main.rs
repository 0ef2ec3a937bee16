//! The bootstrap of `moderation`, see ARCHITECTURE.md.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run_http::<Chat>(rest::moderation::function).await
}
