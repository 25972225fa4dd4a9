using System.Globalization;
using Hearth.Cli.Node;
using Mono.Unix.Native;

namespace Hearth.Cli.Doctor;

/// <summary>
/// Hearth makes no account: its processes and sandboxes run under fixed numbers. This finds out whether anyone else on the machine has those numbers, and
/// whether what lies in the data directory still belongs to the right ones.
/// </summary>
internal static class OwnershipChecks
{
    private const string Area = "users";

    // The ranges of all nodes of a machine: two numbers a slot (agent/Sandbox/Plan/Identity.cs).
    private const long FirstSandboxId = 2_000_010_000;
    private const long LastSandboxId = FirstSandboxId + (2L * 4096 * 1024) - 1;

    private static readonly (string Name, uint Id)[] Own = [("agent", Accounts.Agent), ("control plane", Accounts.Control), ("sandboxes' namespaces", Accounts.Zygote)];

    public static IEnumerable<Finding> All(string data)
    {
        foreach (var (name, id) in Own)
        {
            var holders = Holders(id);
            yield return Finding.Of(Area, name, holders.Length == 0, Verdict.Limited, holders.Length == 0 ? $"{id}, nobody else's" : $"{id} is also {holders}",
                "that account can read and stop what belongs to Hearth", "give the account or group another number (usermod -u, groupmod -g)");
        }
        var overlapping = Subordinate("/etc/subuid").Concat(Subordinate("/etc/subgid")).ToList();
        yield return Finding.Of(Area, "sandboxes", overlapping.Count == 0, Verdict.Limited, overlapping.Count == 0 ? $"{FirstSandboxId}-{LastSandboxId}, nobody else's" : string.Join(", ", overlapping),
            "containers of that user and functions could touch each other's files", "move the range in /etc/subuid and /etc/subgid");
        if (Directory.Exists(data)) yield return Directories(data);
    }

    private static string Holders(uint id)
    {
        var user = Syscall.getpwuid(id);
        var group = Syscall.getgrgid(id);
        return string.Join(" and ", new[] { user is null ? "" : $"user '{user.pw_name}'", group is null ? "" : $"group '{group.gr_name}'" }.Where(text => text.Length > 0));
    }

    // name:first:count
    private static IEnumerable<string> Subordinate(string file) =>
        from line in (ProcFiles.Text(file) ?? "").Split('\n')
        let parts = line.Split(':')
        where parts.Length == 3
        let first = Number(parts[1])
        let count = Number(parts[2])
        where first <= LastSandboxId && first + count > FirstSandboxId
        select $"{file}: {line.Trim()}";

    private static Finding Directories(string data)
    {
        var wrong = DataDirectory.WrongOwners(data);
        return Finding.Of(Area, "data directory", wrong.Count == 0, Verdict.Note, wrong.Count == 0 ? $"{data}: owners and modes as they should be" : string.Join(", ", wrong),
            "a process of the node could not read its own files", "the next 'hearth up' puts modes right; a folder of another user it refuses: look at what is in it, then chown it");
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue / 2;
}
