namespace Hearth.Adapter.Http;

/// <summary>The fields of a message, in order. Names compare without case, as HTTP says.</summary>
internal sealed class Headers
{
    private readonly List<(string Name, string Value)> _fields = [];

    public int Count => _fields.Count;

    public void Add(string name, string value) => _fields.Add((name, value));

    /// <summary>The first of that name; null when there is none.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (found, value) in _fields)
            {
                if (string.Equals(found, name, StringComparison.OrdinalIgnoreCase))
                    return value;
            }
            return null;
        }
    }
}
