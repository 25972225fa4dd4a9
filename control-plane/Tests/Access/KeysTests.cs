using Grpc.Core;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Access;

/// <summary>Access keys by gRPC: made, kept, told to agents.</summary>
public class KeysTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AKeyIsMadeOnceShownAndToldToAgentsBeforeTheAnswer()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        AccountSettings first = (await agent.NextAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot.Account;
        Assert.Empty(first.Keys);
        Assert.Equal(("us-east-1", "000000000000"), (first.Region, first.AccountId));
        Assert.True(first.Control.Secret.Length == 40);

        var keys = new Keys.KeysClient(server.Grpc);
        CreateKeyResponse made = await keys.CreateKeyAsync(new CreateKeyRequest { Role = AccessRole.Invoke, Name = "ci", Functions = { "f", "g", "f" } }, cancellationToken: Token);
        Assert.Matches("^AKIA[A-Z2-7]{16}$", made.Key.KeyId);
        Assert.Matches("^[A-Za-z0-9+/]{40}$", made.Secret);
        Assert.True(made.IsFirst);
        Assert.Equal("arn:aws:iam::000000000000:user/ci", made.Key.Arn);
        AccessKey told = Assert.Single((await agent.NextAsync(ControlMessage.BodyOneofCase.Account)).Account.Keys);
        Assert.Equal((made.Key.KeyId, made.Secret, AccessRole.Invoke, "f g", false), (told.KeyId, told.Secret, told.Role, string.Join(' ', told.Functions), told.Disabled));

        CreateKeyResponse second = await keys.CreateKeyAsync(new CreateKeyRequest { Role = AccessRole.Admin }, cancellationToken: Token);
        Assert.False(second.IsFirst);
        Assert.Equal(second.Key.KeyId, second.Key.Name);
        await keys.SetKeyEnabledAsync(new SetKeyEnabledRequest { KeyId = made.Key.KeyId, Enabled = false }, cancellationToken: Token);
        // Of changes in quick succession an agent may hear the last state only.
        while (!told.Disabled)
            told = (await agent.NextAsync(ControlMessage.BodyOneofCase.Account)).Account.Keys.Single(k => k.KeyId == made.Key.KeyId);

        await server.RestartAsync();
        keys = new Keys.KeysClient(server.Grpc);
        var listed = (await keys.ListKeysAsync(new ListKeysRequest(), cancellationToken: Token)).Keys;
        Assert.Equal([(made.Key.KeyId, true), (second.Key.KeyId, false)], listed.Select(k => (k.KeyId, k.Disabled)));
        Assert.DoesNotContain(made.Secret, listed.ToString());
        Assert.Equal(1, (await keys.RemoveKeyAsync(new RemoveKeyRequest { KeyId = made.Key.KeyId }, cancellationToken: Token)).Left);
        // The last one opens the node to everybody on its machine: only to whom has said that this is meant.
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await keys.RemoveKeyAsync(new RemoveKeyRequest { KeyId = second.Key.KeyId }, cancellationToken: Token));
        Assert.Equal((StatusCode.FailedPrecondition, "LastKeyException"), (refused.StatusCode, refused.Trailers.GetValue("x-amzn-errortype")));
        Assert.Single((await keys.ListKeysAsync(new ListKeysRequest(), cancellationToken: Token)).Keys);
        Assert.Equal(0, (await keys.RemoveKeyAsync(new RemoveKeyRequest { KeyId = second.Key.KeyId, AllowLast = true }, cancellationToken: Token)).Left);
    }

    [Theory]
    [InlineData(AccessRole.Unspecified, "", "")]
    [InlineData((AccessRole)9, "", "")]
    [InlineData(AccessRole.Admin, "a b", "")]
    [InlineData(AccessRole.Admin, "a;b", "")]
    [InlineData(AccessRole.Admin, "", "f")]
    [InlineData(AccessRole.Invoke, "", "f:1")]
    [InlineData(AccessRole.Invoke, "", "../f")]
    public async Task WhatCannotBeIsRefused(AccessRole role, string name, string function)
    {
        await using TestServer server = await TestServer.StartAsync();
        var request = new CreateKeyRequest { Role = role, Name = name };
        if (function.Length > 0)
            request.Functions.Add(function);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await new Keys.KeysClient(server.Grpc).CreateKeyAsync(request, cancellationToken: Token));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await new Keys.KeysClient(server.Grpc).RemoveKeyAsync(new RemoveKeyRequest { KeyId = "AKIANOBODY" }, cancellationToken: Token))).StatusCode);
    }

    [Fact]
    public async Task TheTcpPortNeverServesKeysAndNothingOnceThereAreAny()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { GrpcPort = 0 });
        using var tcp = Grpc.Net.Client.GrpcChannel.ForAddress(server.GrpcAddress);
        var functions = new Hearth.Contracts.V1.Functions.FunctionsClient(tcp);
        await functions.ListFunctionsAsync(new ListFunctionsRequest(), cancellationToken: Token);
        // What an agent is told holds a secret of the control plane's own, keys or not.
        using (var link = new AgentLink.AgentLinkClient(tcp).Connect(cancellationToken: Token))
            Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(async () => await link.ResponseStream.MoveNext(Token))).StatusCode);
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(async () => await new Keys.KeysClient(tcp).ListKeysAsync(new ListKeysRequest(), cancellationToken: Token))).StatusCode);
        await new Keys.KeysClient(server.Grpc).CreateKeyAsync(new CreateKeyRequest { Role = AccessRole.Admin }, cancellationToken: Token);
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(async () => await functions.ListFunctionsAsync(new ListFunctionsRequest(), cancellationToken: Token))).StatusCode);
        await new Hearth.Contracts.V1.Functions.FunctionsClient(server.Grpc).ListFunctionsAsync(new ListFunctionsRequest(), cancellationToken: Token);
    }

    [Theory]
    [InlineData(AccessRole.Admin, "", "GET", "/2015-03-31/functions", true)]
    [InlineData(AccessRole.Deploy, "", "GET", "/2015-03-31/functions", true)]
    [InlineData(AccessRole.Deploy, "", "DELETE", "/2015-03-31/functions/f", true)]
    [InlineData(AccessRole.Invoke, "", "GET", "/2015-03-31/functions", true)]
    [InlineData(AccessRole.Invoke, "", "GET", "/2015-03-31/functions/f", true)]
    [InlineData(AccessRole.Invoke, "", "DELETE", "/2015-03-31/functions/f", false)]
    [InlineData(AccessRole.Invoke, "", "GET", "/2015-03-31/functions/f/policy", false)]
    [InlineData(AccessRole.Invoke, "", "POST", "/2015-03-31/functions", false)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/functions", false)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/functions?FunctionName=f", false)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/functions/f", true)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/functions/f:1/configuration", true)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/functions/g", false)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/versions", true)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/event-source-mappings?FunctionName=f", true)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2015-03-31/event-source-mappings?FunctionName=g", false)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2017-03-31/tags/arn:aws:lambda:us-east-1:000000000000:function:f", true)]
    [InlineData(AccessRole.Invoke, "f", "GET", "/2017-03-31/tags/arn:aws:lambda:us-east-1:000000000000:function:g", false)]
    public async Task ARoleDoesWhatItMay(AccessRole role, string function, string method, string path, bool may)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
            request.Content = new StringContent("{}");
        request.Headers.Add(CallerIdentity.Header, new CallerIdentity("AKIAEXAMPLE", "someone", role, function.Length > 0 ? [function] : []).ToHeader());
        using HttpResponseMessage answer = await server.Rest.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(may, (int)answer.StatusCode != 403);
        if (!may)
            Assert.Contains("User: arn:aws:iam::000000000000:user/someone is not authorized to perform: lambda:", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a;1;b")]
    [InlineData("a;7;b;")]
    [InlineData("a;1;;")]
    [InlineData("a;one;b;")]
    public async Task APrincipalThatIsNoneIsNobody(string header)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/2015-03-31/functions");
        request.Headers.TryAddWithoutValidation(CallerIdentity.Header, header);
        using HttpResponseMessage answer = await server.Rest.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(403, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/2015-03-31/functions", "", "")]
    [InlineData("POST", "/", "X-Amz-Target: Logs_20140328.DescribeLogGroups\r\n", "{}")]
    [InlineData("POST", "/", "Content-Type: application/x-www-form-urlencoded\r\n", "Action=GetCallerIdentity")]
    public async Task WhoIsNotSaidOrSaidTwiceIsNobody(string method, string path, string headers, string body)
    {
        await using TestServer server = await TestServer.StartAsync();
        (string Callers, bool Served)[] table =
        [
            ("X-Hearth-Caller: local\r\n", true),
            ("", false),
            ("X-Hearth-Caller: local\r\nX-Hearth-Caller: local\r\n", false),
            ("x-hearth-caller: AKIAEXAMPLE;1;ops;\r\nX-Hearth-Caller: local\r\n", false),
            ("X-Hearth-Caller: local, local\r\n", false),
            ("X-Hearth-Caller: 000000000000;1;;\r\n", false),
        ];
        foreach ((string callers, bool served) in table)
        {
            await using var socket = new System.Net.Sockets.NetworkStream(await server.ConnectAsync(), ownsSocket: true);
            await socket.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: control\r\n{callers}{headers}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), Token);
            using var reader = new StreamReader(socket);
            string answer = await reader.ReadToEndAsync(Token);
            Assert.Equal((callers, served), (callers, !answer.Contains("AccessDenied", StringComparison.Ordinal)));
            Assert.Equal(served, answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task TheTcpPortTakesNobodysWordAndServesNobodyOnceThereAreKeys()
    {
        await using TestServer server = await TestServer.StartAsync(tcp: true);
        using var http = new HttpClient();
        using var claiming = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.RestPort}/2015-03-31/functions");
        claiming.Headers.TryAddWithoutValidation(CallerIdentity.Header, "AKIAEXAMPLE;3;someone;f");
        using HttpResponseMessage local = await http.SendAsync(claiming, Token);
        Assert.Equal(200, (int)local.StatusCode);
        await new Keys.KeysClient(server.Grpc).CreateKeyAsync(new CreateKeyRequest { Role = AccessRole.Admin }, cancellationToken: Token);
        using HttpResponseMessage refused = await http.GetAsync($"http://127.0.0.1:{server.RestPort}/2015-03-31/functions", Token);
        Assert.Equal(403, (int)refused.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/2015-03-31/functions", "", "", 403)]
    [InlineData("POST", "/", "X-Amz-Target: Logs_20140328.DescribeLogGroups", "{}", 400)]
    [InlineData("POST", "/", "Content-Type: application/x-www-form-urlencoded", "Action=GetCallerIdentity", 403)]
    public async Task AnAgentThatHasNotHeardOfTheKeysMakesNobodyTheLocalAdmin(string method, string path, string header, string body, int refusal)
    {
        await using TestServer server = await TestServer.StartAsync();
        var keys = new Keys.KeysClient(server.Grpc);
        Assert.Equal(200, (await SendAsync()).Status);
        CreateKeyResponse made = await keys.CreateKeyAsync(new CreateKeyRequest { Role = AccessRole.Admin }, cancellationToken: Token);
        (int status, string text) = await SendAsync();
        Assert.Equal(refusal, status);
        Assert.Contains("Access keys exist, which this agent has not heard of yet", text);
        // One that has goes on, and without keys the local principal does.
        Assert.Equal(200, (await SendAsync($"{made.Key.KeyId};{(int)AccessRole.Admin};{made.Key.Name};")).Status);
        await keys.RemoveKeyAsync(new RemoveKeyRequest { KeyId = made.Key.KeyId, AllowLast = true }, cancellationToken: Token);
        Assert.Equal(200, (await SendAsync()).Status);

        async Task<(int Status, string Text)> SendAsync(string caller = CallerIdentity.LocalText)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (method == "POST")
                request.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
            string[] named = header.Split(": ");
            if (named.Length == 2 && !request.Headers.TryAddWithoutValidation(named[0], named[1]))
                request.Content!.Headers.TryAddWithoutValidation(named[0], named[1]);
            request.Headers.TryAddWithoutValidation(CallerIdentity.Header, caller);
            using HttpResponseMessage answer = await server.Rest.SendAsync(request, Token);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
        }
    }

    [Fact]
    public async Task AnOperationWithoutBodyWaitsForTheEndOfOneAllTheSame()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.DoAsync("POST", "/2015-03-31/functions", CreateBody());
        // The agent breaks off where a signature turns out wrong: nothing may have been done by then.
        await using var socket = new System.Net.Sockets.NetworkStream(await server.ConnectAsync(), ownsSocket: true);
        await socket.WriteAsync("DELETE /2015-03-31/functions/f HTTP/1.1\r\nHost: control\r\nX-Hearth-Caller: local\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await socket.FlushAsync(TestContext.Current.CancellationToken);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        await socket.DisposeAsync();
        await server.DoAsync("GET", "/2015-03-31/functions/f");
    }

    private static string CreateBody() => $$$"""
        {"FunctionName":"f","Runtime":"python3.12","Handler":"app.handler","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"{{{Convert.ToBase64String(Zips.Good())}}}"}}
        """;
}
