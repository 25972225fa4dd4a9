using Hearth.Sandbox.Seccomp;

namespace Hearth.NativeTests.Seccomp;

/// <summary>Runs a filter as the kernel would, and refuses what the kernel's checker refuses.</summary>
internal static class BpfInterpreter
{
    public static uint Run(SockFilter[] program, uint architecture, uint number, params ulong[] arguments)
    {
        var data = new byte[64];
        BitConverter.TryWriteBytes(data.AsSpan(0), number);
        BitConverter.TryWriteBytes(data.AsSpan(4), architecture);
        for (var i = 0; i < arguments.Length; i++)
            BitConverter.TryWriteBytes(data.AsSpan(16 + (i * 8)), arguments[i]);
        uint accumulator = 0;
        for (var at = 0; ; at++)
        {
            var instruction = program[at];
            switch (instruction.Code)
            {
                case 0x20: // LD W ABS
                    if (instruction.K % 4 != 0 || instruction.K > 60)
                        throw new InvalidOperationException($"{at}: load at {instruction.K}");
                    accumulator = BitConverter.ToUInt32(data, (int)instruction.K);
                    break;
                case 0x54: // AND K
                    accumulator &= instruction.K;
                    break;
                case 0x15: // JEQ K
                    at += accumulator == instruction.K ? instruction.JumpTrue : instruction.JumpFalse;
                    break;
                case 0x35: // JGE K
                    at += accumulator >= instruction.K ? instruction.JumpTrue : instruction.JumpFalse;
                    break;
                case 0x45: // JSET K
                    at += (accumulator & instruction.K) != 0 ? instruction.JumpTrue : instruction.JumpFalse;
                    break;
                case 0x06: // RET K
                    return instruction.K;
                default:
                    throw new InvalidOperationException($"{at}: code {instruction.Code:x}");
            }
        }
    }

    /// <summary>Instructions executed on the longest way to an answer.</summary>
    public static int LongestWay(SockFilter[] program)
    {
        var longest = new int[program.Length];
        for (var at = program.Length - 1; at >= 0; at--)
        {
            var instruction = program[at];
            longest[at] = 1 + ((instruction.Code & 7) switch
            {
                6 => 0,
                5 => Math.Max(longest[at + 1 + instruction.JumpTrue], longest[at + 1 + instruction.JumpFalse]),
                _ => longest[at + 1],
            });
        }

        return longest[0];
    }
}
