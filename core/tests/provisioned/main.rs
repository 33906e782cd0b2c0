//! Brokers that are made for an object: what of its spec is taken, who votes, and which path a broker has.

mod parsing;
mod paths;
mod roles;
mod scene;
mod status;
