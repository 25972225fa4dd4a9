'use strict';
// One invocation: event and context in, exactly one answer out.
const errors = require('./errors.cjs');
const logs = require('./logs.cjs');
const { Kind, MAX_PAYLOAD, frame, writeAll } = require('./wire.cjs');
const { ResponseStream, isStreaming } = require('./streaming.cjs');

const AsyncFunction = (async () => {}).constructor;

class Invocation {
  #fd;
  #id;
  #finished;
  #answered = false;
  #called = false;
  #waitsForEmptyLoop = true;
  // What happens when the event loop runs empty before the handler has answered.
  onEmptyLoop = () => {};

  // finished() is called once, when the next invocation may come.
  constructor(fd, request, finished) {
    [, this.#id] = request;
    this.#fd = fd;
    this.#finished = finished;
    this.request = request;
  }

  run(handler) {
    const [, , requestId, , , traceId, , , tenantId] = this.request;
    logs.setInvocation(requestId, tenantId);
    if (traceId !== null) process.env._X_AMZN_TRACE_ID = traceId;
    else delete process.env._X_AMZN_TRACE_ID;
    if (isStreaming(handler)) this.#stream(handler);
    else this.#call(handler);
  }

  #call(handler) {
    const once = (action) => (...args) => {
      if (this.#called) return;
      this.#called = true;
      action(...args);
    };
    const done = once((error, result) => this.#settle(error, result));
    const callback = once((error, result) => {
      if ((error ?? null) !== null || !this.#waitsForEmptyLoop) this.#settle(error, result);
      else this.onEmptyLoop = () => this.#settle(null, result);
    });
    const context = {
      succeed: (result) => done(null, result),
      fail: (error) => done(error ?? 'handled'),
      done,
    };
    this.onEmptyLoop = () => {
      this.#called = true;
      if (handler instanceof AsyncFunction) this.#settle(errors.neverSettled());
      else this.#settle(null, null);
    };
    try {
      this.#describe(context);
      const result = handler(this.#event(), context, callback);
      if (typeof result?.then === 'function') result.then(context.succeed, context.fail).catch(context.fail);
    } catch (error) {
      done(error ?? 'handled');
    }
  }

  async #stream(handler) {
    const stream = new ResponseStream(handler, (kind, elements, payload) => this.#send(kind, elements, payload));
    this.onEmptyLoop = () => this.#fail(errors.neverSettled());
    try {
      const context = {};
      this.#describe(context);
      const result = handler(this.#event(), stream, context);
      if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
      if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
      // end() may have been called last of all: give it its turn.
      if (stream.writableEnded && !stream.writableFinished) await new Promise((resolve) => stream.once('close', resolve));
      if (!stream.writableFinished) throw new Error('Response stream is not finished.');
      this.#finish();
    } catch (error) {
      this.#fail(error);
    }
  }

  #settle(error, result) {
    if ((error ?? null) !== null) return this.#fail(error);
    let body;
    try {
      body = Buffer.from(JSON.stringify(result === undefined ? null : result) ?? 'null');
    } catch {
      return this.#fail(new Error('Unable to stringify response body'));
    }
    if (body.length > MAX_PAYLOAD) this.#sendError(errors.tooLarge(MAX_PAYLOAD), false);
    else this.#send(Kind.Response, ['application/json'], body);
    this.#finish();
  }

  #fail(error) {
    if (this.#answered) return;
    logs.logError('Invoke Error', error);
    this.#sendError(errors.describe(error), false);
    this.#finish();
  }

  // The process ends after this.
  failFatally(error) {
    if (!this.#answered) this.#sendError(errors.describe(error), true);
  }

  #sendError(described, fatal) {
    sendError(this.#fd, this.#id, described, fatal);
  }

  // What a handler still writes after its answer belongs to nobody.
  #send(kind, elements, payload) {
    if (!this.#answered) writeAll(this.#fd, frame([kind, this.#id, ...elements], payload), payload);
  }

  #finish() {
    if (this.#answered) return;
    this.#answered = true;
    this.#finished();
  }

  #event() {
    return JSON.parse(this.request[10].toString('utf8'));
  }

  #describe(context) {
    const [, , requestId, deadline, arn, , clientContext, identity, tenantId] = this.request;
    const invocation = this;
    Object.defineProperty(context, 'callbackWaitsForEmptyEventLoop', {
      enumerable: true,
      get: () => invocation.#waitsForEmptyLoop,
      set: (waits) => (invocation.#waitsForEmptyLoop = Boolean(waits)),
    });
    Object.assign(context, {
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      clientContext: parsed(clientContext, 'ClientContext'),
      identity: parsed(identity, 'CognitoIdentity'),
      invokedFunctionArn: arn,
      awsRequestId: requestId,
      tenantId: tenantId ?? undefined,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    });
  }
}

function parsed(json, name) {
  if (json === null) return undefined;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error}`);
  }
}

function sendError(fd, id, described, fatal) {
  let body = Buffer.from(JSON.stringify(described));
  if (body.length > MAX_PAYLOAD) body = Buffer.from(JSON.stringify(errors.tooLarge(MAX_PAYLOAD)));
  // A label for the agent: at most 256 bytes, no control characters.
  const label = String(described.errorType).replace(/[\x00-\x1f\x7f]/g, '').slice(0, 64);
  writeAll(fd, frame([Kind.Error, id, label, fatal], body), body);
}

module.exports = { Invocation, sendError };
