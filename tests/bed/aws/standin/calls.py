"""What is done around every AWS call: one at a time, time passes, and errors that an SDK can read."""
import logging

from moto.core.exceptions import AccessDeniedError, ServiceException
from moto.core.responses import ActionResult
from moto.ec2.exceptions import DryRunClientError
from moto.iam.access_control import IAMRequest
from werkzeug.exceptions import HTTPException

from . import errors, journal, throttle
from .store import LOCK, UnknownPage, store_of

STATUS = {"RequestLimitExceeded": 503}  # where it is not 400
log = logging.getLogger("standin")


def permitted(call):
    """Whether the policies of the caller's role or user allow the action, on any resource; moto's IAM judges."""
    request = IAMRequest(account_id=call.current_account, method=call.method, path=call.raw_path, data=call.data,
                         body=call.raw_body, headers=call.headers, action=call._get_action())
    try:
        request.check_action_permitted("*")
    except AccessDeniedError:
        return False
    return True


def guard(response_class, error):
    """Wraps a response class of moto's; `error` makes its service's errors."""
    plain = response_class.call_action
    is_ec2 = error is errors.ec2

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
                if self.store.setting("iam_enforced") and not permitted(self):
                    code = "UnauthorizedOperation" if is_ec2 else "AccessDenied"
                    return answer(self, error(code, f"You are not authorized to perform: {self._get_action()}"), 403)
                if is_ec2 and str(self._get_param("DryRun")).lower() == "true":
                    raise DryRunClientError()
                answered = plain(self)
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
