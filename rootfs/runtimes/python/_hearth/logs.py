"""Lambda's root log handler, put in place when (and only when) something imports logging."""
import os
import sys

current_request_id = None
current_tenant_id = None

_OWN_FIELDS = frozenset((
    "name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "exc_info", "exc_text", "stack_info", "lineno",
    "funcName", "created", "msecs", "relativeCreated", "thread", "threadName", "processName", "process", "taskName", "aws_request_id", "tenant_id"))


def install():
    if "logging" in sys.modules:
        _set_up(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, _Watch())


class _Watch:
    """A finder that is asked for every import until it has seen logging, then leaves."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                _set_up(module)

            spec.loader.exec_module = exec_module
        return spec


def _set_up(logging):
    if not hasattr(logging, "Handler"):
        return
    import time

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            try:
                sys.stdout.write(self.format(record))
            except Exception:
                self.handleError(record)

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = current_request_id or ""
            record.tenant_id = current_tenant_id
            return True

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        handler.setFormatter(_json_formatter(logging))
    else:
        handler.setFormatter(logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    level = "DEBUG" if level == "TRACE" else level.upper()
    if level in logging._nameToLevel:
        root.setLevel(level)


def _json_formatter(logging):
    from . import jsons

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            failed = record.exc_info
            if failed:
                import traceback
            fields = {
                "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
                "level": logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10),
                "message": record.getMessage(),
                "logger": record.name,
                "stackTrace": traceback.format_tb(failed[2]) if failed else None,
                "errorType": failed[0].__name__ if failed and failed[0] else None,
                "errorMessage": str(failed[1]) if failed else None,
                "requestId": record.aws_request_id,
                "location": "%s:%s:%s" % (record.pathname, record.funcName, record.lineno) if failed else None,
                "tenantId": record.tenant_id,
            }
            for name, value in record.__dict__.items():
                if name not in _OWN_FIELDS and name not in fields:
                    fields[name] = value
            return jsons.dumps({name: value for name, value in fields.items() if value is not None}) + "\n"

    return JsonFormatter()
