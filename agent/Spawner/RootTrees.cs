using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;

namespace Hearth.Spawner;

/// <summary>
/// The mounts that a sandbox's root is made of, found once. Each is copied on its own, because the kernel sets an id map only on the topmost mount of a detached
/// tree (below it the answer is EINVAL), and because one file system that cannot do it must not keep the others from it.
/// </summary>
internal sealed unsafe class RootTrees
{
    public const int Most = 32;

    private readonly byte*[] _paths;
    private readonly bool[] _canMap;
    private readonly bool _isOne;
    private readonly byte* _empty = InitBlock.Text("");

    private RootTrees(string root, string[] mounts)
    {
        // Too many to copy one by one: then all at once, and its files are seen as nobody's.
        _isOne = mounts.Length > Most;
        if (_isOne)
            mounts = [root];
        _paths = new byte*[mounts.Length];
        _canMap = new bool[mounts.Length];
        Array.Fill(_canMap, !_isOne);
        RelativePaths = (byte**)NativeMemory.AllocZeroed((nuint)mounts.Length, (nuint)sizeof(byte*));
        for (var i = 0; i < mounts.Length; i++)
        {
            _paths[i] = InitBlock.Text(mounts[i]);
            RelativePaths[i] = InitBlock.Text(mounts[i].Length > root.Length ? mounts[i][(root.Length + 1)..] : ".");
        }
    }

    public int Count => _paths.Length;

    public byte** RelativePaths { get; }

    /// <param name="root">The finished skeleton.</param>
    public static RootTrees Find(string root)
    {
        // proc(5): mount points in field 5, parents before children; later ones on the same point hide earlier ones, and a path leads to the last.
        var mounts = File.ReadLines("/proc/self/mountinfo").Select(static line => Unescape(line.Split(' ')[4]))
            .Where(point => point == root || point.StartsWith(root + "/", StringComparison.Ordinal)).Distinct().ToArray();
        return new RootTrees(root, mounts);
    }

    /// <summary>Detached copies, in order. Negative errno with none left open.</summary>
    public int Open(int* fds)
    {
        for (var i = 0; i < _paths.Length; i++)
        {
            fds[i] = Kernel.OpenTreeClone_(Kernel.AtFdcwd, _paths[i], recursive: _isOne);
            if (fds[i] >= 0)
                continue;
            var error = fds[i];
            Close(fds, i);
            return error;
        }

        return 0;
    }

    /// <summary>Shows the host's root as the sandbox's, not as nobody. A file system that cannot is left as it is, from then on without asking.</summary>
    public void Map(int* fds, int userNamespace)
    {
        var map = new MountAttr { Set = MountAttr.IdMap, UserNamespace = (ulong)userNamespace };
        for (var i = 0; i < _paths.Length; i++)
        {
            if (_canMap[i] && Kernel.MountSetattr(fds[i], _empty, recursive: false, &map) is -Errno.EINVAL or -Errno.EPERM)
                _canMap[i] = false;
        }
    }

    public void Close(int* fds) => Close(fds, _paths.Length);

    private static void Close(int* fds, int count)
    {
        for (var i = 0; i < count; i++)
            Kernel.Close(fds[i]);
    }

    // mountinfo writes space, tab, newline and backslash as \ and three octal digits.
    private static string Unescape(string path) => path.Replace("\\040", " ").Replace("\\011", "\t").Replace("\\012", "\n").Replace("\\134", "\\");
}
