using System.Xml;

namespace Hearth.ControlPlane.Api.Rest.Identity;

/// <returns>Writes what is in the answer's Result element; null for an operation without one.</returns>
public delegate Action<XmlWriter>? QueryHandler(QueryForm form, Caller caller);

/// <summary>The operations of one service.</summary>
public interface IQueryOperations
{
    /// <summary>As IAM names its actions: sts, iam.</summary>
    string Service { get; }

    /// <summary>Of the answers' XML.</summary>
    string Namespace { get; }

    IEnumerable<(string Action, QueryHandler Handler)> Handlers { get; }
}
