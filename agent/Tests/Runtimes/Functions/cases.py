"""The functions that the runtime tests call; cases.js and Cases.cs are the same ones in the other languages."""
import json
import logging
import os
import subprocess
import sys

logger = logging.getLogger()
logger.setLevel("INFO")
calls = 0


def hello(event, context):
    return {"message": "Hello " + event["name"]}


def echo(event, context):
    return event


def count(event, context):
    global calls
    calls += 1
    return calls


def large(event, context):
    return "x" * event


def fail(event, context):
    raise ValueError("boom\nsecond line")


def unserializable(event, context):
    return {1, 2}


def leave(event, context):
    sys.exit(event)


def logs(event, context):
    print("printed héllo")
    print("to stderr", file=sys.stderr)
    logger.info("logged %s", event)
    sys.stdout.write("no line end")


def fields(event, context):
    return {
        "requestId": context.aws_request_id,
        "functionName": context.function_name,
        "functionVersion": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": int(context.memory_limit_in_mb),
        "logGroup": context.log_group_name,
        "logStream": context.log_stream_name,
        "tenant": context.tenant_id,
        "identity": context.identity.cognito_identity_id,
        "app": context.client_context.client.app_title,
        "custom": context.client_context.custom["k"],
        "remaining": context.get_remaining_time_in_millis(),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }


def environment(event, context):
    return dict(os.environ)


def children(event, context):
    return subprocess.run(["/bin/ls", "-l", "/proc/self/fd"], stdout=subprocess.PIPE, check=True).stdout.decode()


def decimals(event, context):
    from decimal import Decimal
    return {"price": Decimal("1.10"), "ratio": float("nan")}


def binary(event, context):
    return b"\x00\xff"


def forks(event, context):
    if os.fork() == 0:
        raise RuntimeError("the child must not answer")
    os.wait()
    return "parent"


def warnings(event, context):
    try:
        json.loads("{")
    except ValueError:
        logger.exception("caught", extra={"order": 7})


class Exploding(Exception):
    def __str__(self):
        raise TypeError("no text")


def textless(event, context):
    raise Exploding()


def sdk(event, context):
    import boto3
    return {"file": boto3.__file__, "path": sys.path}


def surroundings(event, context):
    return {"variables": dict(os.environ), "folder": os.getcwd()}
