namespace Kopis.Local;

/// <summary>One line of a .qmail file.</summary>
internal readonly record struct Instruction(InstructionKind Kind, byte[] Text)
{
    /// <summary>All that ask for something, in order (contract §7.7).</summary>
    internal static List<Instruction> ParseAll(ReadOnlySpan<byte> file)
    {
        List<Instruction> instructions = [];
        bool first = true;
        while (!file.IsEmpty)
        {
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? file : file[..end]).TrimEnd(" \t"u8);
            file = end < 0 ? [] : file[(end + 1)..];
            if (Parse(line, first) is { } instruction)
            {
                instructions.Add(instruction);
            }

            first = false;
        }

        return instructions;
    }

    private static Instruction? Parse(ReadOnlySpan<byte> line, bool first)
    {
        if (line.IsEmpty)
        {
            return first ? new Instruction(InstructionKind.BlankFirstLine, []) : null;
        }

        return line[0] switch
        {
            (byte)'#' => null,
            (byte)'|' => new Instruction(InstructionKind.Program, line[1..].ToArray()),
            (byte)'.' or (byte)'/' => new Instruction(
                line[^1] == (byte)'/' ? InstructionKind.Maildir : InstructionKind.Mbox,
                line.ToArray()),
            (byte)'+' => line.SequenceEqual("+list"u8)
                ? new Instruction(InstructionKind.ForwardOnly, [])
                : null,
            (byte)'&' => new Instruction(InstructionKind.Forward, line[1..].ToArray()),
            _ => new Instruction(InstructionKind.Forward, line.ToArray()),
        };
    }
}
