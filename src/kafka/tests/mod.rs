//! The probe against loopback: brokers that are played, and strangers.

mod broker;
mod certificates;
mod gates;
mod hostile;
mod looks;
mod messages;
