using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using Hearth.Agent.Hosting;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

/// <summary>With access keys: who is served, as whom, and what of it reaches the control plane.</summary>
public sealed class KeyTests
{
    private const string Echo = "def handler(event, context):\n    return event\n";

    private static readonly AccessKey s_admin = new() { KeyId = "AKIAADMIN", Secret = "admin-secret", Role = AccessRole.Admin, Name = "ops" };
    private static readonly AccessKey s_invoke = new() { KeyId = "AKIAINVOKE", Secret = "invoke-secret", Role = AccessRole.Invoke, Name = "caller", Functions = { "f" } };

    [Fact]
    public async Task Invocations_are_served_to_keys_and_their_roles_only()
    {
        await using var node = await StartAsync();
        await node.DeployAsync("f", Echo);
        await node.DeployAsync("g", Echo);
        (string Function, AccessKey? Key, int Status, string? Type)[] table =
        [
            ("f", null, 403, "MissingAuthenticationTokenException"),
            ("nobody", null, 403, "MissingAuthenticationTokenException"),
            ("f", s_admin, 200, null),
            ("g", s_admin, 200, null),
            ("nobody", s_admin, 404, "ResourceNotFoundException"),
            ("f", s_invoke, 200, null),
            ("g", s_invoke, 403, "AccessDeniedException"),
            // Whether there is such a function is not told to whom it is not for.
            ("nobody", s_invoke, 403, "AccessDeniedException"),
            ("f", new AccessKey(s_admin) { Secret = "guessed" }, 403, "InvalidSignatureException"),
            ("nobody", new AccessKey(s_admin) { Secret = "guessed" }, 403, "InvalidSignatureException"),
            ("f", new AccessKey(s_admin) { KeyId = "AKIANOBODY" }, 403, "UnrecognizedClientException"),
        ];
        foreach (var (function, key, status, type) in table)
        {
            var (code, error, _) = await SendAsync(node, HttpMethod.Post, $"/2015-03-31/functions/{function}/invocations", "[1]", key);
            Assert.Equal((function, key?.KeyId, status, type), (function, key?.KeyId, code, error));
        }
        var (_, _, denied) = await SendAsync(node, HttpMethod.Post, "/2015-03-31/functions/g/invocations", "{}", s_invoke);
        Assert.Contains("User: arn:aws:iam::000000000000:user/caller is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:g", denied);
    }

    [Fact]
    public async Task A_changed_payload_is_not_run()
    {
        await using var node = await StartAsync();
        await node.DeployAsync("f", Echo);
        var ran = node.Spawner.All.Count;
        using var request = Signed(node, HttpMethod.Post, "/2015-03-31/functions/f/invocations", "[1]", s_admin);
        request.Content = new StringContent("[2]");
        using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("InvalidSignatureException", answer.Headers.GetValues("x-amzn-ErrorType").Single());
        Assert.Equal(ran, node.Spawner.All.Count);
        // An empty body is hashed as one, not as the {} that stands for it.
        Assert.Equal((200, "{}"), await BodyAsync(node, HttpMethod.Post, "/2015-03-31/functions/f/invocations", "", s_admin));
        Assert.Equal("InvalidSignatureException", (await SendAsync(node, HttpMethod.Post, "/2015-03-31/functions/f/invocations", "", s_admin, hashOf: "{}")).Error);
    }

    [Fact]
    public async Task The_control_plane_is_told_who_signed_and_by_nobody_else()
    {
        await using var node = await StartAsync();
        string? seen = null;
        node.Control.Rest = context =>
        {
            seen = context.Request.Headers[CallerIdentity.Header].ToString();
            return context.Response.WriteAsync("rest");
        };
        using var request = Signed(node, HttpMethod.Get, "/2015-03-31/functions", "", s_invoke);
        request.Headers.TryAddWithoutValidation(CallerIdentity.Header.ToLowerInvariant(), "AKIAADMIN;1;ops;");
        using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("AKIAINVOKE;3;caller;f", seen);
        var told = CallerIdentity.FromHeader(seen!, "000000000000")!;
        Assert.Equal(("AKIAINVOKE", "caller", AccessRole.Invoke, "f"), (told.KeyId, told.Name, told.Role, told.Functions.Single()));

        seen = null;
        Assert.Equal(403, (await SendAsync(node, HttpMethod.Get, "/2015-03-31/functions", "", key: null)).Status);
        Assert.Null(seen);

        node.Control.PutAccount(new AccountSettings());
        await Eventually.True(() => node.Agent.Account.Current!.Keys.Count == 0);
        using var local = new HttpRequestMessage(HttpMethod.Get, "/2015-03-31/functions");
        local.Headers.TryAddWithoutValidation(CallerIdentity.Header, "AKIAADMIN;1;ops;");
        using var served = await node.Http.SendAsync(local, TestContext.Current.CancellationToken);
        Assert.Equal(CallerIdentity.LocalText, seen);
        // A link to code has a proof of its own, and is nobody's.
        using var link = new HttpRequestMessage(HttpMethod.Get, "/hearth-code/token");
        link.Headers.TryAddWithoutValidation(CallerIdentity.Header, "AKIAADMIN;1;ops;");
        using var code = await node.Http.SendAsync(link, TestContext.Current.CancellationToken);
        Assert.Equal("", seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_reaches_the_control_plane_whole_only_when_it_is_what_was_signed(bool chunked)
    {
        await using var node = await StartAsync();
        var ends = 0;
        long length = 0;
        node.Control.Rest = async context =>
        {
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
                length += read;
            ends++;
        };
        var bytes = RandomNumberGenerator.GetBytes(20_000_000);
        foreach (var changed in (bool[])[false, true])
        {
            length = 0;
            using var request = Signed(node, HttpMethod.Post, "/2015-03-31/functions", bytes, s_admin);
            var sent = (byte[])bytes.Clone();
            if (changed)
                sent[^1] ^= 1;
            request.Content = chunked ? new StreamContent(new Unsized(sent)) : new ByteArrayContent(sent);
            using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(changed ? 403 : 200, (int)answer.StatusCode);
            Assert.Equal(changed, answer.Headers.Contains("x-amzn-ErrorType"));
        }
        Assert.Equal(1, ends);
        Assert.True(chunked ? length <= bytes.Length : length < bytes.Length, "the end of what nobody signed was let through");
    }

    [Fact]
    public async Task Errors_have_the_form_of_their_service()
    {
        await using var node = await StartAsync();
        using var logs = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent("{}") };
        logs.Headers.Add("X-Amz-Target", "Logs_20140328.DescribeLogGroups");
        using var first = await node.Http.SendAsync(logs, TestContext.Current.CancellationToken);
        Assert.Equal((400, """{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}"""), ((int)first.StatusCode, await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        using var sts = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new FormUrlEncodedContent([new("Action", "GetCallerIdentity")]) };
        using var second = await node.Http.SendAsync(sts, TestContext.Current.CancellationToken);
        var text = await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(403, (int)second.StatusCode);
        Assert.Contains("<Code>MissingAuthenticationToken</Code>", text);
    }

    [Fact]
    public async Task Health_and_links_to_code_need_no_signature_and_no_host_is_refused()
    {
        await using var node = await StartAsync();
        Assert.Equal(200, (await SendAsync(node, HttpMethod.Get, "/healthz", "", key: null)).Status);
        Assert.Equal((200, "rest"), await BodyAsync(node, HttpMethod.Get, "/hearth-code/token", "", key: null));
        Assert.Equal(403, (await SendAsync(node, HttpMethod.Put, "/hearth-code/token", "", key: null)).Status);
        Assert.Equal(403, (await SendAsync(node, HttpMethod.Get, "/hearth-codes", "", key: null)).Status);
        using var request = Signed(node, HttpMethod.Get, "/2015-03-31/functions", "", s_admin, host: "lambda.example.com");
        using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Keys_hold_with_the_control_plane_away_and_after_a_restart_without_it()
    {
        var data = Directory.CreateTempSubdirectory("hearth-agent-keys-").FullName;
        try
        {
            await using (var node = await TestNode.StartAsync(data: data))
            {
                node.Control.PutAccount(Account());
                await Eventually.True(() => node.Agent.Account.Current!.Keys.Count == 2);
            }
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Join(data, "agent", "snapshot.pb")));
            await using (var node = await TestNode.StartAsync(data: data, control: false))
            {
                Assert.Equal("MissingAuthenticationTokenException", (await SendAsync(node, HttpMethod.Post, "/2015-03-31/functions/f/invocations", "{}", key: null)).Error);
                Assert.Equal("ResourceNotFoundException", (await SendAsync(node, HttpMethod.Post, "/2015-03-31/functions/f/invocations", "{}", s_admin)).Error);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Other_addresses_than_loopback_need_keys()
    {
        var refused = await Assert.ThrowsAsync<IOException>(() => TestNode.StartAsync(o => o with { Host = IPAddress.Any }));
        Assert.Contains("hearth keys create --role admin", refused.Message);
        await using var node = await TestNode.StartAsync(o => o with { Host = IPAddress.Any }, account: Account());
        Assert.Equal(node.Http.BaseAddress, new Uri(node.Control.Hello!.Endpoint));
        Assert.Equal(403, (await SendAsync(node, HttpMethod.Get, "/2015-03-31/functions", "", key: null)).Status);
        Assert.Equal(200, (await SendAsync(node, HttpMethod.Get, "/2015-03-31/functions", "", s_admin)).Status);
        // Without the last key, those who come over the network are not served, and the machine itself is.
        node.Control.PutAccount(new AccountSettings());
        await Eventually.True(() => node.Agent.Account.Current!.Keys.Count == 0);
        using var loopback = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{node.Http.BaseAddress!.Port}/2015-03-31/functions");
        using var served = await node.Http.SendAsync(loopback, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)served.StatusCode);
        // Of an interface, and not of the machine's name, which may stand for an address that it has no more.
        var own = NetworkInterface.GetAllNetworkInterfaces().Where(static i => i.OperationalStatus == OperationalStatus.Up).SelectMany(static i => i.GetIPProperties().UnicastAddresses)
            .Select(static a => a.Address).FirstOrDefault(static a => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        if (own is null)
            return;
        using var outside = new HttpRequestMessage(HttpMethod.Get, $"http://{own}:{node.Http.BaseAddress.Port}/2015-03-31/functions");
        outside.Headers.Host = "localhost";
        using var answer = await node.Http.SendAsync(outside, TestContext.Current.CancellationToken);
        Assert.Equal(403, (int)answer.StatusCode);
    }

    private static AccountSettings Account() => new() { Region = "us-east-1", AccountId = "000000000000", Keys = { s_admin, s_invoke } };

    private static Task<TestNode> StartAsync() => TestNode.StartAsync(account: Account());

    private static HttpRequestMessage Signed(TestNode node, HttpMethod method, string path, string body, AccessKey key, string? host = null) => Signed(node, method, path, Encoding.UTF8.GetBytes(body), key, host);

    private static HttpRequestMessage Signed(TestNode node, HttpMethod method, string path, byte[] body, AccessKey key, string? host = null)
    {
        var request = new HttpRequestMessage(method, new Uri(node.Http.BaseAddress!, path));
        request.Headers.Host = host;
        if (body.Length > 0)
            request.Content = new ByteArrayContent(body);
        new RequestSigner(key.KeyId, key.Secret, "us-east-1", "lambda").Sign(request, body, DateTimeOffset.UtcNow);
        return request;
    }

    private static async Task<(int Status, string? Error, string Body)> SendAsync(TestNode node, HttpMethod method, string path, string body, AccessKey? key, string? hashOf = null)
    {
        using var request = key is null ? new HttpRequestMessage(method, path) : Signed(node, method, path, hashOf ?? body, key);
        if (method != HttpMethod.Get)
            request.Content = new StringContent(body);
        using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, answer.Headers.TryGetValues("x-amzn-ErrorType", out var type) ? type.First() : null, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<(int Status, string Body)> BodyAsync(TestNode node, HttpMethod method, string path, string body, AccessKey? key)
    {
        var (status, _, text) = await SendAsync(node, method, path, body, key);
        return (status, text);
    }

    /// <summary>A stream whose length nobody knows, so that it is sent in chunks.</summary>
    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
