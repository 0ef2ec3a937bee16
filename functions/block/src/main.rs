//! The bootstrap of `block`, see ARCHITECTURE.md.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run(relay::functions::event::<Chat>).await
}
