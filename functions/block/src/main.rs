//! The bootstrap of `block`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(block::handle).await
}
