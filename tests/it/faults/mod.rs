//! What nobody can foresee: processes are killed, calls fail, clocks jump. All ends as without it.
//!
//! `matrix` plays one story again and again, each time with one fault at one call.

mod fault;
mod matrix;
mod neighbours;
mod portrait;
mod run;
mod story;
