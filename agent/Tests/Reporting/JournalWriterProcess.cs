using System.Runtime.CompilerServices;
using Hearth.Agent.Reporting.Journal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hearth.Agent.Tests.Reporting;

/// <summary>This test program as the process that is killed: with the variable set it writes records for ever and never becomes a test run.</summary>
internal static class JournalWriterProcess
{
    public const string Variable = "HEARTH_TEST_JOURNAL_WRITER";

    [ModuleInitializer]
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder)
            return;
        using var journal = new InvocationJournal(folder, TimeProvider.System, NullLogger.Instance);
        using var output = Console.OpenStandardOutput();
        // Bounded, so that a test that dies leaves no writer behind.
        for (var i = 1; i <= 2_000_000; i++)
        {
            journal.Append(JournalTests.Record(i));
            output.Write(System.Text.Encoding.ASCII.GetBytes($"{i}\n"));
        }
        Environment.Exit(0);
    }
}
