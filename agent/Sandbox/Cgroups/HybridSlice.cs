namespace Hearth.Sandbox.Cgroups;

/// <summary>The slice in the v2 tree and in each v1 hierarchy. Controllers that are mounted together share one directory.</summary>
internal sealed class HybridSlice
{
    private readonly CgroupDirectory[] _distinct;
    private readonly CgroupStep[] _makeSteps;

    private HybridSlice(CgroupDirectory unified, CgroupDirectory memory, CgroupDirectory cpu, CgroupDirectory pids)
    {
        (Unified, Memory, Cpu, Pids) = (unified, memory, cpu, pids);
        (CgroupDirectory Directory, CgroupStep Step)[] all =
            [(unified, CgroupStep.MakeUnified), (memory, CgroupStep.MakeMemory), (cpu, CgroupStep.MakeCpu), (pids, CgroupStep.MakePids)];
        var distinct = all.DistinctBy(d => d.Directory).ToArray();
        _distinct = [.. distinct.Select(d => d.Directory)];
        _makeSteps = [.. distinct.Select(d => d.Step)];
    }

    public CgroupDirectory Unified { get; }

    public CgroupDirectory Memory { get; }

    public CgroupDirectory Cpu { get; }

    public CgroupDirectory Pids { get; }

    public IReadOnlyList<string> Paths => [.. _distinct.Select(d => d.Path)];

    public static HybridSlice Make(string name, CgroupHierarchy unified, CgroupHierarchy memory, CgroupHierarchy cpu, CgroupHierarchy pids)
    {
        var opened = new Dictionary<string, CgroupDirectory>();
        try
        {
            return new(Open(unified), Open(memory), Open(cpu), Open(pids));
        }
        catch
        {
            Close(opened.Values);
            throw;
        }

        CgroupDirectory Open(CgroupHierarchy hierarchy)
        {
            var path = $"{hierarchy.Directory}/{name}";
            if (!opened.TryGetValue(path, out var directory))
                opened[path] = directory = CgroupDirectory.MakeAndOpen(path);
            return directory;
        }
    }

    public int Make(ulong id, out CgroupStep step)
    {
        for (var i = 0; i < _distinct.Length; i++)
        {
            var result = _distinct[i].Make(id);
            if (result == 0)
                continue;
            step = _makeSteps[i];
            // Only what was made here: an existing group is another sandbox's.
            while (--i >= 0)
                _distinct[i].Remove(id);
            return result;
        }

        step = CgroupStep.None;
        return 0;
    }

    public int Remove(ulong id)
    {
        var result = 0;
        for (var i = _distinct.Length - 1; i >= 0; i--)
        {
            var one = _distinct[i].Remove(id);
            if (one != 0)
                result = one;
        }

        return result;
    }

    public void Close() => Close(_distinct);

    private static void Close(IEnumerable<CgroupDirectory> directories)
    {
        foreach (var directory in directories)
        {
            directory.Dispose();
            CgroupPath.TryRemove(directory.Path);
        }
    }
}
