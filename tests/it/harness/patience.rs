//! Waiting: a condition is polled until it holds or patience ends.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Far above what anything takes on a quiet machine, since the machine may not be quiet.
const PATIENCE: Duration = Duration::from_mins(3);
/// Between two looks, at first and at last: what takes long on a busy machine is not asked for all the time.
const STEPS: (Duration, Duration) = (Duration::from_millis(60), Duration::from_millis(600));

/// Polls until the probe is content; otherwise says why it was not, the last time.
pub async fn until<T>(mut probe: impl AsyncFnMut() -> Result<T, String>) -> Result<T, String> {
    let (mut step, longest) = STEPS;
    let end = Instant::now() + PATIENCE;
    loop {
        match probe().await {
            Ok(found) => return Ok(found),
            Err(why) if Instant::now() > end => return Err(why),
            Err(_) => sleep(step).await,
        }
        step = (step * 9 / 8).min(longest);
    }
}
