//! A consumer: another account, which makes endpoints.

use std::collections::BTreeMap;

use super::{Account, World, until};

/// An account with a VPC and a subnet in each zone.
#[derive(Debug)]
pub struct Consumer {
    account: Account,
    vpc: String,
    subnets: BTreeMap<String, String>,
}

impl Consumer {
    /// A new one.
    pub async fn fresh(region: &str, zones: &[&str]) -> Self {
        let account = Account::fresh(region).await;
        let (vpc, subnets) = World::network(&account, "10.250", zones).await;
        Self { account, vpc, subnets }
    }

    /// Twelve digits.
    pub fn id(&self) -> &str {
        &self.account.id
    }

    /// Asks for a connection in every zone; AWS may not know us as a principal yet.
    pub async fn connect(&self, service: &str) -> String {
        let zones: Vec<&str> = self.subnets.keys().map(String::as_str).collect();
        let asked = until(async || self.ask(service, &zones).await).await;
        asked.unwrap_or_else(|why| panic!("no endpoint for {service}: {why}"))
    }

    /// Asks once for a connection in these zones.
    pub async fn ask(&self, service: &str, zones: &[&str]) -> Result<String, String> {
        let subnets = zones.iter().map(|zone| self.subnets[*zone].clone()).collect();
        let asked = self.account.ec2.create_vpc_endpoint().vpc_id(&self.vpc).service_name(service);
        let asked = asked.vpc_endpoint_type("Interface".into()).set_subnet_ids(Some(subnets)).send().await;
        let made = asked.map_err(|error| format!("{:?}", error.into_service_error()))?;
        Ok(made.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id).expect("an endpoint has an id"))
    }

    /// Gives a connection up.
    pub async fn disconnect(&self, endpoint: &str) {
        self.account.ec2.delete_vpc_endpoints().vpc_endpoint_ids(endpoint).send().await.expect("the endpoint goes");
    }

    /// Waits until the connection is in a state, as the consumer sees it.
    pub async fn sees(&self, endpoint: &str, state: &str) {
        let seen = until(async || {
            let inventory = self.account.inventory().await;
            let have = &inventory.whole["vpc_endpoints"][endpoint]["state"];
            if have == state { Ok(()) } else { Err(format!("it is {have}")) }
        });
        seen.await.unwrap_or_else(|why| panic!("endpoint {endpoint} of the consumer shall be {state}: {why}"));
    }
}
