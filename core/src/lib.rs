//! The pure part of kafka-privatelink-operator.
//!
//! ```text
//! spec, status ─► desired ─► plan(desired, observed) ─► steps ─► absorb ─► plan … ─► status
//! ```
//! Nothing here reads a clock, draws a random number or talks to anybody: all that comes in as data.

pub mod api;
pub mod cost;
pub mod desired;
pub mod diagram;
pub mod events;
pub mod kafka;
pub mod model;
pub mod node;
pub mod pass;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod sheet;
pub mod simulate;
pub mod status;
