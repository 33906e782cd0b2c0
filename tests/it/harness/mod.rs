//! What the tests stand on: a bed for all, and for each test an account, a world, a namespace and an operator.

mod account;
mod actor;
mod bed;
mod clock;
mod consumer;
mod guide;
mod http;
mod inventory;
mod link;
mod names;
mod operator;
mod patience;
mod portrait;
mod random;
mod scene;
mod standin;
mod trouble;
mod way;

pub use account::{Account, random_account};
pub use actor::{Actor, Rights};
pub use bed::bed;
pub use clock::Clock;
pub use consumer::Consumer;
pub use guide::{ID_TAG, World, ZONES};
pub use inventory::Inventory;
pub use link::{Link, condition, is};
pub use names::{Names, named, named_text};
pub use operator::{Operator, with_credentials};
pub use patience::{until, until_within};
pub use portrait::values_at;
pub use random::random;
pub use scene::{CLUSTER_ID, Scene, listener};
pub use standin::{Call, Calls, StandIn, Written};
pub use trouble::Trouble;
pub use way::Way;
