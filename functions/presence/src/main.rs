//! The bootstrap of `presence`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(presence::handle).await
}
