#!/usr/bin/env python3
"""Writes lambda-model.txt from Lambda's service model: service-2.json of botocore (its path is the argument), then the operations of newer models.

The table holds what the API accepts: places of members, types, constraints. Run it again with a newer model and look at the difference.
"""
import json
import sys

# Of models newer than Debian's botocore (the JavaScript SDK, 2026-11): answered with a typed refusal, so that a client hears what is missing.
NEWER = """
CheckpointDurableExecution POST /2025-12-01/durable-executions/{DurableExecutionArn}/checkpoint
CreateCapacityProvider POST /2025-11-30/capacity-providers
DeleteCapacityProvider DELETE /2025-11-30/capacity-providers/{CapacityProviderName}
DeleteResourcePolicy DELETE /2026-07-09/resource-policy/{ResourceArn}
GetCapacityProvider GET /2025-11-30/capacity-providers/{CapacityProviderName}
GetDurableExecution GET /2025-12-01/durable-executions/{DurableExecutionArn}
GetDurableExecutionHistory GET /2025-12-01/durable-executions/{DurableExecutionArn}/history
GetDurableExecutionState GET /2025-12-01/durable-executions/{DurableExecutionArn}/state
GetFunctionRecursionConfig GET /2024-08-31/functions/{FunctionName}/recursion-config
GetFunctionScalingConfig GET /2025-11-30/functions/{FunctionName}/function-scaling-config
GetResourcePolicy GET /2026-07-09/resource-policy/{ResourceArn}
GetRuntimeManagementConfig GET /2021-07-20/functions/{FunctionName}/runtime-management-config
InvokeWithResponseStream POST /2021-11-15/functions/{FunctionName}/response-streaming-invocations
ListCapacityProviders GET /2025-11-30/capacity-providers
ListDurableExecutionsByFunction GET /2025-12-01/functions/{FunctionName}/durable-executions
ListFunctionVersionsByCapacityProvider GET /2025-11-30/capacity-providers/{CapacityProviderName}/function-versions
PutFunctionRecursionConfig PUT /2024-08-31/functions/{FunctionName}/recursion-config
PutFunctionScalingConfig PUT /2025-11-30/functions/{FunctionName}/function-scaling-config
PutResourcePolicy PUT /2026-07-09/resource-policy/{ResourceArn}
PutRuntimeManagementConfig PUT /2021-07-20/functions/{FunctionName}/runtime-management-config
SendDurableExecutionCallbackFailure POST /2025-12-01/durable-execution-callbacks/{CallbackId}/fail
SendDurableExecutionCallbackHeartbeat POST /2025-12-01/durable-execution-callbacks/{CallbackId}/heartbeat
SendDurableExecutionCallbackSuccess POST /2025-12-01/durable-execution-callbacks/{CallbackId}/succeed
StopDurableExecution POST /2025-12-01/durable-executions/{DurableExecutionArn}/stop
UpdateCapacityProvider PUT /2025-11-30/capacity-providers/{CapacityProviderName}
"""

# Input of those newer operations that are served, and members that old ones have got since.
NEWER_SHAPES = """
structure GetFunctionRecursionConfigRequest
  FunctionName uri FunctionName FunctionName required
structure PutFunctionRecursionConfigRequest
  FunctionName uri FunctionName FunctionName required
  RecursiveLoop body RecursiveLoop RecursiveLoop required
string RecursiveLoop enum=Allow,Terminate
structure GetRuntimeManagementConfigRequest
  FunctionName uri FunctionName NamespacedFunctionName required
  Qualifier querystring Qualifier Qualifier
structure PutRuntimeManagementConfigRequest
  FunctionName uri FunctionName NamespacedFunctionName required
  Qualifier querystring Qualifier Qualifier
  UpdateRuntimeOn body UpdateRuntimeOn UpdateRuntimeOn required
  RuntimeVersionArn body RuntimeVersionArn RuntimeVersionArn
string UpdateRuntimeOn enum=Auto,Manual,FunctionUpdate
string RuntimeVersionArn min=26 max=2048 pattern=arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}::runtime:.+
string InvokeMode enum=BUFFERED,RESPONSE_STREAM
structure GetFunctionScalingConfigRequest
  FunctionName uri FunctionName FunctionName required
  Qualifier querystring Qualifier Qualifier required
structure PutFunctionScalingConfigRequest
  FunctionName uri FunctionName FunctionName required
  Qualifier querystring Qualifier Qualifier required
  FunctionScalingConfig body FunctionScalingConfig FunctionScalingConfig
structure FunctionScalingConfig
  MinExecutionEnvironments body MinExecutionEnvironments ExecutionEnvironments
  MaxExecutionEnvironments body MaxExecutionEnvironments ExecutionEnvironments
integer ExecutionEnvironments min=0 max=15000
structure ListDurableExecutionsByFunctionRequest
  FunctionName uri FunctionName NamespacedFunctionName required
  Qualifier querystring Qualifier Qualifier
structure ListCapacityProvidersRequest
structure ScalingConfig
  MaximumConcurrency body MaximumConcurrency MaximumConcurrency
integer MaximumConcurrency min=2 max=1000
"""
ADDED_MEMBERS = {
    "CreateEventSourceMappingRequest": ["ScalingConfig body ScalingConfig ScalingConfig"],
    "UpdateEventSourceMappingRequest": ["ScalingConfig body ScalingConfig ScalingConfig"],
    "CreateFunctionUrlConfigRequest": ["InvokeMode body InvokeMode InvokeMode"],
    "UpdateFunctionUrlConfigRequest": ["InvokeMode body InvokeMode InvokeMode"],
}

# Checked by FunctionName and the rules of settings, with AWS's messages that do not follow the model; no constraint of their own here.
OWN_RULES = {"FunctionName", "NamespacedFunctionName", "Runtime", "EnvironmentVariables", "Tags", "EnvironmentVariableName", "TagKeyList"}

model = json.load(open(sys.argv[1]))
shapes = model["shapes"]
written = set()
lines = []


def constraint(name):
    shape = shapes[name]
    kind = shape["type"]
    if name in OWN_RULES:
        return f"{kind} {name}"
    words = [kind, name]
    for key in ("min", "max"):
        if key in shape:
            words.append(f"{key}={shape[key]}")
    if "enum" in shape:
        words.append("enum=" + ",".join(shape["enum"]))
    if kind == "list":
        words.append("of=" + shape["member"]["shape"])
    if kind == "map":
        words += ["key=" + shape["key"]["shape"], "value=" + shape["value"]["shape"]]
    if "pattern" in shape:
        words.append("pattern=" + shape["pattern"])
    return " ".join(words)


def write(name):
    if name in written:
        return
    written.add(name)
    shape = shapes[name]
    lines.append(constraint(name))
    children = []
    for member, d in shape.get("members", {}).items():
        place = d.get("location", "body")
        wire = d.get("locationName", member)
        required = " required" if member in shape.get("required", []) else ""
        lines.append(f"  {member} {place} {wire} {d['shape']}{required}")
        children.append(d["shape"])
    lines.extend("  " + member for member in ADDED_MEMBERS.get(name, []))
    if shape["type"] == "list":
        children.append(shape["member"]["shape"])
    if shape["type"] == "map":
        children += [shape["key"]["shape"], shape["value"]["shape"]]
    for child in children:
        write(child)


print("# Lambda's API as a table: made by generate.py from the service model; not edited by hand.")
for name, operation in sorted(model["operations"].items()):
    http = operation["http"]
    print(f"operation {name} {http['method']} {http['requestUri']} {operation['input']['shape'] if 'input' in operation else '-'}")
    if "input" in operation:
        write(operation["input"]["shape"])
for line in sorted(filter(None, NEWER.splitlines())):
    name, method, uri = line.split()
    print(f"operation {name} {method} {uri} {name}Request" if f"structure {name}Request\n" in NEWER_SHAPES else f"operation {name} {method} {uri} -")
print("\n".join(lines) + NEWER_SHAPES.rstrip())
