//! The bootstrap of `switchboard`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(switchboard::handle).await
}
