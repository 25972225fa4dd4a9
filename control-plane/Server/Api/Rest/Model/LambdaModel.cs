using System.Reflection;

namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>Lambda's service model, read from the table that is part of the program.</summary>
public sealed class LambdaModel
{
    private const string Resource = "lambda-model.txt";

    private readonly Dictionary<string, Shape> _shapes = new(StringComparer.Ordinal);
    private readonly ILookup<string, Operation> _byMethod;

    public LambdaModel()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)
            ?? throw new InvalidDataException($"{Resource} is not part of this program; build it again");
        using var reader = new StreamReader(stream);
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        ReadShapes(lines);
        Operations = [.. lines.Where(l => l.StartsWith("operation ", StringComparison.Ordinal)).Select(ReadOperation)];
        // One that asks for a query is more special than its neighbour on the same path.
        _byMethod = Operations.OrderBy(o => o.Query is null).ToLookup(o => o.Method);
    }

    public IReadOnlyList<Operation> Operations { get; }

    /// <summary>Null when no operation has this method and path.</summary>
    public (Operation Operation, Dictionary<string, string> Path)? Find(string method, string[] parts, string query)
    {
        foreach (Operation operation in _byMethod[method])
        {
            if ((operation.Query is null || HasParameter(query, operation.Query)) && operation.Match(parts) is { } path)
                return (operation, path);
        }

        return null;
    }

    private static bool HasParameter(string query, string wanted) =>
        query.TrimStart('?').Split('&').Contains(wanted, StringComparer.Ordinal);

    private Operation ReadOperation(string line)
    {
        string[] words = line.Split(' ');
        string[] uri = words[3].Split('?');
        return new Operation(
            words[1], words[2], uri[0].Split('/', StringSplitOptions.RemoveEmptyEntries), uri.Length > 1 ? uri[1] : null, words[4] == "-" ? null : _shapes[words[4]]);
    }

    private void ReadShapes(string[] lines)
    {
        // Names first: shapes refer to later ones.
        foreach (string line in lines.Where(IsShape))
        {
            string[] words = line.Split(' ', 3);
            _shapes[words[1]] = new Shape(Enum.Parse<ShapeKind>(words[0], ignoreCase: true));
        }

        Shape? last = null;
        foreach (string line in lines)
        {
            if (IsShape(line))
                last = ReadConstraints(line);
            else if (line.StartsWith("  ", StringComparison.Ordinal))
                last!.Members.Add(ReadMember(line.Trim().Split(' ')));
        }
    }

    private Shape ReadConstraints(string line)
    {
        string[] words = line.Split(' ', 3);
        Shape shape = _shapes[words[1]];
        string rest = words.Length > 2 ? words[2] : "";
        while (rest.Length > 0)
        {
            int end = rest.StartsWith("pattern=", StringComparison.Ordinal) || !rest.Contains(' ', StringComparison.Ordinal) ? rest.Length : rest.IndexOf(' ', StringComparison.Ordinal);
            string[] pair = rest[..end].Split('=', 2);
            rest = end < rest.Length ? rest[(end + 1)..] : "";
            if (pair[0] is "of" or "value")
                shape.Element = _shapes[pair[1]];
            else if (pair[0] == "key")
                shape.Key = _shapes[pair[1]];
            else
                shape.Constrain(pair[0], pair[1]);
        }

        return shape;
    }

    private ModelMember ReadMember(string[] words) => new(words[0], words[1], words[2], _shapes[words[3]], words.Length > 4);

    private static bool IsShape(string line) =>
        line[0] is not ('#' or ' ') && !line.StartsWith("operation ", StringComparison.Ordinal);
}
