//! The bootstrap of `http`.

use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    let ctx = Arc::new(shared::runtime::start().await?);
    lambda_http::run(rest::router(ctx)).await?;
    Ok(())
}
