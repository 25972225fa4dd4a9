using System.Text;
using Hearth.Agent.Ingress.Web;
using Hearth.Agent.Ingress.Web.Shapes;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;
using Xunit;

namespace Hearth.Agent.Tests.Web;

/// <summary>What each front door makes of a function's answer.</summary>
public sealed class AnswerShapeTests
{
    // Format 2.0, as recorded from function URLs and documented for HTTP APIs.
    [Theory]
    [InlineData("url", "\"hello\"", 200, "application/json", "hello")]
    [InlineData("url", """["hello", 3, true]""", 200, "application/json", """["hello",3,true]""")]
    [InlineData("url", """{ "message": "é" }""", 200, "application/json", """{"message":"é"}""")]
    [InlineData("url", "null", 200, "application/json", "null")]
    [InlineData("url", "4.50", 200, "application/json", "4.50")]
    [InlineData("url", "true", 200, "application/json", "true")]
    [InlineData("url", """{"statusCode":201,"body":"x"}""", 201, "application/json", "x")]
    [InlineData("url", """{"statusCode":"418","headers":{"content-type":"text/plain"},"body":"tea"}""", 418, "text/plain", "tea")]
    [InlineData("url", """{"statusCode":200,"body":{"a": 1}}""", 200, "application/json", """{"a":1}""")]
    [InlineData("url", """{"statusCode":200,"body":"aMOp","isBase64Encoded":true}""", 200, "application/json", "hé")]
    [InlineData("url", """{"statusCode":204}""", 204, "application/json", "")]
    [InlineData("url", """{"statusCode":200,"headers":null,"cookies":null,"body":null}""", 200, "application/json", "")]
    [InlineData("apigw-v2", "\"hello\"", 200, "application/json", "hello")]
    [InlineData("apigw-v2", """{"statusCode":200,"body":"x"}""", 200, "text/plain;charset=UTF-8", "x")]
    [InlineData("apigw-v1", """{"statusCode":200,"body":"x"}""", 200, "application/json", "x")]
    [InlineData("apigw-v1", """{"statusCode":"404","body":"x","headers":{"Content-Type":"text/html"}}""", 404, "text/html", "x")]
    [InlineData("apigw-v1", """{"statusCode":200,"body":"eA==","isBase64Encoded":true}""", 200, "application/json", "x")]
    [InlineData("alb", """{"statusCode":200,"statusDescription":"200 OK","headers":{"Content-Type":"text/html"},"body":"<p>"}""", 200, "text/html", "<p>")]
    [InlineData("alb", """{"statusCode":200,"body":"x"}""", 200, "application/octet-stream", "x")]
    [InlineData("alb-multi", """{"statusCode":200,"multiValueHeaders":{"Content-Type":["text/html"]},"body":"x"}""", 200, "text/html", "x")]
    public void An_answer_is_a_response(string shape, string answer, int status, string contentType, string body)
    {
        var read = Read(shape, answer)!;
        Assert.Equal((status, contentType, body), (read.Status, read.Headers.Single(h => h.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value, Encoding.UTF8.GetString(read.Body.Span)));
    }

    [Theory]
    [InlineData("url", "no json")]
    [InlineData("url", "")]
    [InlineData("url", """{"statusCode":"abc"}""")]
    [InlineData("url", """{"statusCode":1000}""")]
    [InlineData("url", """{"statusCode":99}""")]
    [InlineData("url", """{"statusCode":null}""")]
    [InlineData("url", """{"statusCode":200,"body":"***","isBase64Encoded":true}""")]
    [InlineData("url", """{"statusCode":200,"headers":["a"]}""")]
    [InlineData("url", """{"statusCode":200,"headers":{"a":["b"]}}""")]
    [InlineData("url", """{"statusCode":200,"headers":{"a b":"c"}}""")]
    [InlineData("url", """{"statusCode":200,"headers":{"a":"b\r\nset-cookie: x"}}""")]
    [InlineData("url", """{"statusCode":200,"cookies":"a"}""")]
    [InlineData("url", """{"statusCode":200,"cookies":["a\nb"]}""")]
    [InlineData("apigw-v2", """{"statusCode":true}""")]
    [InlineData("apigw-v1", "\"hello\"")]
    [InlineData("apigw-v1", "{}")]
    [InlineData("apigw-v1", """{"body":"x"}""")]
    [InlineData("apigw-v1", """{"statusCode":200,"body":{"a":1}}""")]
    [InlineData("apigw-v1", """{"statusCode":200,"multiValueHeaders":{"a":"b"}}""")]
    [InlineData("alb", "[]")]
    [InlineData("alb", """{"body":"x"}""")]
    public void What_cannot_be_understood_is_no_response(string shape, string answer) => Assert.Null(Read(shape, answer));

    [Fact]
    public void Cookies_and_lists_of_values_are_headers_of_their_own()
    {
        Assert.Equal(["a=1; Path=/", "b=2"], Values(Read("url", """{"statusCode":200,"cookies":["a=1; Path=/","b=2"]}""")!, "set-cookie"));
        var v1 = Read("apigw-v1", """{"statusCode":200,"headers":{"X-A":"single","x-b":3},"multiValueHeaders":{"x-a":["1","2"],"Set-Cookie":["c=1","d=2"]}}""")!;
        Assert.Equal(["1", "2"], Values(v1, "X-A"));
        Assert.Equal(["3"], Values(v1, "X-B"));
        Assert.Equal(["c=1", "d=2"], Values(v1, "Set-Cookie"));
    }

    [Fact]
    public void A_load_balancers_description_is_the_reason_only_when_it_is_the_status()
    {
        Assert.Equal("Fine", Read("alb", """{"statusCode":200,"statusDescription":"200 Fine"}""")!.Reason);
        Assert.Null(Read("alb", """{"statusCode":200,"statusDescription":"404 Not Found"}""")!.Reason);
        Assert.Null(Read("alb", """{"statusCode":200,"statusDescription":"200 a\r\nb"}""")!.Reason);
    }

    [Theory]
    [InlineData("url", 502, "Internal Server Error")]
    [InlineData("apigw-v1", 502, """{"message": "Internal server error"}""")]
    [InlineData("apigw-v2", 500, """{"message":"Internal Server Error"}""")]
    [InlineData("alb", 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")]
    public void A_failure_is_told_as_the_front_door_tells_it(string shape, int status, string body)
    {
        var failed = EventShapes.Of(shape)!.Failed;
        Assert.Equal((status, body), (failed.Status, Encoding.UTF8.GetString(failed.Body.Span)));
    }

    [Theory]
    [InlineData("""{"statusCode":201,"headers":{"x":"y"},"cookies":["a=b"]}""" + "\0\0\0\0\0\0\0\0body", 201, "body")]
    [InlineData("""{"statusCode":200}""" + "\0\0\0\0\0\0\0\0", 200, "")]
    [InlineData("{}" + "\0\0\0\0\0\0\0\0x", 0, "")]
    [InlineData("""{"statusCode":200}""" + "\0\0\0\0\0\0\0", 0, "")]
    [InlineData("[]" + "\0\0\0\0\0\0\0\0x", 0, "")]
    [InlineData("\0\0\0\0\0\0\0\0x", 0, "")]
    public void A_prelude_is_a_head(string answer, int status, string body)
    {
        var read = HttpPrelude.Read(Encoding.UTF8.GetBytes(answer));
        Assert.Equal((status, body), (read?.Status ?? 0, read is null ? "" : Encoding.UTF8.GetString(read.Body.Span)));
    }

    [Theory]
    [InlineData("url", "{\"statusCode\":200,\"body\":\"", "\"}")]
    [InlineData("url", "{\"statusCode\":200,\"isBase64Encoded\":true,\"body\":\"", "\"}")]
    [InlineData("url", "\"", "\"")]
    [InlineData("url", "{\"statusCode\":200,\"body\":[\"", "\"]}")]
    [InlineData("alb", "{\"statusCode\":200,\"isBase64Encoded\":true,\"body\":\"", "\"}")]
    public void A_body_is_made_in_memory_that_counts_as_its_function_s(string shape, string before, string after)
    {
        var answer = Encoding.UTF8.GetBytes(before + new string('a', 4 << 20) + after);
        var budget = new AnswerBudget(64 << 20);
        var share = new AnswerShare(budget);
        var least = long.MaxValue;
        // The first rounds fill the pool of arrays, and other tests may take from it.
        for (var i = 0; i < 5; i++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            using (var body = new MadeBody(share))
            {
                var response = EventShapes.Of(shape)!.Read(answer, body)!;
                Assert.InRange(response.Body.Length, 3 << 20, 5 << 20);
                Assert.InRange(budget.Held, 4 << 20, 16 << 20);
            }
            Assert.Equal(0, budget.Held);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - allocated);
        }
        Assert.InRange(least, 0, 1 << 20);
        // Callers of this function hold as much as they may.
        using var none = new MadeBody(new AnswerShare(new AnswerBudget(1 << 20)));
        Assert.Equal(503, Assert.Throws<LambdaException>(() => EventShapes.Of(shape)!.Read(answer, none)).Error.Status);
    }

    [Fact]
    public void Whatever_a_function_answers_is_a_response_or_none()
    {
        string[] seeds =
        [
            """{"statusCode":200,"headers":{"a":"b","c":1},"multiValueHeaders":{"d":["e","f"]},"cookies":["g=h"],"body":"aGk=","isBase64Encoded":true,"statusDescription":"200 OK"}""",
            """{"statusCode":"404","headers":{"x":"\u00e9\ud83d\ude00"},"body":{"y":[1,2.5e3,null]}}""" + "\0\0\0\0\0\0\0\0body", "[[[[\"x\"]]]]",
        ];
        var random = new Random(20261126);
        var share = new AnswerShare(AnswerBudget.Unlimited);
        var understood = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(seeds[i % seeds.Length]);
            for (var changes = random.Next(4); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var answer = bytes.AsMemory(0, random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length);
            foreach (var shape in new[] { "url", "apigw-v1", "apigw-v2", "alb" })
            {
                using var body = new MadeBody(share);
                understood += Check(() => EventShapes.Of(shape)!.Read(answer, body));
            }
            understood += Check(() => HttpPrelude.Read(answer));
        }
        Assert.True(understood > 10_000, $"{understood} prove nothing");

        static int Check(Func<WebResponse?> read)
        {
            try
            {
                if (read() is not { } response)
                    return 0;
                Assert.InRange(response.Status, 200, 599);
                Assert.All(response.Headers, h => Assert.True(WebResponse.IsHeader(h.Key, h.Value)));
                return 1;
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair; whoever reads an answer takes it for none.
                return 0;
            }
        }
    }

    private static WebResponse? Read(string shape, string answer) => EventShapes.Of(shape)!.Read(Encoding.UTF8.GetBytes(answer), new MadeBody(new AnswerShare(AnswerBudget.Unlimited)));

    private static IEnumerable<string> Values(WebResponse response, string name) => response.Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);
}
