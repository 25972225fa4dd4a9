namespace Hearth.Runtime;

/// <summary>/usr/bin/dotnet /var/runtime/Hearth.Runtime.dll: frames on descriptors 3 and 4.</summary>
internal static class Program
{
    private static int Main()
    {
        using var pipes = new FramePipes();
        try
        {
            return new Loop(pipes).Run();
        }
        catch (WireException e)
        {
            Native.WriteError($"hearth: {e.Message}\n");
            return 1;
        }
        catch (IOException)
        {
            // The agent is gone: nobody is left to tell.
            return 1;
        }
    }
}
