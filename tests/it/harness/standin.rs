//! The admin routes of the AWS stand-in, narrowed to one account.

use std::collections::BTreeMap;

use aws_sdk_ec2::config::Credentials;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Inventory, bed, http};

/// One account of the stand-in, seen from behind.
#[derive(Clone, Debug)]
pub struct StandIn {
    pub(super) account: String,
}

/// AWS calls that were made.
#[derive(Clone, Debug, Deserialize)]
pub struct Calls {
    /// All.
    pub n: usize,
    /// By action.
    #[serde(rename = "calls")]
    pub actions: BTreeMap<String, usize>,
    /// By action and code, of those that failed.
    pub errors: BTreeMap<String, usize>,
    /// One by one, in order.
    pub log: Vec<Call>,
}

/// One AWS call.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    /// Seconds.
    pub at: f64,
    /// Such as `ec2`.
    pub service: String,
    /// Such as `CreateListener`.
    pub action: String,
    /// What was asked.
    pub body: String,
}

/// Writes that succeeded, whoever made them, while the setting `journal` is on.
#[derive(Clone, Debug, Deserialize)]
pub struct Journal {
    /// Number of the last one.
    pub last: usize,
    /// In order.
    pub entries: Vec<Written>,
}

/// One write, and the account right after it.
#[derive(Clone, Debug, Deserialize)]
pub struct Written {
    /// Such as `CreateListener`.
    pub action: String,
    /// What was asked.
    pub request: Value,
    /// All that the account held then.
    pub inventory: Value,
}

impl Call {
    /// Whether it may have changed anything.
    pub fn is_write(&self) -> bool {
        !["Describe", "Get"].iter().any(|read| self.action.starts_with(read))
    }
}

impl Calls {
    /// Those that may have changed anything.
    pub fn writes(&self) -> Vec<&str> {
        self.log.iter().filter(|call| call.is_write()).map(|call| call.action.as_str()).collect()
    }
}

impl StandIn {
    /// That of an account.
    pub fn of(account: &str) -> Self {
        Self { account: account.to_owned() }
    }

    /// Paces, quotas and answers: see the bed's README.
    pub async fn set(&self, settings: Value) {
        self.post("settings", settings).await;
    }

    /// New keys of a role of the account that has just these policies (name: document).
    pub async fn role(&self, region: &str, policies: &Value) -> Credentials {
        let asked = json!({ "region": region, "name": "operator", "policies": policies });
        let keys = self.post("role", asked).await;
        let [key, secret, token] = ["access_key_id", "secret_access_key", "session_token"]
            .map(|name| keys[name].as_str().unwrap_or_else(|| panic!("no {name}: {keys}")).to_owned());
        Credentials::new(key, secret, Some(token), None, "test")
    }

    /// What gives instances the rights of a role of their own; its ARN.
    pub async fn instance_profile(&self, name: &str) -> String {
        let made = self.post("instance-profile", json!({ "name": name })).await;
        made["arn"].as_str().unwrap_or_else(|| panic!("no arn: {made}")).to_owned()
    }

    /// What AWS may answer where nobody knows: settings and their values, but for those that hold anyway.
    pub async fn unlikely_answers() -> Vec<(String, Value)> {
        let answers = request("GET", "/__answers", None).await;
        let answers = answers.as_object().expect("answers by setting").clone();
        let unlikely = |values: Value| values.as_array().expect("values").iter().skip(1).cloned().collect::<Vec<_>>();
        answers
            .into_iter()
            .flat_map(|(name, values)| unlikely(values).into_iter().map(move |v| (name.clone(), v)))
            .collect()
    }

    /// The next `n` answers to an action are lost: the work is done.
    pub async fn lose_answers(&self, action: &str, n: usize) {
        self.post("cut", json!({ "action": action, "n": n, "account": self.account })).await;
    }

    /// The next `n` requests of an action are lost: the work is not done.
    pub async fn lose_requests(&self, action: &str, n: usize) {
        self.post("drop", json!({ "action": action, "n": n, "account": self.account })).await;
    }

    /// Calls of an action are refused, until `forgive`.
    pub async fn refuse(&self, action: &str, code: &str) {
        self.refuse_times(action, code, 1_000_000).await;
    }

    /// The next `n` calls of an action are refused.
    pub async fn refuse_times(&self, action: &str, code: &str, n: usize) {
        let fault = json!({ "action": action, "n": n, "code": code, "account": self.account });
        self.post("refuse", fault).await;
    }

    /// Ends all faults of the account.
    pub async fn forgive(&self) {
        request("DELETE", &format!("/__refuse?account={}", self.account), None).await;
    }

    /// Whether a fault has not been met yet.
    pub async fn faults_wait(&self) -> bool {
        let answer = request("GET", "/__cut", None).await;
        let waiting = answer["waiting"].as_array().expect("a list of faults");
        waiting.iter().any(|fault| fault["account"] == self.account.as_str())
    }

    /// Holds the state of a load balancer, target, service or endpoint; `None` frees it.
    pub async fn force(&self, region: &str, id: &str, state: Option<&str>) {
        let asked = json!({ "account": self.account, "region": region, "id": id, "state": state });
        self.post("force", asked).await;
    }

    /// All that the account holds.
    pub async fn inventory(&self, region: &str) -> Inventory {
        let whole = request("GET", &format!("/__inventory?account={}&region={region}", self.account), None).await;
        Inventory::new(whole)
    }

    /// The writes after the first so many.
    pub async fn journal(&self, region: &str, after: usize) -> Journal {
        let path = format!("/__journal?account={}&region={region}&after={after}", self.account);
        serde_json::from_value(request("GET", &path, None).await).expect("a journal")
    }

    /// Calls made with an access key.
    pub async fn calls(&self, key: &str) -> Calls {
        let path = format!("/__calls?account={}&key={key}&log=1", self.account);
        serde_json::from_value(request("GET", &path, None).await).expect("a list of calls")
    }

    /// Forgets the calls so far.
    pub async fn forget_calls(&self) {
        request("DELETE", &format!("/__calls?account={}", self.account), None).await;
    }

    pub(super) async fn post(&self, route: &str, body: Value) -> Value {
        request("POST", &format!("/__{route}?account={}", self.account), Some(body)).await
    }
}

pub(super) async fn request(method: &str, path: &str, body: Option<Value>) -> Value {
    let address = bed().aws.strip_prefix("http://").expect("checked by bed()");
    let (status, answer) = http::request(address, method, path, body.map(|body| body.to_string())).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    serde_json::from_str(&answer).expect("the stand-in answers in JSON")
}
