namespace Hearth.NativeTests.Seccomp;

/// <summary>Programs that use much of what their runtime offers and fail loudly.</summary>
internal static class Workloads
{
    public const string Python = """
        import asyncio, concurrent.futures, hashlib, mmap, os, random, select, shutil, signal, socket, sqlite3, ssl, subprocess, sys, tempfile, threading, time, uuid
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda n: len(hashlib.sha256(b"x" * n).hexdigest()), range(1000))) == 64000
        assert subprocess.run(["/bin/sh", "-c", "echo $0; exec cat", "zero"], input=b"in", capture_output=True, start_new_session=True, close_fds=True).stdout == b"zero\nin"
        child = subprocess.Popen(["/bin/sleep", "1000"], preexec_fn=lambda: None)
        fd = os.pidfd_open(child.pid)
        signal.pidfd_send_signal(fd, signal.SIGTERM)
        assert child.wait() == -15
        os.close(fd)
        work = tempfile.mkdtemp()
        db = sqlite3.connect(work + "/db")
        assert db.execute("pragma journal_mode=wal").fetchone()[0] == "wal"
        db.execute("create table t(a)")
        db.executemany("insert into t values (?)", [(i,) for i in range(1000)])
        db.commit()
        assert db.execute("select sum(a) from t").fetchone()[0] == 499500
        db.close()
        context = ssl.create_default_context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            pass
        assert outgoing.pending > 100
        os.mkdir(work + "/d")
        with open(work + "/d/f", "wb") as f:
            f.write(os.urandom(100000)); f.flush(); os.fsync(f.fileno())
            os.posix_fallocate(f.fileno(), 0, 200000)
        shutil.copytree(work + "/d", work + "/e")
        shutil.copy2(work + "/d/f", work + "/g")
        os.utime(work + "/g"); os.chmod(work + "/g", 0o600); os.rename(work + "/g", work + "/h"); os.mkfifo(work + "/fifo")
        os.symlink("h", work + "/s"); os.link(work + "/h", work + "/l"); os.truncate(work + "/l", 5); os.sync()
        with open(work + "/h", "r+b") as f, mmap.mmap(f.fileno(), 5) as m:
            m[0] = 65; m.flush()
        shutil.disk_usage(work); shutil.rmtree(work)
        assert socket.getaddrinfo("127.0.0.1", 80)
        socket.getaddrinfo("localhost", 80)
        server = socket.create_server(("127.0.0.1", 0))
        async def echo(reader, writer):
            writer.write(await reader.read(10)); await writer.drain(); writer.close()
        async def main():
            loop = asyncio.get_running_loop()
            listening = await asyncio.start_server(echo, sock=server)
            reader, writer = await asyncio.open_connection(*server.getsockname())
            writer.write(b"hello")
            assert await reader.read() == b"hello"
            process = await asyncio.create_subprocess_exec("/bin/echo", "x", stdout=subprocess.PIPE)
            assert (await process.communicate())[0] == b"x\n"
            assert await loop.run_in_executor(None, os.getpid) == os.getpid()
        asyncio.run(main())
        left, right = socket.socketpair()
        poll = select.epoll(); poll.register(right, select.EPOLLIN); left.send(b"x"); assert poll.poll(5)
        fired = threading.Event()
        signal.signal(signal.SIGALRM, lambda *_: fired.set()); signal.setitimer(signal.ITIMER_REAL, 0.01)
        while not fired.is_set(): time.sleep(0.01)
        os.memfd_create("x"); os.sched_getaffinity(0); os.getrandom(8); os.eventfd(0); os.getloadavg(); uuid.uuid4(); os.nice(0)
        pid = os.fork()
        if pid == 0: os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        print("workload: ok")
        """;

    public const string Numpy = """
        import threading, numpy
        a = numpy.random.default_rng(1).random((400, 400))
        def work(): assert numpy.isfinite(numpy.linalg.svd(a @ a)[1]).all()
        threads = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in threads]; [t.join() for t in threads]
        print("workload: ok")
        """;

    public const string Node = """
        const assert = require('assert'), crypto = require('crypto'), cp = require('child_process'), fs = require('fs'), http = require('http'), os = require('os');
        const path = require('path'), zlib = require('zlib'), dns = require('dns'), { Worker } = require('worker_threads'), { promisify } = require('util');
        (async () => {
          const workers = [1, 2, 3, 4].map(n => new Promise((resolve, reject) => {
            const w = new Worker(`const {parentPort, workerData} = require('worker_threads'); let s = 0; for (let i = 0; i < 3e6; i++) s += i % workerData; parentPort.postMessage(s)`,
              { eval: true, workerData: n + 1 });
            w.on('message', resolve); w.on('error', reject);
          }));
          assert.strictEqual((await Promise.all(workers)).length, 4);
          assert.strictEqual((await promisify(crypto.scrypt)('a', 'b', 32)).length, 32);
          crypto.randomBytes(64); crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
          assert.strictEqual(cp.execSync('echo x').toString(), 'x\n');
          const child = cp.fork('-e', ['process.send(1)'], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execPath: process.execPath, detached: true });
          await new Promise(r => child.on('message', r));
          const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'n'));
          const watcher = fs.watch(dir); const seen = new Promise(r => watcher.once('change', r));
          fs.writeFileSync(path.join(dir, 'a'), Buffer.alloc(1 << 20, 7)); await seen; watcher.close();
          await fs.promises.cp(dir, dir + '2', { recursive: true }); fs.copyFileSync(path.join(dir, 'a'), path.join(dir, 'b')); await fs.promises.statfs(dir);
          await new Promise((resolve, reject) => fs.createReadStream(path.join(dir, 'a')).pipe(zlib.createGzip()).pipe(fs.createWriteStream(path.join(dir, 'c'))).on('finish', resolve).on('error', reject));
          fs.rmSync(dir, { recursive: true }); fs.rmSync(dir + '2', { recursive: true });
          assert.ok(os.networkInterfaces()); os.setPriority(0, 1); os.cpus(); os.userInfo();
          await promisify(dns.lookup)('127.0.0.1');
          const server = http.createServer((q, s) => s.end('hi')).listen(0, '127.0.0.1');
          await new Promise(r => server.on('listening', r));
          const text = await (await fetch('http://127.0.0.1:' + server.address().port)).text();
          assert.strictEqual(text, 'hi'); server.closeAllConnections(); server.close();
          const garbage = []; for (let i = 0; i < 200; i++) garbage[i % 10] = new Array(1e5).fill(i);
          const wasm = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); new WebAssembly.Instance(wasm);
          console.log('workload: ok'); process.exit(0);
        })().catch(e => { console.error(e); process.exit(1); });
        """;
}
