//! The bootstrap of `message`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(message::handle).await
}
