//! Whether a plan may be carried out at all. A plan that may not is still shown.

use std::fmt;

use crate::desired::Identity;
use crate::model::{AccountId, Find, HolderId, Observed, Ownership, Tags, holder};
use crate::policy::{Hearing, NotAllowed};
use crate::reason::Reason;

/// What the object and its history demand.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Guard {
    /// `spec.mode: Observe`.
    pub observe_only: bool,
    /// The account that status pinned at the first pass.
    pub pinned: Option<AccountId>,
    /// `spec.accountId`.
    pub demanded: Option<AccountId>,
    /// Annotation `take-over`: the holder that may be replaced.
    pub take_over: Option<HolderId>,
    /// Rules that it has to keep to. A deletion need not.
    pub hearing: Option<Hearing>,
}

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The credentials belong to another account.
    WrongAccount {
        /// Theirs.
        have: AccountId,
        /// The object's.
        want: AccountId,
    },
    /// It is not known to whom the credentials belong.
    AccountUnknown,
    /// No rule of the policy allows it.
    NotAllowed(NotAllowed),
    /// Another cluster acts on the same resources.
    HeldByOtherCluster(HolderId),
    /// The object says to write nothing.
    ObserveOnly,
}

impl Block {
    /// Stable `CamelCase` reason for conditions and events.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::WrongAccount { .. } => Reason::WrongAccount,
            Self::AccountUnknown => Reason::AccountUnknown,
            Self::NotAllowed(_) => Reason::NotAllowed,
            Self::HeldByOtherCluster(_) => Reason::HeldByOtherCluster,
            Self::ObserveOnly => Reason::ObserveOnly,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongAccount { have, want } => write!(
                f,
                "the operator's credentials belong to account {have}, but this object belongs to {want}: nothing is written or let go until they fit"
            ),
            Self::AccountUnknown => f.write_str("the account of the operator's credentials could not be read"),
            Self::NotAllowed(refusal) => refusal.fmt(f),
            Self::HeldByOtherCluster(other) => write!(
                f,
                "another cluster with the same cluster id holds these resources; to take them over, annotate this object with kafka-privatelink.io/take-over={other}"
            ),
            Self::ObserveOnly => f.write_str("spec.mode is Observe: nothing is written"),
        }
    }
}

/// Decides whether steps may be taken.
#[must_use]
pub fn guard(guard: &Guard, identity: &Identity, observed: &Observed) -> Option<Block> {
    let Some(account) = observed.inputs.account.get() else { return Some(Block::AccountUnknown) };
    for want in guard.demanded.iter().chain(&guard.pinned) {
        if account.id != *want {
            return Some(Block::WrongAccount { have: account.id.clone(), want: want.clone() });
        }
    }
    if let Some(Err(refusal)) = guard.hearing.as_ref().map(|hearing| hearing.decide(&account.id)) {
        return Some(Block::NotAllowed(refusal));
    }
    if let Some(other) = other_holder(identity, observed)
        && guard.take_over.as_ref() != Some(&other)
    {
        return Some(Block::HeldByOtherCluster(other));
    }
    guard.observe_only.then_some(Block::ObserveOnly)
}

fn other_holder(identity: &Identity, observed: &Observed) -> Option<HolderId> {
    let balancer = match observed.load_balancer.find() {
        Find::There(lb) => lb.tags.get(),
        Find::Gone | Find::Unknown => None,
    };
    let service = match observed.endpoint_service.find() {
        Find::There(service) => service.tags.get(),
        Find::Gone | Find::Unknown => None,
    };
    let other = |tags: &Tags| {
        let ours = identity.owner.of(tags) == Ownership::Ours;
        holder(tags).filter(|holder| ours && *holder != identity.holder)
    };
    balancer.into_iter().chain(service).find_map(other)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{Account, Owner, Seen};

    fn identity() -> Identity {
        Identity {
            owner: Owner { cluster_id: "c".into(), namespace: "n".into(), name: "o".into() },
            holder: "us".into(),
            uid: "u".into(),
        }
    }

    fn seen(account: &str) -> Observed {
        let mut observed = Observed::unread(Timestamp::UNIX_EPOCH);
        observed.inputs.account = Seen::Read(Account { id: account.into(), partition: "aws".into() });
        observed
    }

    #[test]
    fn an_unknown_account_blocks_everything() {
        let observed = Observed::unread(Timestamp::UNIX_EPOCH);
        assert_eq!(guard(&Guard::default(), &identity(), &observed), Some(Block::AccountUnknown));
    }

    #[test]
    fn pinned_and_demanded_accounts_must_fit() {
        let pinned = Guard { pinned: Some("1".into()), ..Guard::default() };
        assert_eq!(guard(&pinned, &identity(), &seen("1")), None);
        let wrong = Block::WrongAccount { have: "2".into(), want: "1".into() };
        assert_eq!(guard(&pinned, &identity(), &seen("2")), Some(wrong.clone()));
        let demanded = Guard { demanded: Some("1".into()), ..Guard::default() };
        assert_eq!(guard(&demanded, &identity(), &seen("2")), Some(wrong));
    }

    #[test]
    fn observe_blocks_last() {
        let observe = Guard { observe_only: true, pinned: Some("1".into()), ..Guard::default() };
        assert_eq!(guard(&observe, &identity(), &seen("1")), Some(Block::ObserveOnly));
        assert!(matches!(guard(&observe, &identity(), &seen("2")), Some(Block::WrongAccount { .. })));
    }
}
