"""Finds the handler as AWS's runtime interface client does, with its error types and texts."""
import sys


class Fault(Exception):
    """An error of the runtime's own, told to the caller with one of AWS's Runtime.* types."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


def load(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        # AWS's text is that of the failed unpacking in its client.
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    dotted = module_name.replace("/", ".")
    try:
        __import__(dotted)
        module = sys.modules[dotted]
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from error
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), trace) from error
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)) from None


def load_or_report(name, responses):
    """The handler, or None after its error was logged and sent."""
    try:
        return load(name)
    except Exception:
        from . import errors
        errors.report(responses, 0, None, fatal=True)
        return None

