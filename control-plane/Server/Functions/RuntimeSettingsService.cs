using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>Settings that clients insist on and that change nothing here: a node runs the runtime that its operator installed.</summary>
public sealed class RuntimeSettingsService(FunctionStore store, FunctionService functions, FunctionAddress address)
{
    public RuntimeManagement GetManagement(FunctionName name)
    {
        (FunctionEntry entry, FunctionDefinition version) = functions.Find(name);
        return entry.RuntimeManagement.GetValueOrDefault(version.Version) ?? new RuntimeManagement(entry.Name, version.Version, "Auto", null);
    }

    public RuntimeManagement PutManagement(FunctionName name, string updateOn, string? runtimeVersionArn)
    {
        if ((updateOn == "Manual") != (runtimeVersionArn is not null))
        {
            throw new LambdaException(LambdaError.InvalidParameterValue(updateOn == "Manual"
                ? "RuntimeVersionArn is required when UpdateRuntimeOn is Manual."
                : "RuntimeVersionArn can be given only when UpdateRuntimeOn is Manual."));
        }

        RuntimeManagement? put = null;
        store.Change(name.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(name);
            FunctionDefinition version = FunctionService.VersionOf(entry, name.Qualifier) ?? throw address.NotFound(name);
            put = new RuntimeManagement(entry.Name, version.Version, updateOn, runtimeVersionArn);
            return entry with { RuntimeManagement = entry.RuntimeManagement.SetItem(version.Version, put) };
        });
        return put!;
    }

    public string GetRecursion(FunctionName name) => functions.Entry(name).RecursiveLoop;

    public void PutRecursion(FunctionName name, string loop) => store.Change(name.Name, before =>
    {
        FunctionEntry entry = before ?? throw address.NotFound(name);
        return entry with { RecursiveLoop = loop };
    });
}
