//! Random histories of an object against a simulated AWS.

mod world;
