//! The bootstrap of `typing`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(typing::handle).await
}
