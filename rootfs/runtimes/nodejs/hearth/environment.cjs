'use strict';
// The handler's environment, and the one new start for variables that only work when they are there as the process starts.
const fs = require('node:fs');

const MARK = '_HEARTH_REEXEC';
// Set when a script of the function's has started this process: what it left in the environment is the function's, but for the names that are listed here.
const WRAPPED = '_HEARTH_WRAPPED';
const NAMES = new Set([
  'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_ICU_DATA', 'NODE_PENDING_DEPRECATION', 'NODE_REDIRECT_WARNINGS', 'NODE_V8_COVERAGE',
  'OPENSSL_CONF', 'SSL_CERT_DIR', 'SSL_CERT_FILE', 'UV_THREADPOOL_SIZE', 'GLIBC_TUNABLES',
]);
const SYSTEM_FOLDERS = new Set(['', '/lib', '/lib64', '/usr/lib', '/usr/lib64', '/var/runtime', '/var/runtime/lib', '/var/lang/lib']);
const DEFAULT_NODE_PATH = '/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task';

// Handler and environment as AWS_LAMBDA_EXEC_WRAPPER left them, or as they are when there was no such script.
function asWrapped(name, wanted) {
  if (!(WRAPPED in process.env)) return [name, wanted];
  const hidden = new Set([MARK, ...process.env[WRAPPED].split(',')]);
  const left = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !hidden.has(variable)));
  return [left._HANDLER ?? name, left];
}

// True when `wanted` has a start-up variable that this process was started without. A path of libraries counts by what it leads to.
function needsRestart(wanted) {
  if (MARK in process.env) return false;
  return Object.entries(wanted).some(([name, value]) => {
    if (!NAMES.has(name) && !name.startsWith('LD_') && !name.startsWith('MALLOC_')) return false;
    const now = process.env[name] ?? '';
    if (now === value) return false;
    return name !== 'LD_LIBRARY_PATH' || libraryFolders(now).join(':') !== libraryFolders(value).join(':');
  });
}

// The folders of LD_LIBRARY_PATH that the loader would not search anyway and that hold a shared library.
function libraryFolders(path) {
  return path.split(':').filter((folder) => {
    if (SYSTEM_FOLDERS.has(folder.replace(/\/+$/, ''))) return false;
    try {
      return fs.readdirSync(folder).some((name) => name.includes('.so'));
    } catch {
      return false;
    }
  });
}

// Before Node 22.15 there is no exec: the new process is a child with the same descriptors, and this one ends as it does.
function restart(script, wanted) {
  const env = { ...process.env, ...wanted, [MARK]: '1' };
  // Its Init is here: the new process has nothing to rehearse for.
  delete env.HEARTH_WARMED;
  // An argument would win over the function's own NODE_OPTIONS.
  const chosen = (wanted.NODE_OPTIONS ?? '').split(/\s+/).map((option) => option.split('=')[0]);
  const args = [...process.execArgv.filter((argument) => !chosen.includes(argument.split('=')[0])), script];
  if (typeof process.execve === 'function' && process.versions.node.split('.')[0] >= 24) {
    process.execve(process.execPath, [process.execPath, ...args], env);
  }
  const { spawnSync } = require('node:child_process');
  const ended = spawnSync(process.execPath, args, { env, stdio: ['inherit', 'inherit', 'inherit', 3, 4] });
  if (ended.signal) process.kill(process.pid, ended.signal);
  process.exit(ended.status ?? 1);
}

// Makes `wanted` the whole environment and lets NODE_PATH act on this process.
function apply(wanted) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const [name, value] of Object.entries(wanted)) process.env[name] = value;
  delete process.env[MARK];
  const given = process.env.NODE_PATH;
  if (given === undefined) process.env.NODE_PATH = DEFAULT_NODE_PATH;
  require('node:module')._initPaths();
  if (given === undefined) delete process.env.NODE_PATH;
}

module.exports = { asWrapped, needsRestart, restart, apply };
