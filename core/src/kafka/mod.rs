//! Kafka's side of an offer: what brokers have to advertise, and whether what was seen proves that they do.
//!
//! ```text
//! intent, ledger ─► wiring ─┬─► lines (what goes into the brokers' configuration)
//!                           └─► judge(wiring, look) ─► proof ─► status
//! gate: whether one broker can be spared now
//! ```

mod fault;
pub mod gate;
mod judge;
mod lines;
mod merge;
mod planned;
mod remedy;
mod route;
mod sighting;
pub mod strimzi;
mod wiring;

pub use fault::Fault;
pub use judge::{Former, Look, Port, Proof, Seat, Since, judge};
pub use lines::{ADVERTISED_LISTENERS, Entries, Entry, LISTENERS, PROTOCOL_MAP, document, entries, lines_name, text};
pub use merge::{NotMerged, merge};
pub use planned::{Unplanned, planned};
pub use route::Route;
pub use sighting::{
    Answered, Authorized, Certificate, Endpoint, Identity, Level, Mechanism, Obstacle, Roster, SecurityProtocol,
    Settings, Sighting,
};
pub use wiring::{WiredBroker, WiredListener, Wiring, advertised_host};
