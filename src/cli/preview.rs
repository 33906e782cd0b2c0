//! `plan`: what would be done, without doing it.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use kpl_core::cost::{Estimate, Payer};
use kpl_core::simulate::{Preview, simulate_to_the_end};
use serde_json::{Value, json};
use thiserror::Error;

use super::study::{self, Asked, Study, studies};
use crate::cloud::Clouds;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// Gigabytes that all consumers together send and receive in a month, for the estimate of what it costs.
    #[arg(long, value_name = "GB", default_value_t = 1000)]
    monthly_traffic: u32,
    /// How the plan is printed.
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Why there is no plan.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Study(#[from] study::Failed),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

/// A plan, and what was found wrong on the way.
struct Shown {
    object: String,
    preview: Preview,
    issues: Vec<String>,
    cost: Option<Estimate>,
}

const SOMETHING_TO_DO: u8 = 2;

pub(super) async fn run<C: Clouds>(arguments: Arguments, clouds: C) -> Result<ExitCode, Failed> {
    let shown: Vec<Shown> = studies(arguments.asked, &clouds)
        .await?
        .iter()
        .map(|study| preview(study, arguments.monthly_traffic))
        .collect();
    let text = match arguments.output {
        Output::Text => shown.iter().map(|one| as_text(one, shown.len() > 1)).collect::<Vec<_>>().join("\n"),
        Output::Json => format!("{:#}\n", Value::from(shown.iter().map(as_json).collect::<Vec<_>>())),
    };
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)?;
    let idle = shown.iter().all(|one| one.preview.is_empty());
    Ok(if idle { ExitCode::SUCCESS } else { SOMETHING_TO_DO.into() })
}

fn preview(study: &Study, monthly_traffic: u32) -> Shown {
    let issues = study.desired.issues.iter().map(ToString::to_string).collect();
    let (preview, end) = simulate_to_the_end(|observed| study.desire(observed), &study.guard, &study.observed);
    // What it comes to, though nothing of it is there yet.
    let cost = Estimate::of(&study.desire(&end), &study.intent.region, monthly_traffic);
    Shown { object: study.shown.clone(), preview, issues, cost }
}

fn as_text(shown: &Shown, named: bool) -> String {
    let Shown { object, preview, issues, cost } = shown;
    let title = if named { format!("{object}\n") } else { String::new() };
    let plan = issues.iter().fold(title, |text, issue| text + "! " + issue + "\n") + &preview.to_string();
    cost.iter().fold(plan, |text, cost| text + "\n" + &cost.to_string())
}

fn as_json(shown: &Shown) -> Value {
    fn words<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
        items.into_iter().map(|item| item.to_string()).collect()
    }
    let Shown { object, preview, issues, cost } = shown;
    let waves: Vec<Value> = preview
        .waves
        .iter()
        .map(|wave| json!({ "steps": words(&wave.steps), "waiting": words(&wave.waiting) }))
        .collect();
    json!({
        "object": object,
        "at": Timestamp::now(),
        "steps": preview.waves.iter().map(|wave| wave.steps.len()).sum::<usize>(),
        "waves": waves,
        "blocked": preview.block.as_ref().map(ToString::to_string),
        "conflicts": words(&preview.conflicts),
        "waiting": words(&preview.waiting),
        "issues": issues,
        "cost": cost.as_ref().map(cost_as_json),
    })
}

/// In millionths of a dollar: programs round for themselves.
fn cost_as_json(cost: &Estimate) -> Value {
    let of = |payer| {
        let items = cost.items.iter().filter(|item| item.payer == payer);
        let items: Vec<Value> = items.map(|item| json!({ "what": item.what, "microdollars": item.cost.0 })).collect();
        json!({ "microdollars": cost.total(payer).0, "items": items })
    };
    json!({
        "provider": of(Payer::Provider),
        "consumers": of(Payer::Consumers),
        "assumptions": cost.assumptions,
    })
}
