//! The bootstrap of `disconnect`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_retried(disconnect::handle).await
}
