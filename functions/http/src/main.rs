//! The bootstrap of `http`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_http(rest::function).await
}
