//! The bootstrap of `followup`.

#[tokio::main]
async fn main() -> Result<(), shared::runtime::Error> {
    shared::runtime::run_fallible(followup::handle).await
}
