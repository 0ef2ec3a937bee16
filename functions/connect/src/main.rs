//! The bootstrap of `connect`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run(connect::handle).await
}
