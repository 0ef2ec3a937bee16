//! The bootstrap of `connect`, see ARCHITECTURE.md.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run(relay::functions::connect::<Chat>).await
}
