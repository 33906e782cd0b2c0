//! AWS accounts of the stand-in: every account exists as soon as a role in it is assumed.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ec2::config::Credentials;

use super::{StandIn, bed};

/// An account in a region, and its clients.
#[derive(Clone, Debug)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its region.
    pub region: String,
    /// EC2 of the account.
    pub ec2: aws_sdk_ec2::Client,
    /// Load balancers of the account.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// Seen from behind.
    pub standin: StandIn,
}

impl Account {
    /// One that nobody else uses.
    pub async fn fresh(region: &str) -> Self {
        Self::in_region(&random_account(), region).await
    }

    /// The account in a region.
    pub async fn in_region(id: &str, region: &str) -> Self {
        let config = config(region, credentials(id).await).await;
        Self {
            id: id.to_owned(),
            region: region.to_owned(),
            ec2: aws_sdk_ec2::Client::new(&config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(&config),
            standin: StandIn::of(id),
        }
    }

    /// Everything that it holds.
    pub async fn inventory(&self) -> super::Inventory {
        self.standin.inventory(&self.region).await
    }
}

/// The number of an account that nobody else uses.
pub fn random_account() -> String {
    fastrand::u64(100_000_000_000..1_000_000_000_000).to_string()
}

/// New keys for an account: calls can be told apart by them.
pub async fn credentials(account: &str) -> Credentials {
    let anybody = Credentials::new("bed", "bed", None, None, "test");
    let sts = aws_sdk_sts::Client::new(&config("us-west-2", anybody).await);
    let role = format!("arn:aws:iam::{account}:role/test");
    let answer = sts.assume_role().role_arn(role).role_session_name("test").send().await;
    let got = answer.expect("a role of any account can be assumed").credentials.expect("credentials");
    Credentials::new(got.access_key_id, got.secret_access_key, Some(got.session_token), None, "test")
}

async fn config(region: &str, credentials: Credentials) -> aws_config::SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(&bed().aws)
        .credentials_provider(credentials)
        .load()
        .await
}
