using System.Collections.Immutable;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Hosting;

namespace Hearth.ControlPlane.Runtimes;

/// <summary>What runs each runtime id on the connected agents.</summary>
public sealed class RuntimeCatalogue(AgentRegistry agents, ServerOptions options)
{
    /// <summary>"python 3.11.2"; empty while no agent has the language.</summary>
    /// <param name="runtime">A runtime id, or the language itself.</param>
    public string Resolve(string runtime, string language) =>
        Installed(runtime, language) is { } info ? $"{language} {info.InstalledVersion}".TrimEnd() : "";

    /// <summary>Null while no agent has the language.</summary>
    public string? Arn(string runtime, string language) =>
        Installed(runtime, language) is { InstalledVersion.Length: > 0 } info ? RuntimeVersions.Arn(options.Region, language, info.InstalledVersion) : null;

    /// <summary>Refuses what no machine could run, with the words of the machines that were asked. While none is connected nothing is known, and nothing refused.</summary>
    /// <exception cref="LambdaException">InvalidParameterValueException: how to install the language.</exception>
    public void RequireInstalled(string runtime, string language)
    {
        ImmutableList<AgentConnection> asked = agents.Current.FindAll(a => a.Hello.Runtimes.Count > 0);
        if (asked.IsEmpty || Installed(runtime, language) is not null)
            return;
        string? note = asked.SelectMany(a => a.Hello.Runtimes).FirstOrDefault(r => r.Language == language)?.Note;
        throw new LambdaException(LambdaError.InvalidParameterValue(
            $"Runtime {runtime} cannot run here: {(string.IsNullOrEmpty(note) ? $"no machine offers {language}" : note)}. When it is there, start the node again and deploy again."));
    }

    /// <summary>Each installed runtime with the ids that it serves here; a language that is not installed with the reason.</summary>
    public ListRuntimesResponse List()
    {
        var response = new ListRuntimesResponse();
        bool connected = agents.Current.Count > 0;
        foreach (string language in RuntimeIds.Languages)
        {
            var ids = RuntimeIds.All.Where(r => r.Language == language).Select(r => r.Id).ToList();
            List<RuntimeInfo> installed = Of(language);
            if (installed.Count == 0)
            {
                RuntimeInfo absent = agents.Current.SelectMany(a => a.Hello.Runtimes).FirstOrDefault(r => r.Language == language)?.Clone()
                    ?? new RuntimeInfo { Language = language, Note = connected ? "no agent offers it" : "unknown: no agent is connected" };
                response.Runtimes.Add(With(absent, ids));
            }

            foreach (RuntimeInfo info in installed)
                response.Runtimes.Add(With(info.Clone(), ids.Where(id => ReferenceEquals(RuntimeVersions.Choose(id, installed), info))));
        }

        return response;
    }

    private RuntimeInfo? Installed(string runtime, string language) => RuntimeVersions.Choose(runtime, Of(language));

    /// <summary>
    /// What the first agent has of a language that has any: each chooses among its own. Those that an operator has given to ids are chosen, and refuse, without a version too.
    /// </summary>
    private List<RuntimeInfo> Of(string language) => agents.Current
        .Select(a => a.Hello.Runtimes.Where(r => r.Language == language && (r.InstalledVersion.Length > 0 || r.RuntimeIds.Count > 0)).ToList())
        .FirstOrDefault(found => found.Any(r => r.InstalledVersion.Length > 0)) ?? [];

    private static RuntimeInfo With(RuntimeInfo info, IEnumerable<string> ids)
    {
        info.RuntimeIds.Clear();
        info.RuntimeIds.AddRange(ids.ToList());
        return info;
    }
}
