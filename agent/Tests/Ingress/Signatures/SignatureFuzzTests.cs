using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hearth.Agent.Tests.Ingress.Signatures;

/// <summary>Damaged signatures (a tenth of HEARTH_FUZZ_ITERATIONS, or 100,000): each is refused with a type, and none is an exception or costs much.</summary>
public sealed class SignatureFuzzTests
{
    private const int Seed = 20151119;
    private const int MostAllocated = 512 * 1024;

    private static readonly string[] s_tokens =
    [
        "AWS4-HMAC-SHA256", "Credential=", "SignedHeaders=", "Signature=", "/", ",", ";", "=", " ", "%", "%zz", "..", "//", "&", "aws4_request", "host", "x-amz-date", "AKIDEXAMPLE", "20150830", "\ud800", "é", "\0",
        "X-Amz-Signature=", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Credential=", "X-Amz-Expires=99999999999999999999", new string('a', 4000), new string('/', 2000), new string(';', 2000),
    ];

    private static int Iterations => (int.TryParse(Environment.GetEnvironmentVariable("HEARTH_FUZZ_ITERATIONS"), CultureInfo.InvariantCulture, out var n) ? n : 1_000_000) / 10;

    [Fact]
    public void Damaged_signatures_are_refused_and_nothing_else_happens()
    {
        var random = new Random(Seed);
        var signatures = Requests.Signatures();
        var good = Requests.Make("POST", "/2015-03-31/functions/f/invocations").Sign().Headers.Authorization.ToString();
        const string Link = "/f?a=b&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
        for (var i = 0; i < Iterations; i++)
        {
            var inQuery = random.Next(3) == 0;
            var text = Damage(random, inQuery ? Link : good);
            HttpRequest request;
            try
            {
                request = inQuery ? Requests.Make("GET", text) : Requests.Make("POST", "/2015-03-31/functions/f/invocations", "", text);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                continue; // Kestrel's own types do not hold such text.
            }
            var before = GC.GetAllocatedBytesForCurrentThread();
            var refusal = signatures.Check(request).Refusal;
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(refusal is { Status: 403 or 400, Code.Length: > 0 } || Same(text, good), $"iteration {i} of seed {Seed} was let in: {text}");
            Assert.True(allocated < MostAllocated, $"iteration {i} of seed {Seed} allocated {allocated} bytes for {text.Length} characters");
        }
    }

    // Spaces around commas and unknown parameters mean nothing.
    private static bool Same(string text, string good) => Parts(text).SetEquals(Parts(good));

    private static HashSet<string> Parts(string text) => [.. text.Split(' ', 2).SelectMany(static p => p.Split(',')).Select(static p => p.Trim()).Where(static p => p.StartsWith("AWS4", StringComparison.Ordinal) || p.StartsWith("Cred", StringComparison.Ordinal) || p.StartsWith("Sign", StringComparison.Ordinal))];

    private static string Damage(Random random, string text)
    {
        var damaged = new StringBuilder(text);
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var at = random.Next(damaged.Length);
            switch (random.Next(4))
            {
                case 0:
                    damaged.Remove(at, Math.Min(random.Next(1, 12), damaged.Length - at));
                    break;
                case 1:
                    damaged[at] = (char)random.Next(32, 127);
                    break;
                case 2:
                    damaged.Insert(at, s_tokens[random.Next(s_tokens.Length)]);
                    break;
                default:
                    damaged.Length = at + 1;
                    break;
            }
            if (damaged.Length == 0)
                damaged.Append('x');
        }
        return damaged.ToString();
    }
}
