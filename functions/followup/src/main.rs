//! The bootstrap of `followup`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_retried(followup::handle).await
}
