//! IAM policies for the operator's role, made of the operations that the adapter declares.
//!
//! `statements` groups what a capability needs; `json`, `terraform` and `cloudformation` write it down.

mod cloudformation;
mod json;
mod statement;
mod terraform;

pub use self::cloudformation::template;
pub use self::json::{MOST_CHARACTERS, length, policy};
pub use self::statement::{Place, Statement, Test, Values, statements};
pub use self::terraform::module;
