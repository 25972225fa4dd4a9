#!/bin/bash
# A Lambda runtime by curl. What it answers tells where it runs.
set -u
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
starts=$(($(cat /tmp/starts 2>/dev/null || echo 0) + 1))
echo "$starts" > /tmp/starts
while true; do
  event=$(curl -sS -D /tmp/headers "$api/next")
  id=$(tr -d '\r' < /tmp/headers | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //p')
  echo "serving $id"
  case $event in
    *exit*) exit 7 ;;
    *fail*) curl -sS -o /dev/null "$api/$id/error" -d '{"errorMessage":"no","errorType":"ScriptError"}' ;;
    *)
      sandbox=$(getent hosts sandbox.localdomain | cut -d' ' -f1)
      curl -sS -o /dev/null "$api/$id/response" -d "{\"event\":$event,\"cwd\":\"$PWD\",\"sandbox\":\"$sandbox\",\"executionEnv\":\"${AWS_EXECUTION_ENV-}\",\"starts\":$starts}"
      ;;
  esac
done
