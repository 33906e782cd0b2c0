//! The sheet as Markdown.

use std::fmt::{Result, Write};

use super::{ConsumerKind, Listener, Sheet};

pub(super) fn written(sheet: &Sheet, consumers: &[ConsumerKind]) -> String {
    let mut text = String::new();
    write(&mut text, sheet, consumers).expect("a string takes all");
    text
}

fn write(out: &mut String, sheet: &Sheet, consumers: &[ConsumerKind]) -> Result {
    writeln!(out, "# Kafka over AWS PrivateLink: {}\n", sheet.object)?;
    if let Some(trouble) = &sheet.trouble {
        writeln!(out, "**It does not serve now:** {trouble}\n")?;
    }
    writeln!(out, "| | |\n|---|---|")?;
    writeln!(out, "| Region | `{}` |", sheet.region)?;
    writeln!(out, "| Endpoint service | `{}` |", sheet.service_name)?;
    writeln!(out, "| Zone ids | {} |", list(&sheet.zones))?;
    writeln!(out, "\nZone ids mean the same place in every account; zone names such as `{}a` do not.", sheet.region)?;
    for listener in &sheet.listeners {
        table(out, listener)?;
    }
    for consumer in consumers {
        writeln!(out, "\n## {}\n", consumer.title())?;
        consumer.write(out, sheet)?;
    }
    Ok(())
}

fn table(out: &mut String, listener: &Listener) -> Result {
    writeln!(out, "\n## Listener {}\n", listener.name)?;
    writeln!(out, "Bootstrap port: `{}`.", listener.bootstrap_port)?;
    match &listener.host_template {
        Some(template) => writeln!(out, "Hosts of brokers: `{template}`.")?,
        None => writeln!(out, "Hosts of brokers: not agreed yet; they are made of a pattern that the consumer says.")?,
    }
    let reach = if listener.cross_zone {
        "Every broker is reached through every zone."
    } else {
        "A broker is reached through its own zone only, the bootstrap through every zone."
    };
    writeln!(out, "{reach}\n")?;
    let verified = match listener.verified {
        Some(true) => "Verified: Kafka was asked at every port, and each broker tells clients the address below.",
        Some(false) => "**Not verified: Kafka tells clients something else now.** Wait until it does not.",
        None => "Verified: unknown. Kafka has not been asked, or does not answer the operator.",
    };
    writeln!(out, "{verified}\n")?;
    writeln!(out, "| broker | zone id | port | address that Kafka tells |\n|---|---|---|---|")?;
    for broker in &listener.brokers {
        let (zone, address) = (broker.zone.as_deref().unwrap_or("?"), broker.advertised.as_deref());
        let address = address.map_or_else(|| "not known yet".to_owned(), |address| format!("`{address}`"));
        writeln!(out, "| {} | `{zone}` | {} | {address} |", broker.id, broker.port)?;
    }
    Ok(())
}

/// Words of code, one after the other.
pub(super) fn list(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}
