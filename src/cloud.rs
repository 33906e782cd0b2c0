//! The port of the AWS side: three methods, and where they are had.

use std::collections::BTreeSet;
use std::future::Future;

use kpl_core::model::{Observed, Outcome, Part, Query, Region, Urgency};
use kpl_core::plan::Step;

/// One region of one account, as seen by one object.
///
/// # Guarantees
/// Reads paginate to the end. A part whose read fails is unread in the picture and named in
/// `read_failures`; the other parts are read all the same. `apply` makes exactly the one write that the
/// step says and decides nothing.
pub trait Cloud: Clone + Send + Sync + 'static {
    /// Looks.
    fn observe(&self, query: &Query) -> impl Future<Output = Observed> + Send;

    /// Reads parts into a picture that is already there.
    fn observe_more(
        &self,
        query: &Query,
        parts: &BTreeSet<Part>,
        observed: &mut Observed,
    ) -> impl Future<Output = ()> + Send;

    /// Makes one write.
    fn apply(&self, step: &Step) -> impl Future<Output = Outcome> + Send;
}

/// Hands out clouds: one process serves objects of several regions.
pub trait Clouds: Send + Sync + 'static {
    /// What it hands out.
    type Cloud: Cloud;

    /// The cloud in one region, for calls of this urgency.
    fn region(&self, region: &Region, urgency: Urgency) -> Self::Cloud;
}
