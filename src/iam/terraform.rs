//! A Terraform module: documents of the policies, and managed policies of them.

use std::fmt::Write as _;

use super::statement::{Place, Statement, Values, arn, statements};
use crate::aws::right::{Capability, Kind};

const HEAD: &str = r#"# Made of the calls that the operator makes (`make generate`): do not edit.
#
# Managed policies for the operator's role. Attach what `policy_arns` lists; who may assume the role is yours to say.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "name" {
  description = "Prefix of the policies' names."
  type        = string
  default     = "kafka-privatelink"
}

variable "mode" {
  description = "manage, or observe: reads only, for objects with mode Observe."
  type        = string
  default     = "manage"
  validation {
    condition     = contains(["manage", "observe"], var.mode)
    error_message = "mode is manage or observe."
  }
}

variable "owners" {
  description = "Whose resources may be made and changed: a pattern for <cluster id>/<namespace>/<name>, such as prod/*."
  type        = string
  default     = "*"
}

variable "region" {
  description = "The region that writes are allowed in; * is any."
  type        = string
  default     = "*"
}

variable "broker_security_group_ids" {
  description = "Groups that objects may name in spec.brokers.securityGroupIds: the operator may add and revoke rules in them."
  type        = list(string)
  default     = []
}

variable "make_vpcs" {
  description = "Whether objects may have VPCs made for them (spec.network.vpc)."
  type        = bool
  default     = false
}

variable "make_clusters" {
  description = "Whether objects may have brokers made for them (spec.brokers.provisioned)"
  type        = bool
  default     = false
}

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  manages   = var.mode == "manage"
  network   = local.manages && var.make_vpcs
  clusters  = local.manages && var.make_clusters
  # A document without resources would allow nothing and be refused.
  broker_groups = local.manages && length(var.broker_security_group_ids) > 0
}
"#;

const TAIL: &str = r#"
resource "aws_iam_policy" "observe" {
  count  = local.manages ? 0 : 1
  name   = "${var.name}-observe"
  policy = data.aws_iam_policy_document.observe.json
}

resource "aws_iam_policy" "manage" {
  count  = local.manages ? 1 : 0
  name   = "${var.name}-manage"
  policy = data.aws_iam_policy_document.manage.json
}

resource "aws_iam_policy" "broker_groups" {
  count  = local.broker_groups ? 1 : 0
  name   = "${var.name}-broker-groups"
  policy = data.aws_iam_policy_document.broker_groups[0].json
}

resource "aws_iam_policy" "network" {
  count  = local.network ? 1 : 0
  name   = "${var.name}-network"
  policy = data.aws_iam_policy_document.network.json
}

resource "aws_iam_policy" "new_cluster" {
  count  = local.clusters ? 1 : 0
  name   = "${var.name}-new-cluster"
  policy = data.aws_iam_policy_document.new_cluster.json
}

output "policy_arns" {
  description = "What the operator's role needs."
  value = concat(
    aws_iam_policy.observe[*].arn,
    aws_iam_policy.manage[*].arn,
    aws_iam_policy.broker_groups[*].arn,
    aws_iam_policy.network[*].arn,
    aws_iam_policy.new_cluster[*].arn,
  )
}
"#;

const PLACE: Place<'static> =
    Place { partition: "${local.partition}", region: "${var.region}", account: "${local.account}" };

/// The module, in one file.
#[must_use]
pub fn module() -> String {
    let mut text = HEAD.to_owned();
    document(&mut text, "observe", "", &statements(Capability::Observe));
    document(&mut text, "manage", "", &statements(Capability::Manage));
    let count = "  count = local.broker_groups ? 1 : 0\n";
    document(&mut text, "broker_groups", count, &statements(Capability::BrokerGroups));
    document(&mut text, "network", "", &statements(Capability::Network));
    document(&mut text, "new_cluster", "", &statements(Capability::NewCluster));
    text + TAIL
}

fn document(text: &mut String, name: &str, count: &str, statements: &[Statement]) {
    let mut block = format!("\ndata \"aws_iam_policy_document\" \"{name}\" {{\n{count}");
    for (index, statement) in statements.iter().enumerate() {
        let before = if index == 0 && count.is_empty() { "" } else { "\n" };
        block += before;
        block += &written(statement);
    }
    block.push_str("}\n");
    text.push_str(&block);
}

fn written(statement: &Statement) -> String {
    let mut text = format!("  statement {{\n    sid = \"{}\"\n    actions = [\n", statement.name);
    let mut line = |indent: &str, words: &str| {
        // To a `String` nothing fails.
        let _ = writeln!(text, "{indent}{words}");
    };
    for action in &statement.actions {
        line("      ", &format!("\"{action}\","));
    }
    line("    ", "]");
    line("    ", &resources(statement));
    for test in statement.tests() {
        let values = match test.values {
            Values::Owners => "[var.owners]".to_owned(),
            Values::Texts(texts) => list(&texts),
        };
        line("    ", "condition {");
        line("      ", &format!("test     = \"{}\"", test.operator));
        line("      ", &format!("variable = \"{}\"", test.key));
        line("      ", &format!("values   = {values}"));
        line("    ", "}");
    }
    text + "  }\n"
}

fn resources(statement: &Statement) -> String {
    let groups = statement.kinds.contains(&Kind::BrokerGroup);
    let others = statement.kinds.iter().filter(|kind| **kind != Kind::BrokerGroup);
    let mut arns: Vec<String> = others.map(|kind| arn(*kind, PLACE)).collect();
    if arns.is_empty() && !groups {
        arns.push("*".to_owned());
    }
    if groups {
        let one = arn(Kind::BrokerGroup, PLACE).replace('*', "${id}");
        let named = format!("[for id in var.broker_security_group_ids : \"{one}\"]");
        let others = if arns.is_empty() { String::new() } else { format!("concat({}, ", list(&arns)) };
        let end = if arns.is_empty() { "" } else { ")" };
        return format!("resources = {others}{named}{end}");
    }
    format!("resources = {}", list(&arns))
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    match quoted.as_slice() {
        [] | [_] => format!("[{}]", quoted.concat()),
        _ => format!("[\n      {},\n    ]", quoted.join(",\n      ")),
    }
}
