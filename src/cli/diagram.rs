//! `diagram`: a picture of what an object offers, without a cluster.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kpl_core::diagram::Diagram;
use kpl_core::kafka::Unplanned;
use thiserror::Error;

use super::file::{self, BadFile, Offered};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The object, as YAML or JSON; - is stdin. With its status (`kubectl get kpl NAME -o yaml`) the picture shows what there
    /// is and how it is; without, what is planned, and brokers have to be listed in spec.brokers.static.
    #[arg(short, long, value_name = "FILE")]
    filename: PathBuf,
    /// How it is drawn.
    #[arg(short, long, value_enum, default_value = "svg")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A picture that needs no other file.
    Svg,
    /// A flow chart for what shows Mermaid, such as Markdown on a forge.
    Mermaid,
}

/// Why there is no picture.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    File(#[from] BadFile),
    #[error("{0}")]
    Unplanned(String, #[source] Unplanned),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let Offered { name, object, intent } = file::offered(&arguments.filename)?;
    let diagram = Diagram::of(&object, &intent).map_err(|error| Failed::Unplanned(name, error))?;
    let text = match arguments.output {
        Output::Svg => diagram.svg(),
        Output::Mermaid => diagram.mermaid(),
    };
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)
}
