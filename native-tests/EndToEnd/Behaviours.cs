using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>functions/handler.py, deployed and asked for one behaviour at a time.</summary>
internal static class Behaviours
{
    public static Task DeployAsync(TestNode node, string name, int memoryMb = 128, int timeoutSeconds = 30, int tmpMb = 512) =>
        node.Client.CreateAsync(new FunctionSettings(name, MemoryMb: memoryMb, TimeoutSeconds: timeoutSeconds, TmpMb: tmpMb), FunctionZip.OfFolder("EndToEnd/functions"));

    public static Task<Invocation> DoAsync(this TestNode node, string function, string behaviour, JsonObject? arguments = null, bool tail = false)
    {
        var payload = arguments ?? [];
        payload["do"] = behaviour;
        return node.Client.InvokeAsync(function, payload.ToJsonString(), tail);
    }
}
