//! What the operator may do: what its role in AWS allows suffices, and all of it is used.

mod aws;
mod policies;
mod story;
