using Hearth.Bench.Load;
using Hearth.Bench.Load.Invocations;
using Xunit;

namespace Hearth.Bench.Tests;

public sealed class LoadGeneratorTests
{
    /// <summary>The rule of coordinated omission: what a stall holds up is charged from when it was due, not from when it was sent.</summary>
    [Fact]
    public void A_stall_is_charged_to_each_call_that_it_held_up()
    {
        using var caller = new StallingCaller(stallAt: 10, TimeSpan.FromMilliseconds(400));
        var load = LoadGenerator.Constant([caller], rate: 200, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(200, load.Nanos.Count);
        // Due every 5 ms while it stalled for 400: at least 60 of the 80 calls waited longer than 20 ms, although only one call was slow itself.
        Assert.True(load.Nanos.Percentile(70) > 20_000_000, $"70 % within {load.Nanos.Percentile(70)} ns");
    }

    [Fact]
    public void Each_due_call_is_made_once()
    {
        var callers = Enumerable.Range(0, 4).Select(_ => new StallingCaller(-1, TimeSpan.Zero)).ToList();
        var load = LoadGenerator.Constant([.. callers], rate: 2000, TimeSpan.FromSeconds(0.2), TestContext.Current.CancellationToken);
        Assert.Equal(400, load.Sent);
        Assert.Equal(Enumerable.Range(0, 400), callers.SelectMany(static caller => caller.Numbers).Order());
    }

    [Fact]
    public void One_wrong_answer_ends_the_run_with_its_reason()
    {
        using var good = new StallingCaller(-1, TimeSpan.Zero);
        using var bad = new FailingCaller();
        var failure = Assert.Throws<BenchException>(() => LoadGenerator.Closed([good, bad], TimeSpan.Zero, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Equal("wrong", failure.Message);
    }

    [Fact]
    public void Digits_are_written_in_place()
    {
        var template = "{\"Name\":\"00000000\"}"u8.ToArray();
        Numbered.Write(template.AsSpan(Numbered.Find(template), 8), 1234567);
        Assert.Equal("{\"Name\":\"01234567\"}", System.Text.Encoding.UTF8.GetString(template));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n", 12)]
    [InlineData("HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:0\r\nX: y\r\n", 0)]
    [InlineData("HTTP/1.1 200 OK\r\nX-Content-Length: 5\r\n", null)]
    public void Content_length_is_found(string head, int? length) => Assert.Equal(length, HttpCaller.ContentLength(System.Text.Encoding.ASCII.GetBytes(head)));

    [Theory]
    [InlineData(256)]
    [InlineData(4096)]
    public void A_payload_has_the_size_that_its_row_names(int bytes)
    {
        var payload = Load.Node.Language.PayloadOf(bytes);
        Assert.Equal(bytes, payload.Length);
        Assert.True(Numbered.Find(payload) > 0);
    }

    private sealed class StallingCaller(int stallAt, TimeSpan stall) : ICaller
    {
        public List<int> Numbers { get; } = [];

        public void Call(int number)
        {
            Numbers.Add(number);
            if (number == stallAt)
                Thread.Sleep(stall);
        }

        public void Dispose()
        {
        }
    }

    private sealed class FailingCaller : ICaller
    {
        public void Call(int number) => throw new BenchException("wrong");

        public void Dispose()
        {
        }
    }
}
