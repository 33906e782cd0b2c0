//! What the operator may do: what its roles in AWS and in Kubernetes allow suffices, and all of it is used.

mod aws;
mod kubernetes;
mod story;
