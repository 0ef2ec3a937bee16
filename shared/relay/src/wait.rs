//! Bounded waits for something that another invocation does.

use std::time::Duration;

use tokio::time::sleep;

/// How often to check, and how long to wait before the next check.
#[derive(Clone, Copy, Debug)]
pub struct Checks {
    /// How often to check.
    pub max: u32,
    /// How long to wait after each check.
    pub pause: Duration,
}

/// Calls `check` until it returns a value, and returns that value. Returns `None` if `checks.max` calls returned none.
/// It waits after each of these calls, the last one too, for `checks.max * checks.pause` in all.
///
/// # Errors
/// The first error of `check`.
pub async fn wait_until<T, E, F>(checks: Checks, mut check: impl FnMut() -> F) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    for _ in 0..checks.max {
        if let Some(value) = check().await? {
            return Ok(Some(value));
        }
        sleep(checks.pause).await;
    }
    Ok(None)
}
