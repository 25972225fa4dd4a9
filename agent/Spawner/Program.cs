using System.Text;
using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Spawner;

// hearth-spawner: the only process with privileges on the host. One managed thread; everything that allocates happens before "ready".
const string Usage = """
    hearth-spawner --data DIR [--root DIR] [--runtime ID=PATH]... [--node-id ID] [--tmp disk|memory] [--zygote on|off]
                   [--zygote-module NAME]... [--sweep|--check]

      Makes sandboxes for hearth-agent. Needs root. Started by `hearth up` or systemd.
      --data DIR      the node's data directory
      --root DIR      a root tree whose /usr and /etc sandboxes see instead of the host's (default /)
      --runtime ID=PATH
                      the interpreter below /usr of that root for functions of a runtime id, such as python3.9=/usr/local/bin/python3.9
      --node-id ID    names this node's cgroups: 1-64 of a-z, 0-9, - (default: derived from the data directory)
      --tmp WHERE     what /tmp of sandboxes is: disk (the default where loop devices work), or memory (it counts as the function's)
      --zygote on|off whether Python's interpreter is loaded once and forked for each sandbox (default: on); off: executed for each
      --zygote-module NAME
                      a module of Python that is loaded before it is forked; 16 at most
      --sweep         only remove what a spawner that was killed has left, then end
      --check         only say what is wrong with each --runtime, then end (1 when something is)
    """;

var options = Options.Parse(args);
if (options is null)
{
    Say(args.Contains("--help") ? 1 : 2, Usage + "\n");
    return args.Contains("--help") ? 0 : 2;
}

if (options.CheckOnly)
{
    var refusals = Interpreters.Find(options.Root, options.Chosen).Refused.ToList();
    foreach (var refused in refusals)
        Say(2, $"{refused}\n");
    return refusals.Count == 0 ? 0 : 1;
}

try
{
    return Serve(options);
}
catch (Exception e) when (e is LinuxException or CgroupException or IOException or UnauthorizedAccessException)
{
    Say(2, $"hearth-spawner: {e.Message}\n");
    return 1;
}

static unsafe int Serve(Options options)
{
    if (Tmds.Linux.LibC.geteuid() != 0)
    {
        Say(2, "hearth-spawner: must run as root: it makes namespaces, mounts and cgroups for others; start it with `hearth up` or systemd\n");
        return 1;
    }

    ParentDeath.Remember();
    // What zygotes fork becomes its own: see SpawnerLoop.Zygotes.cs.
    LinuxException.Check(Kernel.Prctl(Pr.SetChildSubreaper, 1, 0, 0, 0), "prctl", "PR_SET_CHILD_SUBREAPER");
    if (DescriptorLimit.Raise() is < DescriptorLimit.Enough and var descriptors)
        Say(2, $"hearth-spawner: only {descriptors} files may be open, about {descriptors / 16} sandboxes; raise the hard limit (ulimit -Hn, LimitNOFILE=)\n");

    // First of all a mount namespace of its own: whatever it mounts ends with it, however it ends.
    LinuxException.Check(Kernel.Unshare(CloneFlags.NewNs), "unshare", "mount namespace");
    RootSkeleton.Mount("none", "/", "none", Ms.Rec | Ms.Private, null);
    RaiseLimits();
    var stop = StopSignal.Install();

    var cgroups = CgroupDriver.Detect();
    if (options.SweepOnly)
    {
        cgroups.Open(options.NodeId);
        cgroups.SweepLeftovers();
        cgroups.Close();
        return 0;
    }

    var users = SandboxUsers.Claim(options.NodeId, node => SweepKilled(cgroups, node));
    cgroups.Open(options.NodeId);
    cgroups.SweepLeftovers();
    LimitSlice(cgroups);
    var data = RootFolder.Open(options.Data);
    var interpreters = Interpreters.Find(options.Root, options.Chosen);
    foreach (var refused in interpreters.Refused)
        Say(2, $"hearth-spawner: {refused}; functions of that id do not start\n");
    RootSkeleton.Build($"{options.Data}/root", options.Root, interpreters);
    Directory.CreateDirectory($"{options.Data}/tmp", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    var tmp = new TmpImages($"{options.Data}/tmp", options.TmpInMemory);
    if (!tmp.OnDisk)
        Say(2, $"hearth-spawner: what a function writes to /tmp counts as its memory: {tmp.WhyInMemory} (see `hearth doctor`)\n");
    var maker = new ShellMaker(data, users, cgroups, tmp, interpreters, options.Modules);
    var agent = new AgentSocket(data.Below("run"), Identity.Agent);
    var loop = new SpawnerLoop(cgroups, maker, tmp, agent, stop, options.Forks);
    while (tmp.MakeReady())
    {
    }

    Say(1, "hearth-spawner: ready\n");
    if (loop.Run() is var left && left > 0)
        Say(2, $"hearth-spawner: {left} sandboxes do not end within {SpawnerLoop.StopMillis / 1000} s (see their processes' state); their groups are removed at the next start\n");
    cgroups.Close();
    agent.Remove();
    users.Release();
    return 0;
}

// The hard limits of the shell or unit that started it would be its sandboxes', who cannot raise them (Init.Limit). In a container without CAP_SYS_RESOURCE they are.
static void RaiseLimits()
{
    foreach (var resource in (ReadOnlySpan<int>)[Rlimit.Cpu, Rlimit.Fsize, Rlimit.Data, Rlimit.As, Rlimit.Nproc])
        Kernel.SetRlimit(resource, Rlimit.Infinity, Rlimit.Infinity);
    // An unlimited soft limit would change how programs are laid out in memory.
    Kernel.SetRlimit(Rlimit.Stack, 8 << 20, Rlimit.Infinity);
}

// Another node's leftovers are no reason not to serve.
static void SweepKilled(CgroupDriver cgroups, string node)
{
    try
    {
        cgroups.SweepNode(node);
    }
    catch (Exception e) when (e is CgroupException or IOException or UnauthorizedAccessException)
    {
        Say(2, $"hearth-spawner: what the killed node {node} left is not removed: {e.Message}\n");
    }
}

// All sandboxes together leave the machine a tenth of its memory and half of its process numbers, whatever the agent asks for.
static void LimitSlice(CgroupDriver cgroups)
{
    try
    {
        cgroups.SetSliceMemoryMax(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 9);
        cgroups.SetSlicePidsMax(Math.Min(Number("/proc/sys/kernel/pid_max"), Number("/proc/sys/kernel/threads-max")) / 2);
    }
    catch (CgroupException e)
    {
        Say(2, $"hearth-spawner: all sandboxes together are not limited: {e.Message}\n");
    }

    static long Number(string file) => long.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture);
}

// Console would start a thread and install signal handlers.
static unsafe void Say(int fd, string text)
{
    fixed (byte* bytes = Encoding.UTF8.GetBytes(text))
        Kernel.Write(fd, bytes, (nuint)Encoding.UTF8.GetByteCount(text));
}
