'use strict';
// The functions that the runtime tests call; cases.py and Cases.cs are the same ones in the other languages.
const { execFileSync } = require('node:child_process');
let calls = 0;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

exports.hello = async (event) => ({ message: `Hello ${event.name}` });
exports.echo = async (event) => event;
exports.count = async () => ++calls;
exports.large = async (length) => 'x'.repeat(length);
exports.fail = async () => {
  throw new TypeError('boom\nsecond line');
};
exports.unserializable = async () => ({ big: 1n });
exports.leave = async (code) => process.exit(code);
exports.logs = async (event) => {
  console.log('printed héllo');
  console.error('to stderr');
  console.info('logged %s\nsecond', event);
  process.stdout.write('no line end');
};
exports.fields = async (_event, context) => ({
  requestId: context.awsRequestId,
  functionName: context.functionName,
  functionVersion: context.functionVersion,
  arn: context.invokedFunctionArn,
  memory: Number(context.memoryLimitInMB),
  logGroup: context.logGroupName,
  logStream: context.logStreamName,
  tenant: context.tenantId,
  identity: context.identity.cognitoIdentityId,
  app: context.clientContext.client.app_title,
  custom: context.clientContext.custom.k,
  remaining: context.getRemainingTimeInMillis(),
  trace: process.env._X_AMZN_TRACE_ID,
});
exports.environment = async () => process.env;
exports.children = async () => execFileSync('/bin/ls', ['-l', '/proc/self/fd']).toString();

exports.later = async (ms) => {
  await sleep(ms);
  return 'later';
};
exports.callback = (event, _context, callback) => {
  setTimeout(() => console.log('loop ran on'), 20);
  callback(null, event);
};
exports.impatient = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 60000);
  callback(null, event);
};
exports.done = (event, context) => context.done(null, event);
exports.silent = () => {};
exports.never = async () => new Promise(() => {});
exports.throwsText = async () => {
  throw 'only text';
};
exports.uncaught = () => {
  setTimeout(() => {
    throw new Error('late');
  }, 1);
};
exports.rejects = (_event, _context, _callback) => {
  Promise.reject(new Error('nobody waits'));
  setTimeout(() => {}, 1000);
};
exports.twice = (event, _context, callback) => {
  callback(null, 1);
  callback(null, 2);
  return Promise.resolve(3);
};
exports.outer = { middle: { inner: async () => 'nested' } };
exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  stream.write('one ');
  await sleep(5);
  stream.write(Buffer.alloc(event, 'z'));
  stream.end();
});
exports.http = awslambda.streamifyResponse(async (_event, stream) => {
  const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'x-a': 'b' } });
  http.end('body');
});
exports.streamFails = awslambda.streamifyResponse(async (_event, stream) => {
  stream.write('part');
  setTimeout(() => stream.write('too late'), 5);
  throw new Error('mid-stream');
});

exports.surroundings = async () => ({ variables: { ...process.env }, folder: process.cwd() });
