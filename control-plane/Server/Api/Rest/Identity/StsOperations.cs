using System.Xml;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Identity;

/// <summary>Who am I: what most tools ask first.</summary>
public sealed class StsOperations(FunctionAddress address) : IQueryOperations
{
    public string Service => "sts";

    public string Namespace => "https://sts.amazonaws.com/doc/2011-06-15/";

    public IEnumerable<(string Action, QueryHandler Handler)> Handlers =>
    [
        ("GetCallerIdentity", (_, caller) => writer =>
        {
            writer.Text("Arn", caller.Arn);
            writer.Text("UserId", caller.KeyId);
            writer.Text("Account", address.Account);
        }),
    ];
}
