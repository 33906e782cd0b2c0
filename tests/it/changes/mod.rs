//! Changes of a live object: each is carried out in place, and nothing that works is cut.

mod brokers;
mod consumers;
mod listeners;
mod network;
mod settings;
