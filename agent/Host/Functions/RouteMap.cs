using System.Collections.Frozen;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>A route that a request fits.</summary>
/// <param name="Parameters">Of the path, as they are in it: not decoded.</param>
internal sealed record RouteMatch(RouteSpec Route, IReadOnlyList<KeyValuePair<string, string>> Parameters);

/// <summary>Which route a request takes: of those of its host the most specific path, as API Gateway chooses, and a method of its own before ANY. Immutable.</summary>
internal sealed class RouteMap
{
    private const string Any = "ANY";
    private readonly FrozenDictionary<string, Entry[]> _byHost;
    private readonly FrozenDictionary<string, Entry[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public RouteMap(IReadOnlyList<RouteSpec> routes)
    {
        Specs = routes;
        _byHost = routes.GroupBy(static r => r.Host).ToFrozenDictionary(
            static g => g.Key, static g => g.Select(static r => new Entry(r)).Order().ToArray(), StringComparer.OrdinalIgnoreCase);
        _lookup = _byHost.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public static RouteMap Empty { get; } = new([]);

    public IReadOnlyList<RouteSpec> Specs { get; }

    /// <summary>False for "", the routes of no host.</summary>
    /// <param name="host">Without port.</param>
    public bool HasHost(ReadOnlySpan<char> host) => _byHost.Count > 0 && !host.IsEmpty && _lookup.ContainsKey(host);

    /// <param name="host">Without port; "" for the routes of no host.</param>
    /// <param name="path">As it came, without query.</param>
    public RouteMatch? Find(string host, string method, string path)
    {
        if (!_byHost.TryGetValue(host, out var entries))
            return null;
        // API Gateway takes /shop/ for /shop.
        var segments = (path.Length > 1 && path.EndsWith('/') ? path[..^1] : path).Split('/');
        foreach (var entry in entries)
        {
            if ((entry.Route.Method == Any || entry.Route.Method.Equals(method, StringComparison.OrdinalIgnoreCase)) && entry.Match(segments) is { } parameters)
                return new RouteMatch(entry.Route, parameters);
        }
        return null;
    }

    private sealed class Entry(RouteSpec route) : IComparable<Entry>
    {
        private readonly string[] _segments = route.Path.Split('/');

        public RouteSpec Route => route;

        /// <summary>The more specific first: a word before a parameter before the rest of the path.</summary>
        public int CompareTo(Entry? other)
        {
            const int End = 3;
            var theirs = other!._segments;
            for (var i = 0; i < Math.Max(_segments.Length, theirs.Length); i++)
            {
                var difference = (i < _segments.Length ? Rank(_segments[i]) : End) - (i < theirs.Length ? Rank(theirs[i]) : End);
                if (difference != 0)
                    return difference;
            }
            return (route.Method == Any ? 1 : 0) - (other.Route.Method == Any ? 1 : 0);
        }

        public List<KeyValuePair<string, string>>? Match(string[] path)
        {
            List<KeyValuePair<string, string>> parameters = [];
            for (var i = 0; i < _segments.Length; i++)
            {
                var segment = _segments[i];
                if (i >= path.Length)
                    return null;
                switch (Rank(segment))
                {
                    case 0 when segment != path[i]:
                    case > 0 when path[i].Length == 0:
                        return null;
                    case 1:
                        parameters.Add(new(segment[1..^1], path[i]));
                        break;
                    case 2:
                        parameters.Add(new(segment[1..^2], string.Join('/', path[i..])));
                        return parameters;
                }
            }
            return _segments.Length == path.Length ? parameters : null;
        }

        private static int Rank(string segment) => segment is not ['{', .., '}'] ? 0 : segment is [.., '+', '}'] ? 2 : 1;
    }
}
