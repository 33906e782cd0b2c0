//! What can become of a call on its way to AWS and back.

use serde_json::{Value, json};

use super::StandIn;
use super::standin::request;

/// What the stand-in plays instead of answering.
#[derive(Clone, Copy, Debug)]
pub enum Trouble<'a> {
    /// The work is done, and its answer is lost.
    LostAnswer,
    /// The client waits until it gives up; nothing is done.
    HeldBefore,
    /// The work is done, and the client waits for the answer until it gives up.
    HeldAfter,
    /// The connection is reset; nothing is done.
    Reset,
    /// Somebody else's page, with status 200; nothing is done.
    Garbled,
    /// A refusal: code and status.
    Refused(&'a str, u16),
}

impl Trouble<'_> {
    fn route(self) -> &'static str {
        match self {
            Self::LostAnswer => "cut",
            Self::HeldBefore | Self::HeldAfter => "hold",
            Self::Reset => "reset",
            Self::Garbled => "garble",
            Self::Refused(..) => "refuse",
        }
    }

    fn details(self) -> Value {
        match self {
            Self::HeldBefore => json!({ "when": "before" }),
            Self::HeldAfter => json!({ "when": "after" }),
            Self::Refused(code, status) => json!({ "code": code, "status": status }),
            Self::LostAnswer | Self::Reset | Self::Garbled => json!({}),
        }
    }
}

impl StandIn {
    /// The next `n` calls of an action of a service meet this.
    pub async fn play(&self, trouble: Trouble<'_>, service: &str, action: &str, n: u64) {
        let mut fault = trouble.details();
        fault["service"] = service.into();
        fault["action"] = action.into();
        fault["n"] = n.into();
        fault["account"] = self.account.as_str().into();
        self.post(trouble.route(), fault).await;
    }

    /// How many calls will still meet something.
    pub async fn faults_left(&self) -> u64 {
        let answer = request("GET", "/__cut", None).await;
        let waiting = answer["waiting"].as_array().expect("a list of faults");
        let ours = waiting.iter().filter(|fault| fault["account"] == self.account.as_str());
        ours.filter_map(|fault| fault["n"].as_u64()).sum()
    }

    /// Whether a client waits for an answer that will not come.
    pub async fn holds_a_client(&self) -> bool {
        let answer = request("GET", &format!("/__hold?account={}", self.account), None).await;
        answer["held"].as_array().is_some_and(|held| !held.is_empty())
    }
}
