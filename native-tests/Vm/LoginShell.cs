using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.Vm;

/// <summary>Root logged in on a terminal of its own, through PAM, so that logind makes a session scope: the shell that an operator types into.</summary>
internal sealed partial class LoginShell : IDisposable
{
    private readonly Process _terminal;
    private readonly StringBuilder _screen = new();

    public LoginShell()
    {
        // script makes the terminal; what it reads is typed there.
        _terminal = Process.Start(new ProcessStartInfo("/usr/bin/script", ["-q", "-f", "-e", "-c", "/bin/login -f root", "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        new Thread(Read) { IsBackground = true }.Start();
    }

    public string Screen
    {
        get { lock (_screen) return _screen.ToString(); }
    }

    public void Type(string text)
    {
        _terminal.StandardInput.Write(text);
        _terminal.StandardInput.Flush();
    }

    /// <summary>Types a command and waits until its output has that text, which the command itself must not contain.</summary>
    public async Task<string> SeeAsync(string command, string expected)
    {
        var from = Screen.Length;
        Type(command + "\n");
        return await AwaitAsync(expected, from);
    }

    /// <returns>What came on the screen since.</returns>
    public async Task<string> AwaitAsync(string expected, int from = 0)
    {
        try
        {
            await Patience.UntilAsync($"the terminal shows {expected}", () => Screen.IndexOf(expected, from, StringComparison.Ordinal) >= 0 || Code().IsMatch(Screen, from), 60);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{Screen}", e);
        }

        // The command ended in another way than expected: no need to wait for more.
        Xunit.Assert.Contains(expected, Screen[from..], StringComparison.Ordinal);
        return Screen[from..];
    }

    public void CtrlC() => Type("\u0003");

    /// <summary>The other end of the terminal goes away, as when a connection breaks.</summary>
    public void HangUp() => _terminal.Kill();

    public void Dispose()
    {
        if (!_terminal.HasExited)
            _terminal.Kill(entireProcessTree: true);
        _terminal.Dispose();
    }

    // What tests have the shell say after a command; the command line itself has "$?" there.
    [GeneratedRegex(@"code=\d+\.")]
    private static partial Regex Code();

    private void Read()
    {
        var buffer = new char[4096];
        while (_terminal.StandardOutput.Read(buffer) is > 0 and var count)
        {
            lock (_screen)
                _screen.Append(buffer, 0, count);
        }
    }
}
