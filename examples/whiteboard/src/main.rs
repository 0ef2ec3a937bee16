//! The bootstrap of every function of the whiteboard. The variable FUNCTION says which one it is.

use whiteboard::Whiteboard;

#[tokio::main]
async fn main() -> Result<(), relay::runtime::Error> {
    relay::runtime::run_named::<Whiteboard>().await
}
