'use strict';
// app.py in JavaScript.
const fs = require('node:fs');
console.log('loaded with', process.env.AWS_LAMBDA_RUNTIME_API);
const read = (path) => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '');

exports.handler = async (event) => {
  console.log('function says', event.say);
  if (event.do === 'sleep') await new Promise((resolve) => setTimeout(resolve, 60000));
  if (event.do === 'exit') process.exit(9);
  if (event.do === 'raise') throw new Error('no');
  if (event.do === 'echo') return event.text;
  return {
    watched: read('/tmp/watched'), telemetry: read('/tmp/telemetry'), parent: read(`/proc/${process.ppid}/comm`).trim(), wrapped: process.env.FROM_WRAPPER,
    variables: Object.keys(process.env).sort(), user: process.getuid(),
  };
};

exports.wrapped = async () => ({ wrapped: process.env.FROM_WRAPPER, variables: Object.keys(process.env).sort() });

exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  for (let i = 0; i < event.pieces; i++) stream.write(Buffer.alloc(500000, 97 + i));
  stream.end();
});
