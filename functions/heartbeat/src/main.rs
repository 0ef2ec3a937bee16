//! The bootstrap of `heartbeat`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_retried(heartbeat::handle).await
}
