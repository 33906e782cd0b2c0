# Made of the calls that the operator makes (`make generate`): do not edit.
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

data "aws_iam_policy_document" "observe" {
  statement {
    sid = "Read"
    actions = [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceAttribute",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeInstances",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroupRules",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
      "ec2:DescribeVpcAttribute",
      "ec2:DescribeVpcEndpointConnections",
      "ec2:DescribeVpcEndpointServiceConfigurations",
      "ec2:DescribeVpcEndpointServicePermissions",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeListenerAttributes",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "manage" {
  statement {
    sid = "Read"
    actions = [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroupRules",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
      "ec2:DescribeVpcAttribute",
      "ec2:DescribeVpcEndpointConnections",
      "ec2:DescribeVpcEndpointServiceConfigurations",
      "ec2:DescribeVpcEndpointServicePermissions",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeListenerAttributes",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]
  }

  statement {
    sid = "Use"
    actions = [
      "ec2:CreateSecurityGroup",
      "ec2:CreateSubnet",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/*"]
  }

  statement {
    sid = "Create"
    actions = [
      "ec2:CreateSecurityGroup",
      "ec2:CreateSubnet",
      "ec2:CreateVpcEndpointServiceConfiguration",
      "elasticloadbalancing:CreateLoadBalancer",
      "elasticloadbalancing:CreateTargetGroup",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:subnet/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint-service/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/net/kpl-*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:targetgroup/kpl-*/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ChangeOwn"
    actions = [
      "ec2:AcceptVpcEndpointConnections",
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:DeleteSecurityGroup",
      "ec2:DeleteSubnet",
      "ec2:DeleteVpcEndpointServiceConfigurations",
      "ec2:ModifyVpcEndpointServiceConfiguration",
      "ec2:ModifyVpcEndpointServicePermissions",
      "ec2:RejectVpcEndpointConnections",
      "ec2:RevokeSecurityGroupEgress",
      "ec2:RevokeSecurityGroupIngress",
      "elasticloadbalancing:DeleteListener",
      "elasticloadbalancing:DeleteLoadBalancer",
      "elasticloadbalancing:DeleteTargetGroup",
      "elasticloadbalancing:DeregisterTargets",
      "elasticloadbalancing:ModifyListener",
      "elasticloadbalancing:ModifyListenerAttributes",
      "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyTargetGroup",
      "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:RegisterTargets",
      "elasticloadbalancing:SetSecurityGroups",
      "elasticloadbalancing:SetSubnets",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:subnet/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint-service/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/net/kpl-*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:listener/net/kpl-*/*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:targetgroup/kpl-*/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagNew"
    actions = [
      "ec2:CreateTags",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:subnet/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint-service/*",
    ]
    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = [
      "CreateSecurityGroup",
      "CreateSubnet",
      "CreateVpcEndpointServiceConfiguration",
    ]
    }
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagOwn"
    actions = [
      "ec2:CreateTags",
      "ec2:DeleteTags",
      "elasticloadbalancing:AddTags",
      "elasticloadbalancing:RemoveTags",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:subnet/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint-service/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/net/kpl-*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:listener/net/kpl-*/*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:targetgroup/kpl-*/*",
    ]
    condition {
      test     = "ForAllValues:StringNotEquals"
      variable = "aws:TagKeys"
      values   = ["kafka-privatelink.io/owner"]
    }
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "CreateInOwn"
    actions = [
      "elasticloadbalancing:CreateListener",
    ]
    resources = ["arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/net/kpl-*/*"]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagNew2"
    actions = [
      "elasticloadbalancing:AddTags",
    ]
    resources = [
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/net/kpl-*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:listener/net/kpl-*/*/*",
      "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:targetgroup/kpl-*/*",
    ]
    condition {
      test     = "StringEquals"
      variable = "elasticloadbalancing:CreateAction"
      values   = [
      "CreateListener",
      "CreateLoadBalancer",
      "CreateTargetGroup",
    ]
    }
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ElbRole"
    actions = [
      "iam:CreateServiceLinkedRole",
    ]
    resources = ["arn:${local.partition}:iam::${local.account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"]
    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["elasticloadbalancing.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "broker_groups" {
  count = local.broker_groups ? 1 : 0

  statement {
    sid = "Use"
    actions = [
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:RevokeSecurityGroupIngress",
    ]
    resources = [for id in var.broker_security_group_ids : "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/${id}"]
  }

  statement {
    sid = "Create"
    actions = [
      "ec2:AuthorizeSecurityGroupIngress",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:security-group-rule/*"]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagNew"
    actions = [
      "ec2:CreateTags",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:security-group-rule/*"]
    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["AuthorizeSecurityGroupIngress"]
    }
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }
}

data "aws_iam_policy_document" "network" {
  statement {
    sid = "Create"
    actions = [
      "ec2:CreateVpc",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/*"]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ChangeOwn"
    actions = [
      "ec2:CreateRouteTable",
      "ec2:DeleteVpc",
      "ec2:DeleteVpcEndpoints",
      "ec2:ModifyVpcAttribute",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "Create2"
    actions = [
      "ec2:CreateRouteTable",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:route-table/*"]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ChangeOwn2"
    actions = [
      "ec2:AssociateRouteTable",
      "ec2:CreateVpcEndpoint",
      "ec2:DeleteRouteTable",
      "ec2:DisassociateRouteTable",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:route-table/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:subnet/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "Create3"
    actions = [
      "ec2:CreateVpcEndpoint",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint/*"]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ChangeOwn3"
    actions = [
      "ec2:ModifyVpcEndpoint",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:route-table/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagNew"
    actions = [
      "ec2:CreateTags",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:route-table/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint/*",
    ]
    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = [
      "CreateRouteTable",
      "CreateVpc",
      "CreateVpcEndpoint",
    ]
    }
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagOwn"
    actions = [
      "ec2:CreateTags",
      "ec2:DeleteTags",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:route-table/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:vpc-endpoint/*",
    ]
    condition {
      test     = "ForAllValues:StringNotEquals"
      variable = "aws:TagKeys"
      values   = ["kafka-privatelink.io/owner"]
    }
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }
}

data "aws_iam_policy_document" "new_cluster" {
  statement {
    sid = "Read"
    actions = [
      "ec2:DescribeImages",
      "ec2:DescribeInstanceAttribute",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeVolumes",
    ]
    resources = ["*"]
  }

  statement {
    sid = "Use"
    actions = [
      "ec2:CreateNetworkInterface",
      "ec2:RunInstances",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:volume/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:subnet/*",
      "arn:${local.partition}:ec2:${var.region}::image/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:key-pair/*",
    ]
  }

  statement {
    sid = "Create"
    actions = [
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:CreateNetworkInterface",
      "ec2:CreateVolume",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:network-interface/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:volume/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group-rule/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ChangeOwn"
    actions = [
      "ec2:AttachVolume",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteVolume",
      "ec2:ModifyInstanceAttribute",
      "ec2:StartInstances",
      "ec2:TerminateInstances",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:volume/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:instance/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "ChangeOwn2"
    actions = [
      "ec2:DeleteNetworkInterface",
      "ec2:ModifyNetworkInterfaceAttribute",
      "ec2:RunInstances",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:network-interface/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*",
    ]
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "Create2"
    actions = [
      "ec2:RunInstances",
    ]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:instance/*"]
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagNew"
    actions = [
      "ec2:CreateTags",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:network-interface/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:volume/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:instance/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:security-group-rule/*",
    ]
    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = [
      "AuthorizeSecurityGroupIngress",
      "CreateNetworkInterface",
      "CreateVolume",
      "RunInstances",
    ]
    }
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "TagOwn"
    actions = [
      "ec2:CreateTags",
      "ec2:DeleteTags",
    ]
    resources = [
      "arn:${local.partition}:ec2:${var.region}:${local.account}:network-interface/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:volume/*",
      "arn:${local.partition}:ec2:${var.region}:${local.account}:instance/*",
    ]
    condition {
      test     = "ForAllValues:StringNotEquals"
      variable = "aws:TagKeys"
      values   = ["kafka-privatelink.io/owner"]
    }
    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/kafka-privatelink.io/owner"
      values   = [var.owners]
    }
  }

  statement {
    sid = "PassRole"
    actions = [
      "iam:PassRole",
    ]
    resources = ["arn:${local.partition}:iam::${local.account}:role/*"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }
}

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
