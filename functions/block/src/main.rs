//! The bootstrap of `block`, see ARCHITECTURE.md.

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run(chat::functions::event).await
}
