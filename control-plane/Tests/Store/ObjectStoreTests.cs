using System.Net;
using System.Text;
using Hearth.Contracts;
using Hearth.Contracts.Archives;
using Hearth.ControlPlane.Store;
using Hearth.ControlPlane.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hearth.ControlPlane.Tests.Store;

/// <summary>Code from an S3-compatible store, played by a server that answers what each test wants.</summary>
public sealed class ObjectStoreTests
{
    private const string Functions = "/2015-03-31/functions";

    [Fact]
    public async Task CodeOfFunctionsAndLayersComesFromTheStore()
    {
        byte[] zip = Zips.Good();
        await using FakeStore store = await FakeStore.StartAsync(http => http.Request.Path == "/bucket/folder/code%20å.zip" || http.Request.Path == "/bucket/folder/code å.zip"
            ? http.Response.Body.WriteAsync(zip).AsTask()
            : FakeStore.Fail(http, 404, "NoSuchKey", "The specified key does not exist."));
        await using TestServer server = await TestServer.StartAsync(change: o => o with { S3Endpoint = store.Address, S3AccessKeyId = "AKIDTEST", S3SecretAccessKey = "secret-that-is-never-sent" });

        await server.DoAsync("POST", Functions, Create("f", "folder/code å.zip"));
        string inline = (await server.DoAsync("POST", Functions, $$"""{"FunctionName":"g","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"{{Convert.ToBase64String(zip)}}"},"Runtime":"python3.12","Handler":"app.handler"}"""))
            .GetProperty("CodeSha256").GetString()!;
        Assert.Equal(inline, (await server.DoAsync("GET", Functions + "/f/configuration")).GetProperty("CodeSha256").GetString());
        await server.DoAsync("PUT", Functions + "/g/code", """{"S3Bucket":"bucket","S3Key":"folder/code å.zip","S3ObjectVersion":"v1"}""");
        await server.DoAsync("POST", "/2018-10-31/layers/l/versions", """{"Content":{"S3Bucket":"bucket","S3Key":"folder/code å.zip"}}""");

        Assert.Equal(["", "?versionId=v1", ""], store.Queries);
        Assert.All(store.Authorizations, a => Assert.Matches("^AWS4-HMAC-SHA256 Credential=AKIDTEST/[0-9]{8}/us-east-1/s3/aws4_request, ", a));
    }

    public static TheoryData<int, string, string, int, string, string> Refusals => new()
    {
        { 404, "NoSuchKey", "The specified key does not exist.", 400, "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist." },
        { 404, "NoSuchBucket", "The specified bucket does not exist", 400, "InvalidParameterValueException", "S3 Error Code: NoSuchBucket." },
        { 301, "PermanentRedirect", "The bucket is in this region: eu-west-1", 400, "InvalidParameterValueException", "S3 Error Code: PermanentRedirect." },
        { 403, "AccessDenied", "Access Denied", 403, "AccessDeniedException", "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for bucket/key. S3 Error Code: AccessDenied." },
        { 500, "InternalError", "We encountered an internal error.", 503, "ServiceException", "bucket/key could not be read from the store at 127.0.0.1" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task WhatTheStoreRefusesIsSaidInAwsWords(int status, string code, string message, int answer, string type, string says)
    {
        await using FakeStore store = await FakeStore.StartAsync(http => FakeStore.Fail(http, status, code, message));
        await RefusedAsync(store.Address, answer, type, says);
    }

    [Fact]
    public async Task AStoreThatLiesOrIsAwayLeavesNothing()
    {
        await using (FakeStore cut = await FakeStore.StartAsync(async http =>
        {
            http.Response.ContentLength = 1_000_000;
            await http.Response.Body.WriteAsync(new byte[500_000]);
            http.Abort();
        }))
        {
            await RefusedAsync(cut.Address, 503, "ServiceException", "could not be read from the store");
        }

        await using (FakeStore noise = await FakeStore.StartAsync(async http =>
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsync("<Error><Code>" + new string('x', 100_000) + "</Code>&bad;");
        }))
        {
            await RefusedAsync(noise.Address, 400, "InvalidParameterValueException", "Error occurred while GetObject.", maxLength: 1_000);
        }

        await using (FakeStore endless = await FakeStore.StartAsync(async http =>
        {
            byte[] piece = new byte[1 << 20];
            while (!http.RequestAborted.IsCancellationRequested)
                await http.Response.Body.WriteAsync(piece, http.RequestAborted);
        }))
        {
            await RefusedAsync(endless.Address, 413, "RequestEntityTooLargeException", $"Zipped size must be smaller than {CodeArchiveLimits.MaxStoredZipBytes} bytes");
        }

        await RefusedAsync(new Uri("http://127.0.0.1:1"), 503, "ServiceException", "bucket/key could not be read from the store at 127.0.0.1:1");
    }

    [Fact]
    public async Task AZipLargerThanARequestMayHoldIsTaken()
    {
        // Random bytes do not get smaller; together more than the 50 MB of a request.
        byte[] noise = new byte[30 << 20];
        new Random(1).NextBytes(noise);
        string text = Convert.ToHexString(noise);
        byte[] zip = Zips.Of([("app.py", "def handler(e, c): return e\n"), ("a.txt", text), ("b.txt", text[1..])]);
        Assert.True(zip.Length > CodeArchiveLimits.MaxZippedBytes, $"{zip.Length}");
        await using FakeStore store = await FakeStore.StartAsync(http => http.Response.Body.WriteAsync(zip).AsTask());
        await using TestServer server = await TestServer.StartAsync(change: o => o with { S3Endpoint = store.Address });
        Assert.Equal(zip.Length, (await server.DoAsync("POST", Functions, Create("f", "key"))).GetProperty("CodeSize").GetInt64());
        Assert.Equal([""], store.Authorizations);
    }

    [Fact]
    public async Task BothSourcesAtOnceAreRefused()
    {
        await using TestServer server = await TestServer.StartAsync();
        var (status, json) = await server.SendAsync("POST", Functions, Create("f", "key").Replace("\"S3Bucket\"", "\"ZipFile\":\"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\",\"S3Bucket\"", StringComparison.Ordinal));
        Assert.Equal((400, "Please do not provide other FunctionCode parameters when providing a ZipFile."), (status, json.GetProperty("message").GetString()));
    }

    private static string Create(string name, string key) =>
        $$"""{"FunctionName":"{{name}}","Role":"arn:aws:iam::000000000000:role/r","Code":{"S3Bucket":"bucket","S3Key":"{{key}}"},"Runtime":"python3.12","Handler":"app.handler"}""";

    private static async Task RefusedAsync(Uri endpoint, int status, string type, string says, int maxLength = int.MaxValue)
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { S3Endpoint = endpoint });
        using HttpResponseMessage answer = await server.Rest.PostAsync(Functions, new StringContent(Create("f", "key"), Encoding.UTF8), TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal((status, type), ((int)answer.StatusCode, answer.Headers.GetValues(LambdaError.TypeHeader).Single()));
        Assert.Contains(says, text, StringComparison.Ordinal);
        Assert.True(text.Length < maxLength, $"{text.Length} characters");
        Assert.DoesNotContain(Directory.EnumerateFiles(server.Data, "*", SearchOption.AllDirectories), path => path.Contains("/blobs/", StringComparison.Ordinal));
        Assert.Equal(404, (await server.SendAsync("GET", Functions + "/f")).Status);
    }

    private sealed class FakeStore : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private FakeStore(WebApplication app) => _app = app;

        public Uri Address => new(_app.Urls.First());

        public List<string> Queries { get; } = [];

        public List<string> Authorizations { get; } = [];

        public static async Task<FakeStore> StartAsync(Func<HttpContext, Task> answer)
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            WebApplication app = builder.Build();
            var store = new FakeStore(app);
            app.Run(http =>
            {
                lock (store.Queries)
                {
                    // The client's own parameter that names the operation is no part of S3's protocol.
                    store.Queries.Add(http.Request.QueryString.ToString().Replace("?x-id=GetObject", "", StringComparison.Ordinal).Replace("&x-id=GetObject", "", StringComparison.Ordinal));
                    store.Authorizations.Add(http.Request.Headers.Authorization.ToString());
                }

                return answer(http);
            });
            await app.StartAsync();
            return store;
        }

        public static Task Fail(HttpContext http, int status, string code, string message)
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = "application/xml";
            return http.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>");
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
