using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Code of a tenant that speaks to the agent itself, on the descriptors of the runtime that it runs in.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class HostileRuntimeTests
{
    /// <summary>
    /// It announces extensions, so that its caller has an answer before the invocation is over, leaves most of the event unread, answers and ends. Its successor in the sandbox tells what it is given.
    /// </summary>
    private const string Source = """
        import json, os, struct, sys, time

        def send(body):
            os.write(63, struct.pack("<I", len(body)) + body)

        def read(count):
            data = b""
            while len(data) < count:
                piece = os.read(62, count - len(data))
                if not piece:
                    os._exit(0)
                data += piece
            return data

        send(b"\x92\x03\xcd\x07\xd0")
        if not os.path.exists("/tmp/second"):
            open("/tmp/second", "w").close()
            os.read(62, 100)
            os.close(62)
            time.sleep(0.5)
            send(b"\x94\x06\x01\xc0\xc4\x02{}")
            time.sleep(0.5)
            os._exit(0)
        events = own = others = 0
        for number in range(1, 100):
            frame = read(struct.unpack("<I", read(4))[0])
            events += 1
            own += frame.count(b"aaaaaaaa")
            others += frame.count(b"ssssssss")
            answer = json.dumps({"events": events, "own": own, "others": others}).encode()
            send(b"\x94\x06" + bytes([number]) + b"\xc0\xc4" + bytes([len(answer)]) + answer)
            send(b"\x92\x0b" + bytes([number]))
        """;

    [Fact]
    public async Task An_event_whose_caller_was_answered_is_given_to_nobody_again_and_with_it_no_other_tenants_memory()
    {
        await using var node = await TestNode.StartAsync();
        await node.Client.CreateAsync(new FunctionSettings("hostile", Handler: "app.handler", TimeoutSeconds: 30), FunctionZip.Of(("app.py", Source)));
        await node.Client.CreateAsync(new FunctionSettings("good", Handler: "app.handler", MemoryMb: 256, TimeoutSeconds: 30), FunctionZip.Of(("app.py", "def handler(event, context):\n    return len(event)\n")));
        var first = await node.Client.InvokeAsync("hostile", $"\"{new string('a', 5_000_000)}\"");
        Assert.True(!first.Succeeded, $"{first}");
        // What its event lay in is lent to others now.
        for (var i = 0; i < 8; i++)
            Assert.Equal("5000000", (await node.Client.InvokeAsync("good", $"\"{new string('s', 5_000_000)}\"")).Body);
        var second = await node.Client.InvokeAsync("hostile", "\"b\"");
        Assert.True(second.Succeeded, $"{second}");
        // A sandbox that lied about what it has read is gone with its /tmp, and this is another "first"; one that was kept must have seen nothing but this event.
        if (JsonNode.Parse(second.Body)!["events"] is not null)
            Assert.Equal("""{"events":1,"own":0,"others":0}""", JsonNode.Parse(second.Body)!.ToJsonString());
    }
}
