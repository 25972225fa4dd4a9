"""One invocation: event and context in, answer out."""
import os

from . import jsons, logs, loop, wire
from .context import LambdaContext
from .handler import Fault


class Invoker:
    def __init__(self, function, responses, is_forked):
        self._function = function
        self._responses = responses
        self._is_forked = is_forked
        self._ascii = jsons.answers_in_ascii()

    def invoke(self, request):
        _, number, request_id, deadline, arn, trace_id, client_context, identity, tenant_id, _, payload = request
        logs.current_request_id = request_id
        logs.current_tenant_id = tenant_id
        _set_trace_id(trace_id)
        try:
            context = LambdaContext(
                request_id, deadline, arn, _parsed(client_context, "Client Context"), _parsed(identity, "Cognito Identity"), tenant_id)
            event = _unmarshal(payload)
            answer, content_type = self._marshal(self._function(event, context))
        except Exception:
            if not self._is_forked():
                from . import errors
                errors.report(self._responses, number, request_id)
            return
        if self._is_forked():
            return
        if len(answer) > wire.MAX_PAYLOAD:
            from . import errors
            errors.send(self._responses, number, errors.too_large())
            return
        loop.flush()
        wire.write(self._responses, wire.frame(wire.RESPONSE, number, content_type, payload=answer), answer)

    def _marshal(self, value):
        if isinstance(value, bytes):
            return value, "application/unknown"
        try:
            return jsons.dumps(value, self._ascii).encode("utf-8"), "application/json"
        except Exception as error:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from error


def _unmarshal(payload):
    try:
        return jsons.loads(payload)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from error


def _parsed(text, what):
    if not text:
        return None
    try:
        return jsons.loads(text.encode())
    except Exception as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (what, error)) from error


def _set_trace_id(trace_id):
    if trace_id is not None:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    elif "_X_AMZN_TRACE_ID" in os.environ:
        del os.environ["_X_AMZN_TRACE_ID"]
