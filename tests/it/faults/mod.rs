//! What nobody can foresee: processes are killed, calls fail, clocks jump. All ends as without it.
//!
//! `matrix` plays one story again and again, each time with one fault at one call; what is no single call's
//! is played by the others.

mod api_server;
mod clock;
mod fault;
mod matrix;
mod neighbours;
mod portrait;
mod run;
mod slow_aws;
mod story;
mod strange_answers;
