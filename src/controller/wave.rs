//! Takes the steps of one wave.

use futures::{StreamExt, stream};
use kpl_core::model::Outcome;
use kpl_core::plan::Step;
use tracing::{info, warn};

use crate::cloud::Cloud;

/// How many writes of one object are under way at a time.
const CONCURRENT_WRITES: usize = 8;

/// Takes all steps; one that fails stops no other.
pub(super) async fn apply<C: Cloud>(cloud: &C, steps: Vec<Step>) -> Vec<(Step, Outcome)> {
    let take = |step: Step| {
        let cloud = cloud.clone();
        async move {
            let outcome = cloud.apply(&step).await;
            match &outcome {
                Outcome::Done(_) => info!("{step}"),
                Outcome::Refused(failure) => warn!(class = ?failure.class, "{step}: refused: {failure}"),
                Outcome::Lost(failure) => warn!(class = ?failure.class, "{step}: no answer: {failure}"),
            }
            (step, outcome)
        }
    };
    stream::iter(steps).map(take).buffer_unordered(CONCURRENT_WRITES).collect().await
}
