//! What is to be done at each kind of consumer.
//!
//! TiDB Cloud: "Set Up Self-Hosted Kafka Private Link Service in AWS". Materialize: `CREATE CONNECTION … TO AWS
//! PRIVATELINK` and `TO KAFKA`. ClickPipes: "AWS PrivateLink for ClickPipes". AWS: "Access an AWS service using an
//! interface VPC endpoint".

use std::collections::BTreeSet;
use std::fmt::{Result, Write};

use strum::{EnumIter, EnumString, VariantNames};

use super::markdown::list;
use super::{Broker, Sheet};

/// ClickHouse Cloud's account, whose endpoints ClickPipes makes.
const CLICKPIPES_ACCOUNT: &str = "072088201116";

/// A kind of consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumString, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum ConsumerKind {
    /// Clients in a VPC of any AWS account.
    Aws,
    /// Changefeeds and imports of TiDB Cloud.
    TidbCloud,
    /// Sources and sinks of Materialize.
    Materialize,
    /// ClickPipes of ClickHouse Cloud.
    Clickpipes,
}

impl ConsumerKind {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Aws => "In an AWS account",
            Self::TidbCloud => "In TiDB Cloud",
            Self::Materialize => "In Materialize",
            Self::Clickpipes => "In ClickHouse Cloud (ClickPipes)",
        }
    }

    pub(super) fn write(self, out: &mut String, sheet: &Sheet) -> Result {
        match self {
            Self::Aws => aws(out, sheet),
            Self::TidbCloud => tidb_cloud(out, sheet),
            Self::Materialize => materialize(out, sheet),
            Self::Clickpipes => clickpipes(out, sheet),
        }
    }
}

fn aws(out: &mut String, sheet: &Sheet) -> Result {
    let (region, service) = (&sheet.region, &sheet.service_name);
    writeln!(
        out,
        "Make an interface endpoint with a subnet in each zone, and a security group that lets clients in at the ports above:\n"
    )?;
    writeln!(out, "```sh\naws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Interface \\")?;
    writeln!(out, "  --service-name {service} \\")?;
    writeln!(out, "  --vpc-id VPC --subnet-ids SUBNETS --security-group-ids GROUP\n```\n")?;
    writeln!(
        out,
        "Then let the brokers' hosts lead to it, in a private hosted zone: each to the endpoint's name in the zone that \
         the host is listed with{}. The names are in\n",
        if sheet.listeners.iter().all(|listener| listener.cross_zone) { ", or all to its regional name" } else { "" }
    )?;
    writeln!(out, "```sh\naws ec2 describe-vpc-endpoints --region {region} --vpc-endpoint-ids ENDPOINT \\")?;
    writeln!(out, "  --query 'VpcEndpoints[].DnsEntries[].DnsName'\n```\n")?;
    writeln!(out, "| host | zone id |\n|---|---|")?;
    for (host, broker) in hosts(sheet) {
        writeln!(out, "| `{host}` | `{}` |", broker.zone.as_deref().unwrap_or("?"))?;
    }
    Ok(())
}

fn tidb_cloud(out: &mut String, sheet: &Sheet) -> Result {
    for listener in &sheet.listeners {
        writeln!(out, "For a changefeed over Private Link, with listener {}:\n", listener.name)?;
        writeln!(out, "| | |\n|---|---|")?;
        writeln!(out, "| Number of availability zones | {} |", sheet.zones.len())?;
        writeln!(out, "| Endpoint service name | `{}` |", sheet.service_name)?;
        writeln!(out, "| Bootstrap port | `{}` |", listener.bootstrap_port)?;
        match &listener.host_template {
            Some(template) => writeln!(out, "| Kafka advertised listener pattern | `{template}` |\n")?,
            None => writeln!(
                out,
                "| Kafka advertised listener pattern | tell us the one that TiDB Cloud shows: the brokers have to advertise it first |\n"
            )?,
        }
    }
    writeln!(out, "Each zone id of TiDB Cloud's must be among those above.")
}

fn materialize(out: &mut String, sheet: &Sheet) -> Result {
    let name = sheet.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let zones = sheet.zones.iter().map(|zone| format!("'{zone}'")).collect::<Vec<_>>().join(", ");
    writeln!(out, "```sql\nCREATE CONNECTION {name}_privatelink TO AWS PRIVATELINK (")?;
    writeln!(out, "  SERVICE NAME '{}',\n  AVAILABILITY ZONES ({zones})\n);\n", sheet.service_name)?;
    writeln!(out, "-- The principal that has to be let in: tell it to the owner of the Kafka cluster.")?;
    writeln!(out, "SELECT principal FROM mz_aws_privatelink_connections plc")?;
    writeln!(out, "JOIN mz_connections c ON plc.id = c.id WHERE c.name = '{name}_privatelink';")?;
    for listener in &sheet.listeners {
        let rules: Vec<String> = listener
            .brokers
            .iter()
            .filter_map(|broker| {
                let (address, zone) = (broker.advertised.as_ref()?, broker.zone.as_ref()?);
                let port = broker.port;
                let through = if listener.cross_zone { String::new() } else { format!("AVAILABILITY ZONE '{zone}', ") };
                Some(format!("    '{address}' USING AWS PRIVATELINK {name}_privatelink ({through}PORT {port})"))
            })
            .collect();
        if rules.is_empty() {
            writeln!(out, "\n-- Listener {}: no broker has an address yet.", listener.name)?;
            continue;
        }
        let suffix = listener.name.to_lowercase().replace('-', "_");
        writeln!(out, "\nCREATE CONNECTION {name}_{suffix} TO KAFKA (\n  BROKERS (\n{}\n  )", rules.join(",\n"))?;
        writeln!(out, "  -- and SECURITY PROTOCOL, SASL and SSL as the brokers want them\n);")?;
    }
    writeln!(out, "```")
}

fn clickpipes(out: &mut String, sheet: &Sheet) -> Result {
    writeln!(
        out,
        "Make a reverse private endpoint of type *VPC endpoint service* with the service name above. Its request comes"
    )?;
    writeln!(
        out,
        "from account `{CLICKPIPES_ACCOUNT}`, which has to be among the consumers that are let in. Map these names to it:\n"
    )?;
    let names: BTreeSet<String> = hosts(sheet).map(|(host, _)| host.to_owned()).collect();
    writeln!(out, "{}", list(&names.into_iter().collect::<Vec<_>>()))?;
    for listener in sheet.listeners.iter().filter(|listener| !listener.cross_zone) {
        writeln!(
            out,
            "\nListener {} has `crossZone: Disabled`: names lead to any zone of the endpoint, so that brokers of the others \
             are missed. Set `crossZone: Enabled` for it first.",
            listener.name
        )?;
    }
    Ok(())
}

/// Every host that clients connect to, once.
fn hosts(sheet: &Sheet) -> impl Iterator<Item = (&str, &Broker)> {
    let mut seen = BTreeSet::new();
    let brokers = sheet.listeners.iter().flat_map(|listener| &listener.brokers);
    let hosts = brokers.filter_map(|broker| Some((broker.advertised.as_deref()?.rsplit_once(':')?.0, broker)));
    hosts.filter(move |(host, _)| seen.insert(*host))
}
