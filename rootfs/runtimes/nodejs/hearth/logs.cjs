'use strict';
// console.* as Lambda writes it: one line an event, tab separated or JSON.
const util = require('node:util');
const { asError, forLog } = require('./errors.cjs');
const { writeAll } = require('./wire.cjs');

// The symbols are AWS's: libraries read them.
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const TENANT_ID = Symbol.for('aws.lambda.runtime.tenantId');
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const METHODS = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };
let asJson = false;

function setInvocation(requestId, tenantId) {
  globalThis[REQUEST_ID] = requestId;
  globalThis[TENANT_ID] = tenantId ?? undefined;
}

function install() {
  asJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
  const least = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));
  for (const [method, level] of Object.entries(METHODS)) {
    const shown = level === 'FATAL' || LEVELS.indexOf(level) >= least;
    console[method] = shown ? (message, ...more) => write(level, message, more) : () => {};
  }
}

function write(level, message, more) {
  const time = new Date().toISOString();
  const requestId = globalThis[REQUEST_ID];
  const line = asJson ? jsonLine(time, requestId, level, [message, ...more]) : `${time}\t${requestId}\t${level}\t${util.format(message, ...more)}`;
  writeAll(1, Buffer.from(line.replace(/\n/g, '\r') + '\n'));
}

function jsonLine(timestamp, requestId, level, messages) {
  const fields = { timestamp, level, requestId };
  if (globalThis[TENANT_ID] !== undefined) fields.tenantId = globalThis[TENANT_ID];
  if (messages.length === 1) {
    fields.message = messages[0];
    try {
      return JSON.stringify(fields, (_, item) => (item instanceof Error ? errorFields(item) : item));
    } catch {
      fields.message = util.format(messages[0]);
      return JSON.stringify(fields);
    }
  }
  fields.message = util.format(...messages);
  const error = messages.find((item) => item instanceof Error);
  if (error) Object.assign(fields, errorFields(error));
  return JSON.stringify(fields);
}

function errorFields(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : error.stack,
    ...error,
  };
}

// The runtime's own line about a failed invocation or start.
function logError(what, error) {
  if (asJson) console.error(asError(error));
  else console.error(what, `\t${forLog(error)}`);
}

module.exports = { install, setInvocation, logError };
