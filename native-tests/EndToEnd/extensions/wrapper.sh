#!/bin/bash
# A wrapper as AWS documents them: it changes what the runtime starts with and becomes it.
export FROM_WRAPPER="$_HANDLER with $# arguments"
export _HANDLER=${WRAPPED_HANDLER-$_HANDLER}
export PYTHONHASHSEED=0
exec "$@"
