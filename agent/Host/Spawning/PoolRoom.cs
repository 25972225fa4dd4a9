namespace Hearth.Agent.Spawning;

/// <summary>
/// How many sandboxes all pools together may hold or be making. Each pool has places of its own; for the rest none has more than is left free (dynamic threshold, as switches
/// share their buffers): alone it has half of it, and one that comes later still finds some.
/// </summary>
internal sealed class PoolRoom(int most)
{
    private readonly Lock _gate = new();
    private int _own;
    private int _shared;
    private int _taken;

    /// <summary>Places in all.</summary>
    public int Most => most;

    /// <param name="own">Places that nobody else takes, as far as there are that many; given back by <see cref="Share.Dispose"/>.</param>
    public Share Join(int own)
    {
        lock (_gate)
        {
            own = Math.Clamp(most - _own, 0, own);
            _own += own;
            return new Share(this, own);
        }
    }

    /// <summary>What one pool has of the room.</summary>
    internal sealed class Share : IDisposable
    {
        private readonly PoolRoom _room;
        private int _own;
        private int _taken;

        public Share(PoolRoom room, int own) => (_room, _own) = (room, own);

        public bool TryEnter()
        {
            lock (_room._gate)
            {
                // One's own may be among the shared ones still, when others had them before.
                if (_room._taken >= _room.Most)
                    return false;
                if (_taken >= _own)
                {
                    var free = _room.Most - _room._own - _room._shared;
                    if (_taken - _own >= free)
                        return false;
                    _room._shared++;
                }
                _taken++;
                _room._taken++;
                return true;
            }
        }

        public void Leave(int count = 1)
        {
            lock (_room._gate)
            {
                _room._shared -= Math.Min(count, Math.Max(0, _taken - _own));
                _taken -= count;
                _room._taken -= count;
            }
        }

        /// <summary>Gives its own places back. What is still in them is counted among the shared ones until it leaves.</summary>
        public void Dispose()
        {
            lock (_room._gate)
            {
                _room._own -= _own;
                _room._shared += Math.Min(_taken, _own);
                _own = 0;
            }
        }
    }
}
