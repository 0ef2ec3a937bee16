//! The bootstrap of `polling`.

use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    let ctx = Arc::new(shared::runtime::start().await?);
    let default = ctx.config.default_dialect;
    lambda_http::run(polling::router(ctx, default)).await?;
    Ok(())
}
