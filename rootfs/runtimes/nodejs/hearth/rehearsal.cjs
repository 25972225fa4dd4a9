'use strict';
// A handler of our own, loaded and called once, from a CommonJS and from an ES module, in a process that was started ahead of time and waits for its Init anyway: what node finds, loads and
// compiles for any handler it does then. Nothing of it is seen by the function.
const fs = require('node:fs');
const { load } = require('./handler.cjs');
const { Invocation } = require('./invocation.cjs');
const logs = require('./logs.cjs');
const { Kind } = require('./wire.cjs');

exports.handler = async (event) => ({ ...event });

exports.run = async function run() {
  try {
    const nothing = fs.openSync('/dev/null', 'w');
    for (const name of ['rehearsal.handler', 'rehearsed.handler']) {
      const handler = await load(__dirname, name);
      await new Promise((resolve) => {
        const request = [Kind.Invoke, 1, '', 0, '', null, null, null, null, null, Buffer.from('{"a":[1]}')];
        new Invocation(nothing, request, resolve).run(handler);
      });
    }
    fs.closeSync(nothing);
    logs.setInvocation(undefined, undefined);
  } catch {
    // The first real start is slower then, and says what is wrong if anything is.
  }
};
