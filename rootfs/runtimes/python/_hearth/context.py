"""The context object. Names and types are those of AWS's Python client (lambda_context.py)."""
import os
import time


class LambdaContext:
    def __init__(self, request_id, deadline_ms, arn, client_context, identity, tenant_id):
        environment = os.environ
        self.aws_request_id = request_id
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = arn
        self.tenant_id = tenant_id
        self.client_context = _client_context(client_context)
        self.identity = CognitoIdentity()
        self.identity.cognito_identity_id = identity.get("cognitoIdentityId") if identity else None
        self.identity.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId") if identity else None
        self._epoch_deadline_time_in_ms = deadline_ms

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        import sys
        sys.stdout.write(str(message))

    def __repr__(self):
        return _repr(self, ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                            "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id"))


class CognitoIdentity:
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __repr__(self):
        return _repr(self, self.__slots__)


class Client:
    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]

    def __repr__(self):
        return _repr(self, self.__slots__)


class ClientContext:
    __slots__ = ["custom", "env", "client"]

    def __repr__(self):
        return _repr(self, self.__slots__)


def _client_context(source):
    context = _filled(ClientContext, source)
    if context is not None:
        context.client = _filled(Client, context.client)
    return context


def _filled(kind, source):
    if source is None:
        return None
    made = kind()
    for name in kind.__slots__:
        setattr(made, name, source.get(name))
    return made


def _repr(item, names):
    return "%s([%s])" % (type(item).__name__, ",".join("%s=%s" % (name, getattr(item, name)) for name in names))
