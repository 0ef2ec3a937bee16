//! The bootstrap of `polling`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_http(polling::function).await
}
