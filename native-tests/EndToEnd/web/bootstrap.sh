#!/bin/bash
# A runtime by curl that streams: a piece, then, once the test has made a file, the rest.
set -u
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
  event=$(curl -sS -D /tmp/headers "$api/next")
  id=$(tr -d '\r' < /tmp/headers | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //p')
  mark=$(sed -n 's/.*mark=\([0-9a-f]*\).*/\1/p' <<< "$event")
  {
    printf '{"statusCode":202,"headers":{"Content-Type":"text/plain"},"cookies":["a=b"]}\0\0\0\0\0\0\0\0one'
    touch "/tmp/waiting-$mark"
    while [ ! -e "/tmp/go-$mark" ]; do sleep 0.01; done
    printf two
  } | curl -sS -o /dev/null -X POST -T - "$api/$id/response" -H 'Lambda-Runtime-Function-Response-Mode: streaming' -H 'Transfer-Encoding: chunked' -H 'Expect:' \
    -H 'Content-Type: application/vnd.awslambda.http-integration-response'
done
