//! Kafka's side of an offer: what brokers have to advertise, and whether what was seen proves that they do.

mod sighting;

pub use sighting::{
    Answered, Authorized, Certificate, Endpoint, Identity, Level, Obstacle, Roster, SecurityProtocol, Settings,
    Sighting,
};
