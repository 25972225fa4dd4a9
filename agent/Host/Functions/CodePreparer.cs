using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>Brings code onto this machine as soon as a function is known, says when it is there, and deletes what nothing uses any more.</summary>
internal sealed class CodePreparer : IDisposable
{
    private const int Tries = 6;
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_sweepDelay = TimeSpan.FromSeconds(5);
    private readonly Catalogue _catalogue;
    private readonly CodeStore _code;
    private readonly Func<HashSet<string>> _inUse;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ITimer _sweep;
    private readonly SemaphoreSlim _parallel = new(4);
    private volatile bool _synchronized;
    private int _sweepComing;

    public CodePreparer(Catalogue catalogue, CodeStore code, Func<HashSet<string>> inUse, TimeProvider time, ILogger log)
    {
        _catalogue = catalogue;
        _code = code;
        _inUse = inUse;
        _time = time;
        _log = log;
        _sweep = time.CreateTimer(static x => ((CodePreparer)x!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Who is told; nobody while there is no link: the next one is told everything.</summary>
    public Func<FunctionReady, ValueTask>? Report { get; set; }

    public void OnChanged(IReadOnlyList<FunctionRevision> fresh)
    {
        foreach (var function in fresh)
            _ = PrepareAsync(function);
        SweepSoon();
    }

    /// <summary>The catalogue is the control plane's, not just what was cached: what it does not name may go.</summary>
    public void OnSynchronized()
    {
        _synchronized = true;
        foreach (var function in _catalogue.Functions)
            _ = PrepareAsync(function);
        SweepSoon();
    }

    /// <summary>A sweep that is on its way stays where it is: instances that end one after the other must not put it off for ever.</summary>
    public void SweepSoon()
    {
        if (Interlocked.Exchange(ref _sweepComing, 1) == 0)
            _sweep.Change(s_sweepDelay, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _sweep.Dispose();
        _parallel.Dispose();
    }

    private async Task PrepareAsync(FunctionRevision function)
    {
        var error = "";
        var wait = s_firstWait;
        for (var i = 0; i < Tries; i++, wait *= 2)
        {
            // A newer revision has its own preparation.
            if (!ReferenceEquals(_catalogue.Find(function.Name, function.Version), function))
                return;
            error = await TryAsync(function);
            if (error.Length == 0)
                break;
            if (error.StartsWith('!'))
            {
                error = error[1..];
                break;
            }
            await Task.Delay(wait, _time);
        }
        if (error.Length > 0)
            _log.LogError("The code of {Function} could not be brought here: {Cause}", function.Name, error);
        if (Report is { } report)
            await report(new FunctionReady { FunctionName = function.Name, RevisionId = function.RevisionId, Error = error });
    }

    /// <returns>Empty when the code is there; beginning with ! when trying again is no use.</returns>
    private async Task<string> TryAsync(FunctionRevision function)
    {
        if (_code.Has(function))
            return "";
        await _parallel.WaitAsync();
        try
        {
            await Task.Run(() => _code.EnsureAsync(function, CancellationToken.None));
            return "";
        }
        catch (LambdaException e)
        {
            return "!" + e.Message;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e.Message;
        }
        finally
        {
            _parallel.Release();
        }
    }

    private void Sweep()
    {
        // Before it looks: what ends from now on may be missed by it.
        Interlocked.Exchange(ref _sweepComing, 0);
        if (!_synchronized)
            return;
        try
        {
            _code.Sweep(Used);
        }
        catch (IOException e)
        {
            _log.LogWarning("Unused code could not be looked for: {Cause}", e.Message);
        }
    }

    private HashSet<string> Used()
    {
        var used = _inUse();
        foreach (var function in _catalogue.Functions)
            used.UnionWith(function.CodeHashes);
        return used;
    }
}
