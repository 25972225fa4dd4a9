'use strict';
// Errors as AWS's Node.js runtime interface client names and writes them.
const { types } = require('node:util');

const kinds = {};
for (const name of [
  'ImportModuleError', 'HandlerNotFound', 'MalformedHandlerName', 'UserCodeSyntaxError', 'MalformedStreamingHandler', 'InvalidStreamingOperation',
  'UnhandledPromiseRejection', 'NodeJsExit',
]) {
  // The class name shows in the first line of the stack.
  kinds[name] = { [name]: class extends Error {} }[name];
  kinds[name].prototype.name = `Runtime.${name}`;
}

function unhandledRejection(reason, promise) {
  return Object.assign(new kinds.UnhandledPromiseRejection(reason), { reason, promise });
}

function neverSettled() {
  return new kinds.NodeJsExit(
    'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. ' +
      'For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
  );
}

function looksLikeError(error) {
  return types.isNativeError(error) || (error && ['name', 'message', 'stack'].every((field) => error[field] && typeof error[field] === 'string'));
}

// What the caller gets.
function describe(error) {
  try {
    if (looksLikeError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

function tooLarge(most) {
  // The text as recorded from AWS (2025-11).
  return {
    errorMessage: `Response payload size exceeded maximum allowed payload size (${most} bytes).`,
    errorType: 'Function.ResponseSizeTooLarge',
  };
}

// What the log gets: the error's own fields too, which JSON would leave out.
function forLog(error) {
  try {
    return JSON.stringify(asError(error), (_, item) => {
      if (!(item instanceof Error)) return item;
      const shown = { errorType: item.name, errorMessage: item.message, code: item.code, ...item };
      if (typeof item.stack === 'string') shown.stack = item.stack.split('\n');
      return shown;
    });
  } catch {
    return JSON.stringify(describe(error));
  }
}

function asError(error) {
  return error instanceof Error ? error : new Error(error);
}

module.exports = { ...kinds, unhandledRejection, neverSettled, describe, tooLarge, forLog, asError };
