//! The probe against loopback: brokers that are played, and strangers.

mod broker;
mod certificates;
mod hostile;
mod looks;
mod messages;
