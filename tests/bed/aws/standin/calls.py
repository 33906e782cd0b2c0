"""What is done around every AWS call: one at a time, time passes, and errors that an SDK can read."""
import logging
import re

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2.exceptions import DryRunClientError
from werkzeug.exceptions import HTTPException

from . import errors, iam_questions, iam_roles, journal, throttle
from .store import LOCK, UnknownPage, store_of

STATUS = {"RequestLimitExceeded": 503, "InsufficientInstanceCapacity": 500}  # where it is not 400
log = logging.getLogger("standin")


def with_status(answered):
    """moto answers its own errors, and all of them with 400."""
    status, headers, body = answered
    code = re.search(r"<Code>(\w+)</Code>", body if isinstance(body, str) else body.decode()) if status == 400 else None
    if code is None or code.group(1) not in STATUS:
        return answered
    headers["status"] = str(STATUS[code.group(1)])
    return STATUS[code.group(1)], headers, body


def guard(response_class, error):
    """Wraps a response class of moto's; `error` makes its service's errors."""
    plain = response_class.call_action
    is_ec2 = error is errors.ec2
    service = "ec2" if is_ec2 else "elasticloadbalancing"

    def answer(self, problem, status=None):
        code, headers, body = self.serialized(ActionResult(problem))
        headers["status"] = str(status or code)
        return status or code, headers, body

    def call_action(self):
        with LOCK:
            self.store.settle()
            try:
                if self.store.setting("throttled"):
                    throttle.check(self.store, self._get_action(), self._get_params(), is_ec2)
                # IAM speaks before DryRun does.
                refusal = iam_roles.refusal(self, service) if self.store.setting("iam_enforced") else None
                if refusal and is_ec2:
                    return answer(self, error("UnauthorizedOperation", f"You are not authorized to perform this operation. {refusal}"), 403)
                if refusal:
                    return answer(self, error("AccessDenied", refusal), 403)
                if is_ec2 and str(self._get_param("DryRun")).lower() == "true":
                    raise DryRunClientError()
                answered = with_status(plain(self))
                if answered[0] < 300:
                    iam_questions.done(self.store, self._get_action())
                if self.store.setting("journal") and answered[0] < 300:
                    journal.note(self.store, self._get_action(), self.access_key, self._get_params())
                return answered
            except HTTPException as problem:  # IAM does not know the access key
                return answer(self, error(problem.error_type, problem.message), problem.code)
            except ServiceException as problem:
                return answer(self, problem, STATUS.get(problem.code))
            except UnknownPage as token:
                return answer(self, error("InvalidNextToken" if is_ec2 else "ValidationError", f"The token '{token}' is not valid"))
            except NotImplementedError as problem:  # an action or a filter that moto lacks
                code = "InvalidParameterValue" if "ilter" in str(problem) else "InvalidAction"
                return answer(self, error(code, str(problem)), 400)
            except Exception as problem:  # a bug here or in moto: seen by the client and in the log
                log.exception("%s failed", self._get_action())
                return answer(self, error("InternalError", f"{type(problem).__name__}: {problem}"), 500)

    response_class.call_action = call_action
    response_class.store = property(lambda self: store_of(self.current_account, self.region))
