//! The bootstrap of `webhook`, see ARCHITECTURE.md.

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run_retried(chat::functions::webhook).await
}
