using System.Text;
using Hearth.Agent.Reporting.Logs;
using Hearth.Contracts.Logs;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Reporting;

/// <summary>What the Logs API finds in the segments of a function, over segment borders and in pages of any size.</summary>
public sealed class LogSearchTests : IDisposable
{
    private const int Lines = 5_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-log-search-").FullName;
    private readonly FunctionLog _log;

    public LogSearchTests()
    {
        _log = new FunctionLog(Path.Join(_folder, "f"), LogSettings.Default with { SegmentBytes = 64 * 1024, MaxAge = TimeSpan.FromDays(36_500) }, TimeProvider.System, NullLogger.Instance);
        for (var i = 0; i < Lines; i++)
        {
            // Seven lines a millisecond, three streams; now and then a line that was read earlier than the one before.
            _log.Append(1_000_000 + i / 7 - (i % 50 == 0 ? 1 : 0), Guid.Empty, Encoding.UTF8.GetBytes($"stream{i % 3}"), Encoding.UTF8.GetBytes($"line {i} {(i % 10 == 0 ? "ERROR" : "fine")}"));
            if (i % 500 == 0)
                _log.Flush();
        }
        _log.Flush();
    }

    public void Dispose()
    {
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(1_000_000, "", "", 10_000)]
    [InlineData(1_000_000, "", "ERROR", 7)]
    [InlineData(1_000_000, "stream1", "", 1000)]
    [InlineData(1_000_333, "", "", 13)]
    [InlineData(1_000_333, "stream2", "fine -7", 1)]
    public void Pages_of_any_size_hold_the_same_in_order(long start, string stream, string pattern, int limit)
    {
        var whole = Page(new LogEventsQuery { StartUnixMs = start, Limit = 10_000, Pattern = pattern, PositionNumber = -1, StreamPrefix = stream }, out var more);
        Assert.False(more);
        Assert.Equal(whole.OrderBy(static e => e.TimeUnixMs).ThenBy(static e => e.Number), whole);
        Assert.Equal(whole.Count, whole.Select(static e => (e.TimeUnixMs, e.Number)).Distinct().Count());
        var texts = Enumerable.Range(0, Lines).Where(i => TimeOf(i) >= start && (stream.Length == 0 || stream == $"stream{i % 3}")).Select(static i => $"line {i} {(i % 10 == 0 ? "ERROR" : "fine")}")
            .Where(t => LogPattern.TryParse(pattern, out _)!.Matches(t));
        Assert.Equal(texts, whole.Select(static e => e.Text));
        List<LogEvent> paged = [];
        var query = new LogEventsQuery { StartUnixMs = start, Limit = limit, Pattern = pattern, PositionNumber = -1, StreamPrefix = stream };
        do
        {
            paged.AddRange(Page(query, out more));
            (query.PositionUnixMs, query.PositionNumber) = (paged[^1].TimeUnixMs, paged[^1].Number);
        }
        while (more);
        Assert.Equal(whole, paged);
    }

    [Fact]
    public void Backward_come_the_last_ones_before_a_position()
    {
        List<LogEvent> all = [];
        var query = new LogEventsQuery { Limit = 999, PositionNumber = -1, Backward = true, StartUnixMs = 1_000_100 };
        bool more;
        do
        {
            var page = Page(query, out more);
            all.InsertRange(0, page);
            (query.PositionUnixMs, query.PositionNumber) = (page[0].TimeUnixMs, page[0].Number);
        }
        while (more);
        Assert.Equal(Page(new LogEventsQuery { StartUnixMs = 1_000_100, Limit = 10_000, PositionNumber = -1 }, out _), all);
    }

    [Fact]
    public void An_end_is_exclusive_and_streams_are_told_apart()
    {
        var found = Page(new LogEventsQuery { StartUnixMs = 1_000_010, EndUnixMs = 1_000_012, Limit = 10_000, PositionNumber = -1 }, out _);
        Assert.Equal([1_000_010L, 1_000_011L], found.Select(static e => e.TimeUnixMs).Distinct());
        var streams = LogSearch.Streams(_log, TestContext.Current.CancellationToken).OrderBy(static s => s.Name, StringComparer.Ordinal).ToList();
        Assert.Equal(["stream0", "stream1", "stream2"], streams.Select(static s => s.Name));
        Assert.All(streams, static s => Assert.True(s.FirstEventUnixMs < s.LastEventUnixMs && s.Bytes > 10_000));
    }

    [Fact]
    public void A_removed_stream_is_gone_and_the_others_stay()
    {
        _log.Remove("stream1");
        var left = Page(new LogEventsQuery { Limit = 10_000, PositionNumber = -1 }, out _);
        Assert.Equal(Enumerable.Range(0, Lines).Count(static i => i % 3 != 1), left.Count);
        Assert.DoesNotContain(left, static e => e.Stream == "stream1");
        _log.Append(2_000_000, Guid.Empty, "stream1"u8, "anew"u8);
        Assert.Equal("anew", Page(new LogEventsQuery { Limit = 1, PositionNumber = -1, Backward = true }, out _).Single().Text);
        _log.Remove("");
        Assert.Empty(Page(new LogEventsQuery { Limit = 10_000, PositionNumber = -1 }, out _));
        Assert.Empty(Directory.GetFiles(_log.Folder));
    }

    [Theory]
    [InlineData("{ $.level = \"ERROR\" }", "{\"level\":\"\\ud800\"}", false)]
    [InlineData("a b", "b a", true)]
    [InlineData("a b", "a", false)]
    [InlineData("\"a b\"", "b a b", true)]
    [InlineData("\"a b\"", "a  b", false)]
    [InlineData("-a", "b", true)]
    [InlineData("b -a", "ab", false)]
    [InlineData("?a ?b", "b", true)]
    [InlineData("?a ?b", "c", false)]
    [InlineData("c ?a", "c", true)]
    [InlineData("\"say \\\"hi\\\"\"", "he would say \"hi\" now", true)]
    [InlineData("", "anything", true)]
    [InlineData("{ $.a.b[1].c = 3 }", "{\"a\":{\"b\":[0,{\"c\":3}]}}", true)]
    [InlineData("{ $.a = \"x*\" || $.b IS NULL }", "{\"a\":\"y\",\"b\":null}", true)]
    [InlineData("{ $.a != \"y\" && $.b NOT EXISTS }", "{\"a\":\"y\"}", false)]
    [InlineData("{ $.a = 1 }", "a = 1", false)]
    [InlineData("{ $.ok IS TRUE }", "{\"ok\":true}", true)]
    public void Patterns(string pattern, string line, bool matches) => Assert.Equal(matches, LogPattern.TryParse(pattern, out _)!.Matches(line));

    [Fact]
    public void Hostile_patterns_are_refused_or_cheap()
    {
        foreach (var text in (string[])["\"", "?", "-", "{", "{}", "{ $. = 1 }", "{ $.a = }", "{ ($.a = 1 }", "{ $.a[ = 1 }", "{ $.a = 1 && }", "{ " + new string('(', 500) + " }", new string('a', 1025), "[a]", "%a%"])
            Assert.Null(LogPattern.TryParse(text, out _));
    }

    // As it is kept: never before the line before it.
    private static long TimeOf(int i) => Math.Max(1_000_000 + i / 7 - (i % 50 == 0 ? 1 : 0), i == 0 ? 0 : 1_000_000 + (i - 1) / 7);

    private List<LogEvent> Page(LogEventsQuery query, out bool more) => [.. LogSearch.Events(_log, query, LogPattern.TryParse(query.Pattern, out _)!, TestContext.Current.CancellationToken, out more)];
}
