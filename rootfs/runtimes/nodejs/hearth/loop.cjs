'use strict';
// The life of the process: Hello, Init, then one invocation after the other.
const net = require('node:net');
const { Kind, Parser, PROTOCOL_VERSION, WireError, frame, writeAll } = require('./wire.cjs');

const REQUESTS = 3;
const RESPONSES = 4;

writeAll(RESPONSES, frame([Kind.Hello, PROTOCOL_VERSION, 'nodejs', process.versions.node]));

// What every function needs. A process that was started ahead of time waits for its Init long enough; another loses nothing by it.
for (const part of ['environment', 'errors', 'handler', 'invocation', 'logs', 'streaming']) require(`./${part}.cjs`);
const rehearsed = process.env.HEARTH_WARMED ? require('./rehearsal.cjs').run() : undefined;

let handler;
let invocation;
const frames = new Parser();
// The handle keeps the event loop alive only while no invocation is under way: an empty loop is how Lambda sees that a handler is done.
const pipe = new net.Socket({
  fd: REQUESTS,
  readable: true,
  writable: false,
  onread: { buffer: Buffer.allocUnsafe(65536), callback: (count, buffer) => (receive(buffer.subarray(0, count)), true) },
});
pipe.on('end', () => process.exit(frames.atBoundary ? 0 : 1));
pipe.on('error', () => process.exit(1));
pipe.resume();

function receive(bytes) {
  try {
    frames.push(bytes);
    for (let request = frames.next(); request; request = frames.next()) serve(request);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    writeAll(2, Buffer.from(`hearth: ${error.message}\n`));
    process.exit(1);
  }
}

function serve(request) {
  const [kind] = request;
  if (kind === Kind.Shutdown) process.exit(0);
  if (kind === Kind.Init && handler === undefined) {
    handler = null;
    initialize(request);
  } else if (kind === Kind.Invoke && handler && !invocation) {
    invoke(request);
  } else {
    throw new WireError(`kind ${kind} is not one that an agent sends now`);
  }
}

async function initialize([, handlerName, settings]) {
  // Init may come before it is over, and what it leaves must not be left later.
  await rehearsed;
  const environment = require('./environment.cjs');
  const [name, wanted] = environment.asWrapped(handlerName, settings);
  try {
    // The code is mounted over the folder that the process was started in when that was ahead of time.
    process.chdir(wanted.LAMBDA_TASK_ROOT ?? '/var/task');
  } catch {
    // There is none: what the handler is looked for in says so.
  }
  if (environment.needsRestart(wanted)) environment.restart(process.argv[1], wanted);
  environment.apply(wanted);
  const logs = require('./logs.cjs');
  logs.install();
  require('./streaming.cjs').install();
  process.on('uncaughtException', (error) => end('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason, promise) =>
    end('Unhandled Promise Rejection', require('./errors.cjs').unhandledRejection(reason, promise), 128));
  process.on('beforeExit', () => invocation?.onEmptyLoop());
  let loaded;
  try {
    loaded = await require('./handler.cjs').load(process.env.LAMBDA_TASK_ROOT ?? '/var/task', name);
    require('./streaming.cjs').isStreaming(loaded);
  } catch (error) {
    end('Uncaught Exception', error, 129);
  }
  require('./invocation.cjs');
  handler = loaded;
  writeAll(RESPONSES, frame([Kind.InitDone]));
}

function invoke(request) {
  const { Invocation } = require('./invocation.cjs');
  pipe.unref();
  invocation = new Invocation(RESPONSES, request, () => {
    invocation = undefined;
    pipe.ref();
  });
  invocation.run(handler);
}

// An error that nobody caught: told to the caller, or as the reason of the failed start; then the process ends as AWS's does.
function end(what, error, code) {
  require('./logs.cjs').logError(what, error);
  if (invocation) invocation.failFatally(error);
  else if (!handler) require('./invocation.cjs').sendError(RESPONSES, 0, require('./errors.cjs').describe(error), true);
  process.exit(code);
}
