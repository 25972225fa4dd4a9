using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hearth.Agent.Ingress;
using Hearth.Agent.Tests.Fakes;
using Hearth.Agent.Tests.Streaming;
using Hearth.Agent.Tests.Web;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

/// <summary>Bodies of clients that have not proved who they are: refused before they come where the head suffices for it, and given less room and time than others.</summary>
public sealed class UnprovedBodyTests
{
    private const string Invoke = "/2015-03-31/functions/f/invocations";
    private const string Stream = "/2021-11-15/functions/f/response-streaming-invocations";
    private const string Url = "/_url/" + WebNode.Id + "/";
    private const string Management = "/2015-03-31/functions";
    private const int Length = 3 << 20;

    private static readonly AccessKey s_key = new() { KeyId = "AKIAADMIN", Secret = "admin-secret", Role = AccessRole.Admin, Name = "ops" };
    private static readonly AccessKey s_stranger = new() { KeyId = "AKIANOBODY", Secret = "s" };
    private static readonly AccessKey s_guessed = new() { KeyId = "AKIAADMIN", Secret = "guessed" };

    public static TheoryData<string> Paths => [Invoke, Stream, Url, Management];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task What_the_head_gives_away_is_refused_before_the_body_comes(string path)
    {
        await using var node = await StartAsync();
        var body = new byte[100];
        string[] heads =
        [
            "X-A: b",
            "Authorization: AWS4-HMAC-SHA256 Credential=A/B",
            Signed(node, path, body, s_stranger),
            Signed(node, path, body, s_key, DateTimeOffset.UtcNow.AddMinutes(-10)),
            // Most SDKs say the hash of what they will send: whether it is theirs is known by that.
            Signed(node, path, body, s_guessed, announces: Convert.ToHexStringLower(SHA256.HashData(body))),
            Signed(node, path, body, s_key, announces: "0123"),
            Signed(node, path, body, s_key).Replace("Signature=", "Signature=0", StringComparison.Ordinal),
        ];
        foreach (var head in heads)
        {
            // Nothing of the body is ever sent.
            using var client = await RawClient.SendAsync(node, $"POST {path} HTTP/1.1\nHost: {Host(node)}\nContent-Length: 100\n{head}");
            Assert.Equal((head, 403), (head, await client.StatusAsync()));
        }
    }

    [Fact]
    public async Task Without_keys_a_URL_that_wants_a_signature_refuses_before_the_body_comes()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(authType: "AWS_IAM"));
        foreach (var head in (string[])["X-A: b", $"{Signed(web.Node, Url, [], s_key)}\nX-Forwarded-For: 192.0.2.1"])
        {
            using var client = await RawClient.SendAsync(web.Node, $"POST {Url} HTTP/1.1\nHost: localhost\nContent-Length: 100\n{head}");
            Assert.Equal((head, 403), (head, await client.StatusAsync()));
        }
    }

    [Fact]
    public async Task Bodies_of_nobody_known_leave_half_of_the_room_to_those_who_have_proved_it()
    {
        // A body of 3 MiB is gathered in arrays of 2 and, while it is copied, 4 MiB; one sender alone may take half of the 13 MiB.
        await using var node = await StartAsync(new IngressLimits(26 << 20, 256 << 20));
        var body = Encoding.UTF8.GetBytes($"\"{new string('x', Length - 2)}\"");
        // It never sends its end, so that nobody knows whether it is signed.
        using var slow = await RawClient.SendAsync(node, Head(node, Signed(node, Invoke, body, s_key)), body.AsMemory(0, Length - 1));
        // Gathered: another one would keep it from growing as well as it the other.
        await Eventually.True(() => node.Agent.Bodies.Held == 4 << 20);
        var status = 0;
        await Eventually.TrueAsync(async () => (status = await SendAsync(Signed(node, Invoke, body, s_key))) != 200);
        Assert.Equal(503, status);
        Assert.Equal(200, await SendAsync(Signed(node, Invoke, body, s_key, announces: Convert.ToHexStringLower(SHA256.HashData(body)))));
        Assert.Equal(200, await SendAsync(Signed(node, Invoke, body, s_key, announces: "UNSIGNED-PAYLOAD")));
        // What a public URL is sent is nobody's either.
        using (var anybody = await RawClient.SendAsync(node, $"POST /_url/{WebNode.Id[..^1]}6/ HTTP/1.1\nHost: localhost\nContent-Length: {Length}\nContent-Type: application/json", body))
            Assert.Equal(503, await anybody.StatusAsync());
        slow.Dispose();
        await Eventually.TrueAsync(async () => await SendAsync(Signed(node, Invoke, body, s_key)) == 200);

        async Task<int> SendAsync(string signature)
        {
            using var client = await RawClient.SendAsync(node, Head(node, signature), body);
            return await client.StatusAsync();
        }
    }

    [Fact]
    public async Task One_sender_of_slow_bodies_leaves_room_to_the_others()
    {
        await using var node = await StartAsync(new IngressLimits(32 << 20, 256 << 20));
        var body = Encoding.UTF8.GetBytes($"\"{new string('x', Length - 2)}\"");
        List<RawClient> slow = [];
        try
        {
            // The first is gathered; the others would leave less free than their sender has, and have given back what they took when they are told so.
            slow.Add(await SlowAsync());
            await Eventually.True(() => node.Agent.Bodies.Held == 4 << 20);
            for (var i = 0; i < 2; i++)
            {
                slow.Add(await SlowAsync());
                Assert.Equal(503, await slow[^1].StatusAsync());
            }
            Assert.Equal(503, await SendAsync("127.0.0.1"));
            Assert.Equal(4 << 20, node.Agent.Bodies.Held);
            Assert.Equal(200, await SendAsync("127.0.0.2"));
        }
        finally
        {
            slow.ForEach(static c => c.Dispose());
        }

        Task<RawClient> SlowAsync() => RawClient.SendAsync(node, Head(node, Signed(node, Invoke, body, s_key)), body.AsMemory(0, Length - 1));

        async Task<int> SendAsync(string from)
        {
            using var client = await RawClient.SendAsync(node, Head(node, Signed(node, Invoke, body, s_key)), body, from);
            return await client.StatusAsync();
        }
    }

    [Theory]
    [InlineData(Invoke)]
    [InlineData(Stream)]
    [InlineData(Management)]
    public async Task A_body_that_comes_more_slowly_than_the_least_rate_is_given_up(string path)
    {
        var limits = new IngressLimits(256 << 20, 256 << 20) { LeastRate = 16 << 20, Grace = TimeSpan.FromSeconds(1.1) };
        await using var node = await TestNode.StartAsync(limits: limits);
        node.Control.Rest = static async context => await context.Request.Body.CopyToAsync(System.IO.Stream.Null);
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        var body = Encoding.UTF8.GetBytes($"\"{new string('x', Length - 2)}\"");
        using var client = await RawClient.SendAsync(node, $"POST {path} HTTP/1.1\nHost: localhost\nContent-Length: {Length}");
        // Fifty times what was enough once.
        var sending = client.TrickleAsync(body, 5_000, TimeSpan.FromMilliseconds(100));
        Assert.Equal(408, await client.StatusAsync());
        client.Dispose();
        await sending.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task The_control_plane_is_told_whose_body_is_not_proved_before_its_end_and_by_nobody_else()
    {
        await using var node = await StartAsync();
        string? seen = null;
        node.Control.Rest = async context =>
        {
            await context.Request.Body.CopyToAsync(System.IO.Stream.Null);
            seen = context.Request.Headers[CallerIdentity.UnprovedHeader].ToString();
        };
        var body = new byte[100];
        (string Head, string Says)[] table =
        [
            (Signed(node, Management, body, s_key), "1"),
            (Signed(node, Management, body, s_key, announces: Convert.ToHexStringLower(SHA256.HashData(body))), ""),
            ($"{Signed(node, Management, body, s_key, announces: "UNSIGNED-PAYLOAD")}\nx-hearth-unproved: 1", ""),
        ];
        foreach (var (head, says) in table)
        {
            using var client = await RawClient.SendAsync(node, $"POST {Management} HTTP/1.1\nHost: {Host(node)}\nContent-Length: 100\n{head}", body);
            Assert.Equal((head, 200, says), (head, await client.StatusAsync(), seen));
        }
    }

    [Fact]
    public async Task Uploads_of_nobody_known_leave_half_of_the_ways_to_the_control_plane_to_others()
    {
        await using var node = await StartAsync();
        node.Control.Rest = static async context => await context.Request.Body.CopyToAsync(System.IO.Stream.Null);
        var body = new byte[100];
        var unproved = $"POST {Management} HTTP/1.1\nHost: {Host(node)}\nContent-Length: 100\n{Signed(node, Management, body, s_key)}";
        List<RawClient> slow = [];
        try
        {
            for (var i = 0; i < 128; i++)
                slow.Add(await RawClient.SendAsync(node, unproved, body.AsMemory(0, 99)));
            await Eventually.TrueAsync(async () =>
            {
                if (await SendAsync(unproved) == 503)
                    return true;
                // It may have taken the place of one of them, which was then refused.
                slow.Add(await RawClient.SendAsync(node, unproved, body.AsMemory(0, 99)));
                return false;
            });
            Assert.Equal(200, await SendAsync($"POST {Management} HTTP/1.1\nHost: {Host(node)}\nContent-Length: 100\n{Signed(node, Management, body, s_key, announces: Convert.ToHexStringLower(SHA256.HashData(body)))}"));
        }
        finally
        {
            slow.ForEach(static c => c.Dispose());
        }
        await Eventually.TrueAsync(async () => await SendAsync(unproved) == 200);

        async Task<int> SendAsync(string head)
        {
            using var client = await RawClient.SendAsync(node, head, body);
            return await client.StatusAsync();
        }
    }

    private static string Head(TestNode node, string signature) => $"POST {Invoke} HTTP/1.1\nHost: {Host(node)}\nContent-Type: application/json\nContent-Length: {Length}\n{signature}";

    private static string Host(TestNode node) => node.Http.BaseAddress!.Authority;

    /// <summary>With a key, a function "f", its URL that wants a signature, and one that does not.</summary>
    private static async Task<TestNode> StartAsync(IngressLimits? limits = null)
    {
        var node = await TestNode.StartAsync(account: new AccountSettings { Region = "us-east-1", AccountId = "000000000000", Keys = { s_key } }, limits: limits);
        var spec = await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        var open = WebNode.Url(id: WebNode.Id[..^1] + "6");
        node.Control.Put(new FunctionSet { FunctionName = "f", Versions = { spec }, Urls = { WebNode.Url(authType: "AWS_IAM"), open } });
        await Eventually.True(() => node.Agent.Catalogue.FindUrl(open.UrlId) is not null);
        return node;
    }

    /// <summary>The headers of a signature, by the test's own reading of the rules.</summary>
    /// <param name="announces">x-amz-content-sha256; null = left out.</param>
    private static string Signed(TestNode node, string path, byte[] body, AccessKey key, DateTimeOffset? at = null, string? announces = null)
    {
        var time = (at ?? DateTimeOffset.UtcNow).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time[..8]}/us-east-1/lambda/aws4_request";
        var names = announces is null ? "host;x-amz-date" : "host;x-amz-content-sha256;x-amz-date";
        var hash = announces ?? Convert.ToHexStringLower(SHA256.HashData(body));
        var canonical = $"POST\n{path}\n\nhost:{Host(node)}\n{(announces is null ? "" : $"x-amz-content-sha256:{announces}\n")}x-amz-date:{time}\n\n{names}\n{hash}";
        var derived = new byte[SigningKey.Length];
        SigningKey.Derive(key.Secret, time.AsSpan(0, 8), "us-east-1", "lambda", derived);
        var signature = HMACSHA256.HashData(derived, Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}"));
        return $"Authorization: AWS4-HMAC-SHA256 Credential={key.KeyId}/{scope}, SignedHeaders={names}, Signature={Convert.ToHexStringLower(signature)}\nX-Amz-Date: {time}"
            + (announces is null ? "" : $"\nX-Amz-Content-Sha256: {announces}");
    }
}
