using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Hosting;

namespace Hearth.ControlPlane.Runtimes;

/// <summary>What runs each runtime id on the connected agents.</summary>
public sealed class RuntimeCatalogue(AgentRegistry agents, ServerOptions options)
{
    /// <summary>"python 3.11.2"; empty while no agent has the language.</summary>
    public string Resolve(string language) =>
        Installed(language) is { } info ? $"{language} {info.InstalledVersion}".TrimEnd() : "";

    /// <summary>Lambda names a runtime's build by a hash; so is what is installed here. Null while no agent has the language.</summary>
    public string? Arn(string language) => Resolve(language) is { Length: > 0 } resolved
        ? $"arn:aws:lambda:{options.Region}::runtime:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(resolved)))}"
        : null;

    /// <summary>Refuses what no machine could run, with the words of the machines that were asked. While none is connected nothing is known, and nothing refused.</summary>
    /// <exception cref="LambdaException">InvalidParameterValueException: how to install the language.</exception>
    public void RequireInstalled(string runtime, string language)
    {
        ImmutableList<AgentConnection> asked = agents.Current.FindAll(a => a.Hello.Runtimes.Count > 0);
        if (asked.IsEmpty || Installed(language) is not null)
            return;
        string? note = asked.SelectMany(a => a.Hello.Runtimes).FirstOrDefault(r => r.Language == language)?.Note;
        throw new LambdaException(LambdaError.InvalidParameterValue(
            $"Runtime {runtime} cannot run here: {(string.IsNullOrEmpty(note) ? $"no machine offers {language}" : note)}. When it is there, start the node again and deploy again."));
    }

    public ListRuntimesResponse List()
    {
        var response = new ListRuntimesResponse();
        bool connected = agents.Current.Count > 0;
        foreach (string language in RuntimeIds.Languages)
        {
            RuntimeInfo info = Installed(language)?.Clone() ?? agents.Current.SelectMany(a => a.Hello.Runtimes).FirstOrDefault(r => r.Language == language)?.Clone()
                ?? new RuntimeInfo { Language = language, Note = connected ? "no agent offers it" : "unknown: no agent is connected" };
            info.RuntimeIds.Clear();
            info.RuntimeIds.AddRange(RuntimeIds.All.Where(r => r.Language == language).Select(r => r.Id));
            response.Runtimes.Add(info);
        }

        return response;
    }

    private RuntimeInfo? Installed(string language) => agents.Current
        .SelectMany(a => a.Hello.Runtimes)
        .FirstOrDefault(r => r.Language == language && r.InstalledVersion.Length > 0);
}
