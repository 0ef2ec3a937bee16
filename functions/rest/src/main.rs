//! The bootstrap of `rest`.

use chat::Chat;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run_http::<Chat>(|ctx| {
        let default = ctx.app.config.default_dialect;
        rest::function(ctx, default)
    })
    .await
}
