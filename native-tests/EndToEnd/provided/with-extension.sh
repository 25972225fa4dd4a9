#!/bin/bash
# A runtime with an internal extension, both by curl: what the extension was told lies in /tmp/events.
set -u
touch /tmp/events
rm -f /tmp/counted
base=http://$AWS_LAMBDA_RUNTIME_API
api=$base/2018-06-01/runtime/invocation
name='Lambda-Extension-Name: inner'
id=$(curl -sS -D - -o /dev/null "$base/2020-01-01/extension/register" -H "$name" -d '{"events":["INVOKE"]}' | tr -d '\r' | sed -n 's/^Lambda-Extension-Identifier: //p')
while event=$(curl -sS "$base/2020-01-01/extension/event/next" -H "Lambda-Extension-Identifier: $id"); do
  # After the runtime has counted, however long that takes, and so much later that a next event which did not wait would count one less.
  until rm /tmp/counted 2> /dev/null; do sleep 0.01; done
  sleep 0.2
  echo "$event" >> /tmp/events
done &
while true; do
  event=$(curl -sS -D /tmp/headers "$api/next")
  request=$(tr -d '\r' < /tmp/headers | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //p')
  count=$(grep -c INVOKE /tmp/events)
  touch /tmp/counted
  case $event in *sleep*) sleep 60 ;; esac
  curl -sS -o /dev/null "$api/$request/response" -d "$count"
done
