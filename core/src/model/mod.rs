//! The nouns: what AWS holds, what can be asked and what can be answered.
//!
//! Nothing here decides. `observed` is what a look saw, `query` what a look is to read,
//! `outcome` what became of a step, `recall` what a process remembers between looks,
//! `urgency` what goes first.

mod aws;
mod ids;
mod machine;
mod naming;
mod network;
mod observed;
mod outcome;
mod own;
mod query;
mod recall;
mod seen;
mod tags;
mod timing;
mod urgency;

pub use aws::*;
pub use ids::*;
pub use ipnet::Ipv4Net;
pub use machine::*;
pub use naming::*;
pub use network::*;
pub use observed::*;
pub use outcome::*;
pub use own::*;
pub use query::*;
pub use recall::*;
pub use seen::*;
pub use tags::*;
pub use timing::*;
pub use urgency::*;
