//! `kafka-privatelink iam-policy`.

use clap::Args;
use thiserror::Error;

use crate::aws::right::Capability;
use crate::iam::{MOST_CHARACTERS, Place, length, policy};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What the role is for.
    #[arg(value_enum, default_value = "manage")]
    capability: Capability,
    /// AWS's partition.
    #[arg(long, value_name = "NAME", default_value = "aws")]
    partition: String,
    /// The region that writes are allowed in.
    #[arg(long, value_name = "REGION", default_value = "*")]
    region: String,
    /// The account that writes are allowed in.
    #[arg(long, value_name = "ACCOUNT", default_value = "*")]
    account: String,
    /// Whose resources may be made and changed: a pattern for `<cluster id>/<namespace>/<name>`, such as `prod/*`.
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    owners: String,
}

/// Why there is no policy.
#[derive(Debug, Error)]
#[error("the policy has {0} characters, and AWS takes at most {MOST_CHARACTERS}: shorten --owners")]
pub(super) struct TooLong(usize);

impl Arguments {
    pub(super) fn policy(&self) -> Result<String, TooLong> {
        let place = Place { partition: &self.partition, region: &self.region, account: &self.account };
        let policy = policy(self.capability, place, &self.owners);
        let length = length(&policy);
        if length > MOST_CHARACTERS { Err(TooLong(length)) } else { Ok(format!("{policy:#}\n")) }
    }
}
