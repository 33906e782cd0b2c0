//! `confirm`: the answer to the question that an object asks.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use kpl_core::api::KafkaPrivateLink;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use thiserror::Error;

use super::object::{Named, Unreadable};
use crate::controller::CONFIRM;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Do not ask again.
    #[arg(long)]
    yes: bool,
}

/// Why nothing was confirmed.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Object(#[from] Unreadable),
    #[error("{0} asks nothing: its status has no confirmation")]
    NoQuestion(String),
    #[error("nobody can be asked here: read what is lost, and say --yes")]
    NobodyToAsk,
    #[error("not confirmed: nothing was changed")]
    Declined,
    #[error("the answer cannot be read")]
    Input(#[source] io::Error),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
    #[error("{object} cannot be annotated")]
    Patch { object: String, source: Box<kube::Error> },
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failed> {
    let found = arguments.named.find().await?;
    let (token, loses) = question(&found.object).ok_or_else(|| Failed::NoQuestion(found.shown.clone()))?;
    say(&format!("{} waits for a confirmation. What goes:\n  - {}\n", found.shown, loses.join("\n  - ")))?;
    if !arguments.yes {
        agreed()?;
    }
    let patch = Patch::Merge(json!({ "metadata": { "annotations": { CONFIRM: token } } }));
    let patched = found.api.patch_metadata(&arguments.named.name, &PatchParams::default(), &patch).await;
    patched.map_err(|error| Failed::Patch { object: found.shown.clone(), source: Box::new(error) })?;
    say(&format!("{}: confirmed {token}\n", found.shown))
}

fn question(object: &KafkaPrivateLink) -> Option<(String, Vec<String>)> {
    let asked = object.status.as_ref()?.confirmation.as_ref()?;
    Some((asked.token.clone()?, asked.loses.clone()))
}

/// Whether the person at the terminal says yes.
fn agreed() -> Result<(), Failed> {
    if !io::stdin().is_terminal() {
        return Err(Failed::NobodyToAsk);
    }
    say("Go on? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failed::Input)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failed::Declined) }
}

fn say(text: &str) -> Result<(), Failed> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failed::Output)
}
