//! `handover`: the sheet for a consumer.

use std::io::{self, Write};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use kpl_core::sheet::{ConsumerKind, Incomplete, Sheet};
use pulldown_cmark::{Options, Parser, html};
use strum::{IntoEnumIterator, VariantNames};
use thiserror::Error;

use super::object::{Named, Unreadable};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Only this Kafka listener. Default: all.
    #[arg(long, value_name = "LISTENER")]
    listener: Option<String>,
    /// What the consumer is; may be repeated. Default: all.
    #[arg(long = "for", value_name = "CONSUMER", value_parser = consumer_kinds())]
    consumers: Vec<ConsumerKind>,
    /// How the sheet is written.
    #[arg(short, long, value_enum, default_value = "markdown")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// To read and to paste.
    Markdown,
    /// A page for a browser, which needs no other file.
    Html,
}

fn consumer_kinds() -> impl TypedValueParser<Value = ConsumerKind> {
    PossibleValuesParser::new(ConsumerKind::VARIANTS).map(|name| name.parse().expect("it is one of them"))
}

/// Why there is no sheet.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Object(#[from] Unreadable),
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failed> {
    let found = arguments.named.find().await?;
    let sheet = Sheet::of(&found.object, arguments.listener.as_deref())?;
    let all = || ConsumerKind::iter().collect();
    let consumers = if arguments.consumers.is_empty() { all() } else { arguments.consumers };
    let markdown = sheet.markdown(&consumers);
    let text = match arguments.output {
        Output::Markdown => markdown,
        Output::Html => page(&found.shown, &markdown),
    };
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)
}

/// Names of objects are DNS labels: nothing in the title has to be escaped.
fn page(object: &str, markdown: &str) -> String {
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Kafka over AWS PrivateLink: {object}</title>\n\
         <style>\nbody {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}\n\
         table {{ border-collapse: collapse; }} td, th {{ border: 1px solid #bbb; padding: .25rem .6rem; text-align: left; }}\n\
         thead:not(:has(th:not(:empty))) {{ display: none; }}\n\
         pre {{ background: #f4f4f4; padding: .8rem; overflow-x: auto; }}\n</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}
