namespace Hearth.Agent.Ingress;

/// <summary>
/// Bytes of gathered events that all connections together may hold, so that many slow clients cannot take the machine's memory from the sandboxes. Bodies of clients that have not proved who
/// they are may be half of it: the other half is left for those that have. In either nobody holds more than is left free (dynamic threshold): alone half, n of them 1/(n+1) each, so that
/// nobody keeps all others out. Pieces of at most <see cref="Small"/> have a sixteenth more, which no large event takes: a request without a body needs no more.
/// </summary>
/// <param name="bytes">More than four times the largest event.</param>
internal sealed class BodyBudget(long bytes)
{
    public const int Small = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<BodyOwner, long> _owners = [];
    private readonly long _reserve = bytes / 16;
    private long _held;
    private long _heldUnproved;

    /// <summary>Bytes that are lent now.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
                return _held;
        }
    }

    public bool TryTake(in BodyOwner owner, int count)
    {
        lock (_gate)
        {
            var own = _owners.GetValueOrDefault(owner) + count;
            var reserve = count <= Small ? _reserve : 0;
            if (own > bytes + reserve - _held - count || (!owner.IsProved && own > bytes / 2 + reserve - _heldUnproved - count))
                return false;
            Add(owner, count);
            return true;
        }
    }

    public void Give(in BodyOwner owner, int count)
    {
        lock (_gate)
            Add(owner, -count);
    }

    /// <summary>Whose it is what was taken is known better by now.</summary>
    public void Move(in BodyOwner from, in BodyOwner to, int count)
    {
        lock (_gate)
        {
            Add(from, -count);
            Add(to, count);
        }
    }

    private void Add(in BodyOwner owner, int count)
    {
        _held += count;
        if (!owner.IsProved)
            _heldUnproved += count;
        var own = _owners.GetValueOrDefault(owner) + count;
        // Nobody is remembered for nothing: addresses are as many as the world has.
        if (own == 0)
            _owners.Remove(owner);
        else
            _owners[owner] = own;
    }
}
