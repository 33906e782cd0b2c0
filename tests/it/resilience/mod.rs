//! What goes wrong: nothing is made twice, nothing is lost, and whoever can help is told how.

mod absence;
mod crashes;
mod foreign;
mod guards;
mod inputs;
mod lost_answers;
mod memory;
mod observe;
mod refusals;
