//! The picture as a Mermaid flow chart.

use std::fmt::{Result, Write};

use super::{Consumer, Diagram, State};

pub(super) fn written(diagram: &Diagram) -> String {
    let mut text = String::new();
    write(&mut text, diagram).expect("a string takes all");
    text
}

fn write(out: &mut String, diagram: &Diagram) -> Result {
    writeln!(out, "flowchart LR")?;
    writeln!(out, "  subgraph consumers [\"Consumers\"]")?;
    for (at, (account, consumer)) in diagram.consumers.iter().enumerate() {
        writeln!(out, "    consumer{at}[\"{}\"]", lines(&described(account, consumer)))?;
    }
    writeln!(out, "  end")?;
    let service = diagram.service.as_deref().unwrap_or("not made yet");
    writeln!(out, "  service[\"{}\"]", lines(&["Endpoint service".into(), service.into()]))?;
    writeln!(out, "  subgraph vpc [\"{}\"]", escaped(&format!("{} in {}", diagram.vpc, diagram.region)))?;
    let balancer = diagram.load_balancer.as_deref().unwrap_or("not made yet");
    writeln!(out, "    nlb[\"{}\"]", lines(&["Network Load Balancer".into(), balancer.into()]))?;
    for (at, (zone, held)) in diagram.zones.iter().enumerate() {
        let zone = if zone.is_empty() { "zone not known" } else { zone };
        let title = held.subnet.as_ref().map_or_else(|| zone.to_owned(), |subnet| format!("{zone}: {subnet}"));
        writeln!(out, "    subgraph zone{at} [\"{}\"]", escaped(&title))?;
        for (id, broker) in &held.brokers {
            let mut said = vec![format!("broker {id}")];
            said.extend(broker.target.clone());
            said.extend(broker.paths.iter().map(|path| {
                let advertised = path.advertised.as_deref().unwrap_or("host not known yet");
                format!("{}: {advertised}, {}", path.listener, path.state.word())
            }));
            writeln!(out, "      broker{id}[\"{}\"]", lines(&said))?;
        }
        writeln!(out, "    end")?;
    }
    writeln!(out, "  end")?;
    edges(out, diagram)
}

fn edges(out: &mut String, diagram: &Diagram) -> Result {
    let let_in = diagram.consumers.values().enumerate().filter(|(_, consumer)| consumer.is_let_in());
    for (at, _) in let_in {
        writeln!(out, "  consumer{at} --> service")?;
    }
    writeln!(out, "  service --> nlb")?;
    for listener in &diagram.listeners {
        let label = escaped(&format!("{} {} bootstrap", listener.name, listener.bootstrap_port));
        for at in 0..diagram.zones.len() {
            writeln!(out, "  nlb -. \"{label}\" .-> zone{at}")?;
        }
    }
    let mut troubled = Vec::new();
    for (id, broker) in diagram.zones.values().flat_map(|zone| &zone.brokers) {
        for path in &broker.paths {
            writeln!(out, "  nlb -- \"{}\" --> broker{id}", escaped(&format!("{} {}", path.listener, path.port)))?;
        }
        if broker.paths.iter().any(|path| matches!(path.state, State::Trouble(_))) {
            troubled.push(format!("broker{id}"));
        }
    }
    if !troubled.is_empty() {
        writeln!(out, "  classDef trouble stroke:#c0392b,stroke-width:3px")?;
        writeln!(out, "  class {} trouble", troubled.join(","))?;
    }
    Ok(())
}

fn described(account: &str, consumer: &Consumer) -> Vec<String> {
    let mut said = vec![format!("account {account}"), consumer.gets()];
    said.extend(consumer.endpoints.iter().map(|(id, state)| format!("{id} {state}")));
    said
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("<br/>")
}

/// Mermaid reads HTML in a label, and ends it at a quote; `#` begins an entity.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '`' => out.push_str("#96;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        out
    })
}
