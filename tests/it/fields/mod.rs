//! No field is ignored: each field of `spec` is changed and removed on an object that runs, and what it stands for
//! follows in AWS, or the API server refuses it, or a condition says why not.
//!
//! The tables say what follows from what; `play.rs` does it. A new field of the schema needs a row for its change and
//! one for its removal: `paths.rs` walks the schema, and a field without them fails.

mod brokers;
mod case;
mod consumers;
mod deletion;
mod listeners;
mod network;
mod paths;
mod play;
mod provisioned;
mod settings;
mod verification;

use std::collections::BTreeSet;

use crate::harness::random;
use case::Case;
use play::Stage;

/// A table of cases, and the stage that they are played on.
#[derive(Clone, Copy, Debug)]
enum Table {
    Settings,
    Listeners,
    Subnets,
    MadeVpc,
    MadeBrokers,
    BrokersByTag,
    BrokersByList,
    BrokersByAddress,
    Consumers,
    Verification,
}

impl Table {
    const ALL: [Self; 10] = [
        Self::Settings,
        Self::Listeners,
        Self::Subnets,
        Self::MadeVpc,
        Self::MadeBrokers,
        Self::BrokersByTag,
        Self::BrokersByList,
        Self::BrokersByAddress,
        Self::Consumers,
        Self::Verification,
    ];

    fn cases(self) -> Vec<Case> {
        match self {
            Self::Settings => settings::cases(),
            Self::Listeners => listeners::cases(),
            Self::Subnets => network::cases(),
            Self::MadeVpc => network::made(),
            Self::MadeBrokers => provisioned::cases(),
            Self::BrokersByTag => brokers::by_tag(),
            Self::BrokersByList => brokers::by_list(),
            Self::BrokersByAddress => brokers::by_address(),
            Self::Consumers => consumers::cases(),
            Self::Verification => verification::cases(),
        }
    }

    async fn stage(self) -> Stage {
        match self {
            Self::Settings => settings::stage().await,
            Self::Listeners => listeners::stage().await,
            Self::Subnets => network::stage().await,
            Self::MadeVpc => network::stage_made().await,
            Self::MadeBrokers => provisioned::stage().await,
            Self::BrokersByTag => brokers::stage_by_tag().await,
            Self::BrokersByList => brokers::stage_by_list().await,
            Self::BrokersByAddress => brokers::stage_by_address().await,
            Self::Consumers => consumers::stage().await,
            Self::Verification => verification::stage().await,
        }
    }

    async fn play(self) {
        self.stage().await.play(&self.cases()).await;
    }
}

#[test]
fn every_field_has_its_cases() {
    let wanted: BTreeSet<_> = paths::of_spec().into_iter().collect();
    assert!(wanted.len() > 80, "the walk found {} only", wanted.len());
    let tables = Table::ALL.into_iter().flat_map(Table::cases).chain(deletion::cases());
    let have: BTreeSet<_> = tables.map(|case| (case.path.to_owned(), case.act)).collect();
    let missing: Vec<_> = wanted.difference(&have).collect();
    assert!(missing.is_empty(), "no case for {missing:#?}");
    let unknown: Vec<_> = have.iter().filter(|(path, _)| !wanted.iter().any(|(field, _)| field == path)).collect();
    assert!(unknown.is_empty(), "the schema has no such field: {unknown:#?}");
}

/// What the API server refuses, it refuses on an object that no operator has seen, too.
#[tokio::test]
async fn what_cannot_change_is_refused() {
    let stages = [Table::Settings, Table::Listeners, Table::Subnets, Table::BrokersByTag, Table::BrokersByList];
    for table in
        stages.into_iter().chain([Table::MadeVpc, Table::MadeBrokers, Table::BrokersByAddress, Table::Verification])
    {
        table.stage().await.refuses(&table.cases()).await;
    }
    // The stage of that table has an operator for consumers that connect.
    let mut stage = Table::Settings.stage().await;
    stage.spec["endpointService"]["consumers"] = serde_json::json!([{ "accountId": "210987654321" }]);
    stage.refuses(&consumers::cases()).await;
}

/// A few cases.
#[tokio::test]
async fn some_fields_are_followed() {
    let mut random = random();
    let table = random.choice([Table::Settings, Table::Listeners, Table::BrokersByList]).expect("there are some");
    // A row goes with those that go on from it.
    let cases = table.cases();
    let rows: Vec<&[Case]> = cases.chunk_by(|_, next| !next.afresh).filter(|rows| !rows[0].is_refused()).collect();
    // In the order of the table: its last rows cannot be taken back.
    let mut chosen = random.choose_multiple(0..rows.len(), 3);
    chosen.sort_unstable();
    let some = chosen.into_iter().map(|at| rows[at]).collect::<Vec<_>>().concat();
    println!("{:?}", some.iter().map(|case| (case.act, case.path)).collect::<Vec<_>>());
    table.stage().await.play(&some).await;
}

#[tokio::test]
async fn long_settings_are_followed() {
    Table::Settings.play().await;
}

#[tokio::test]
async fn long_listeners_are_followed() {
    Table::Listeners.play().await;
}

#[tokio::test]
async fn long_subnets_are_followed() {
    Table::Subnets.play().await;
}

#[tokio::test]
async fn long_made_vpcs_are_followed() {
    Table::MadeVpc.play().await;
}

#[tokio::test]
async fn long_made_brokers_are_followed() {
    Table::MadeBrokers.play().await;
}

#[tokio::test]
async fn long_brokers_found_by_tags_are_followed() {
    Table::BrokersByTag.play().await;
}

#[tokio::test]
async fn long_brokers_listed_by_instance_are_followed() {
    Table::BrokersByList.play().await;
}

#[tokio::test]
async fn long_brokers_listed_by_address_are_followed() {
    Table::BrokersByAddress.play().await;
}

#[tokio::test]
async fn long_consumers_are_followed() {
    Table::Consumers.play().await;
}

#[tokio::test]
async fn long_verification_is_followed() {
    Table::Verification.play().await;
}
