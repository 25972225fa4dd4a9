using System.Globalization;
using System.Text.RegularExpressions;

namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>A type of the service model with its constraints. Built once from the table, then only read.</summary>
public sealed class Shape(ShapeKind kind)
{
    // A value can be as long as a request: what cannot be matched in linear time is given up. Far more than any takes, since on a busy machine a thread may wait for its turn.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // What the service model leaves open, so that no request is kept as large as it may be sent: AWS's longest ARN, and more items than any list with a bound has.
    private const int MaxText = 2_048;
    private const int MaxItems = 100;

    private Regex? _regex;

    public ShapeKind Kind => kind;

    /// <summary>Members of a structure.</summary>
    public List<ModelMember> Members { get; } = [];

    /// <summary>Of a list's elements or a map's values.</summary>
    public Shape? Element { get; set; }

    public Shape? Key { get; set; }

    /// <summary>Length of a string or list, or value of a number.</summary>
    public double? Min { get; private set; }

    public double? Max { get; private set; } = kind switch
    {
        ShapeKind.String => MaxText,
        ShapeKind.List => MaxItems,
        _ => null,
    };

    public string? Pattern { get; private set; }

    public string[]? Enum { get; private set; }

    /// <summary>Takes one key=value of the table.</summary>
    public void Constrain(string key, string value)
    {
        switch (key)
        {
            case "min":
                Min = double.Parse(value, CultureInfo.InvariantCulture);
                break;
            case "max":
                Max = double.Parse(value, CultureInfo.InvariantCulture);
                break;
            case "enum":
                Enum = value.Split(',');
                break;
            case "pattern":
                Pattern = value;
                _regex = Compile(value);
                break;
            default:
                throw new InvalidDataException($"the service model's table holds '{key}', which is not known");
        }
    }

    public bool Matches(string value)
    {
        try
        {
            return _regex is null || _regex.IsMatch(value);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    // \z, not $: a value must not end in a line feed.
    private static Regex Compile(string pattern)
    {
        string whole = $@"\A(?:{pattern})\z";
        return whole.Contains("(?!", StringComparison.Ordinal) || whole.Contains("(?<", StringComparison.Ordinal)
            ? new Regex(whole, RegexOptions.CultureInvariant, Patience)
            : new Regex(whole, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Patience);
    }
}

/// <param name="Name">As the model names it.</param>
/// <param name="Place">uri, querystring, header or body.</param>
/// <param name="Wire">Its name there.</param>
public sealed record ModelMember(string Name, string Place, string Wire, Shape Shape, bool Required)
{
    /// <summary>lowerCamel, as AWS writes it in messages.</summary>
    public string Told { get; } = char.ToLowerInvariant(Name[0]) + Name[1..];
}
