using Hearth.Sandbox.Plan;

namespace Hearth.Spawner;

/// <summary>All shells: one object a slot, made at start, so that nothing is allocated later. Those in use are found by the agent's id, and scanned in order of slots.</summary>
internal sealed class ShellTable
{
    private readonly Shell[] _shells = new Shell[Identity.MaxSandboxes];
    private readonly int[] _freeSlots = new int[Identity.MaxSandboxes];
    private readonly Dictionary<ulong, Shell> _byId = new(Identity.MaxSandboxes * 2);
    private int _freeCount;

    /// <summary>No slot from here on was ever used: where the scans end.</summary>
    private int _highest;

    public ShellTable()
    {
        for (var i = 0; i < _shells.Length; i++)
        {
            _shells[i] = new Shell(i);
            _freeSlots[i] = _shells.Length - 1 - i;
        }

        _freeCount = _shells.Length;
    }

    /// <summary>Every slot that was ever used, free ones among them.</summary>
    public ReadOnlySpan<Shell> Used => new(_shells, 0, _highest);

    public int Count => _shells.Length - _freeCount;

    public bool IsFull => _freeCount == 0;

    public Shell this[int slot] => _shells[slot];

    public Shell Take()
    {
        var shell = _shells[_freeSlots[--_freeCount]];
        _highest = Math.Max(_highest, shell.Slot + 1);
        return shell;
    }

    public void Name(Shell shell) => _byId.Add(shell.Id, shell);

    public Shell? Find(ulong id) => _byId.GetValueOrDefault(id);

    /// <summary>Forgets id and state; the slot can be taken again.</summary>
    public void Return(Shell shell)
    {
        if (_byId.TryGetValue(shell.Id, out var named) && named == shell)
            _byId.Remove(shell.Id);
        shell.Clear();
        _freeSlots[_freeCount++] = shell.Slot;
    }

    public bool AnyPending()
    {
        foreach (var shell in Used)
        {
            if (shell.HasPending)
                return true;
        }

        return false;
    }

    public bool AnyOomLooks()
    {
        foreach (var shell in Used)
        {
            if (shell.OomLooks > 0)
                return true;
        }

        return false;
    }
}
