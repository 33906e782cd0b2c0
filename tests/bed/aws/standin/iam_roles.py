"""Who makes a call, and what the policies of its role say. moto keeps roles and policies; it would look at actions alone."""
import json

from moto.iam.access_control import IAMRequest
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from . import iam_policy
from .iam_questions import questions

PARTITION = "aws"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})


def keys_of(account, region, name, policies):
    """Gives a role just these policies (name -> document), makes it if need be, and returns new keys of it."""
    iam = iam_backends[account][PARTITION]
    try:
        role = iam.get_role(name)
    except NotFoundException:
        role = iam.create_role(role_name=name, assume_role_policy_document=TRUST, path="/", permissions_boundary="",
                               description="", tags=[], max_session_duration="3600")
    for former in list(iam.list_role_policies(name)):
        iam.delete_role_policy(name, former)
    for policy, document in policies.items():
        iam.put_role_policy(name, policy, json.dumps(document))
    session = sts_backends[account][PARTITION].assume_role(
        region_name=region, role_session_name=name, role_arn=role.arn, policy="", duration=3600, external_id="")
    return {"access_key_id": session.access_key_id, "secret_access_key": session.secret_access_key,
            "session_token": session.session_token}


def profile_of(account, name):
    """Makes a role and an instance profile with it; the profile's ARN."""
    iam = iam_backends[account][PARTITION]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    iam.create_role(role_name=name, assume_role_policy_document=trust, path="/", permissions_boundary="", description="", tags=[],
                    max_session_duration="3600")
    profile = iam.create_instance_profile(name=name, path="/", role_names=[], tags=[])
    iam.add_role_to_instance_profile(name, name)
    return profile.arn


def refusal(call, service):
    """Why the caller may not make a call, in AWS's words; None if it may. Who assumed a role that nobody made may do all."""
    request = IAMRequest(account_id=call.current_account, method=call.method, path=call.raw_path, data=call.data,
                         body=call.raw_body, headers=call.headers, action=call._get_action())
    try:
        policies = [_document(policy) for policy in request._access_key.collect_policies()]
    except NotFoundException:
        return None
    for question in questions(call.store, service, call._get_action(), call._get_params()):
        if not iam_policy.allowed(policies, question):
            return (f"User: {request._access_key.arn} is not authorized to perform: {question.action} on resource: "
                    f"{question.resource} because no identity-based policy allows the {question.action} action")
    return None


def _document(policy):
    """moto has inline policies as text, those of users in a dictionary, and attached ones as objects."""
    text = policy if isinstance(policy, str) else policy["policy_document"] if isinstance(policy, dict) else policy.document
    return json.loads(text)
