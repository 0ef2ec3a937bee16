//! The bootstrap of `switchboard`, see ARCHITECTURE.md.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run(relay::functions::switchboard::<Chat>).await
}
