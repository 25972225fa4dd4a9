using Hearth.Agent.Functions;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Functions;

/// <summary>What an agent knows is on the disk soon after it has changed, and at its end at the latest.</summary>
public sealed class CatalogueFileTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hearth-catalogue-").FullName;
    private readonly ManualTimers _time = new();
    private int _asked;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Changes_that_come_together_are_written_once_and_the_newest_state_it_is()
    {
        using var file = Open();
        for (var i = 0; i < 1000; i++)
            file.WriteSoon();
        Assert.Null(file.TryRead());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, _asked);
        Assert.Equal("f1", Assert.Single(file.TryRead()!.Functions).FunctionName);
        file.WriteSoon();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("f2", Assert.Single(file.TryRead()!.Functions).FunctionName);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, _asked);
    }

    [Fact]
    public void A_change_just_before_the_end_is_kept()
    {
        using (var file = Open())
            file.WriteSoon();
        using var again = Open();
        Assert.Equal("f1", Assert.Single(again.TryRead()!.Functions).FunctionName);
    }

    private CatalogueFile Open() => new(Path.Join(_root, "snapshot.pb"), Snapshot, _time, NullLogger.Instance);

    private Snapshot Snapshot() => new() { Functions = { new FunctionSpec { FunctionName = $"f{++_asked}" } } };
}
