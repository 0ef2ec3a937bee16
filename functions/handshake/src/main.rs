//! The bootstrap of `handshake`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(handshake::handle).await
}
