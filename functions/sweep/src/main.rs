//! The bootstrap of `sweep`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_retried(sweep::handle).await
}
