using Kopis.Base;

namespace Kopis.Local.Delivery;

/// <summary>One line of a .qmail file (contract §7.7).</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Argument">The file name, command or address: bytes of the file, which anybody may
/// have written.</param>
internal readonly record struct Instruction(InstructionKind Kind, ReadOnlyMemory<byte> Argument)
{
    /// <summary>The socket that <c>lmtp:/PATH</c> names.</summary>
    internal string SocketPath => RawText.Of(Argument.Span["lmtp:".Length..]);

    /// <summary>Whether it is a forward without an address. Nobody would get the message.</summary>
    internal bool ForwardsToNobody =>
        Kind == InstructionKind.Forward
        && (Argument.Span.Trim(" \t"u8).IsEmpty || Argument.Span.SequenceEqual("<>"u8));

    /// <summary>Parses a line without its LF.</summary>
    internal static Instruction Parse(ReadOnlyMemory<byte> line)
    {
        // A NUL ends the line, as it ends a C string in qmail.
        int nul = line.Span.IndexOf((byte)0);
        line = nul < 0 ? line : line[..nul];
        line = line[..WrittenLine.TrimEnd(line.Span).Length];
        if (line.IsEmpty)
        {
            return new Instruction(InstructionKind.Blank, line);
        }

        return line.Span[0] switch
        {
            (byte)'#' => new Instruction(InstructionKind.Nothing, line),
            (byte)'.' or (byte)'/' => line.Span[^1] == (byte)'/'
                ? new Instruction(InstructionKind.Maildir, line)
                : new Instruction(InstructionKind.Mbox, line),
            (byte)'|' => new Instruction(InstructionKind.Program, line[1..]),
            (byte)'&' => new Instruction(InstructionKind.Forward, line[1..]),
            (byte)'+' => line.Span[1..].SequenceEqual("list"u8)
                ? new Instruction(InstructionKind.ForwardOnly, line)
                : new Instruction(InstructionKind.Nothing, line),
            _ when line.Span.StartsWith("lmtp:/"u8) => new Instruction(InstructionKind.Lmtp, line),
            _ => new Instruction(InstructionKind.Forward, line),
        };
    }

    /// <summary>Parses a whole file; its last line may lack an LF.</summary>
    internal static IEnumerable<Instruction> ParseAll(ReadOnlyMemory<byte> content)
    {
        while (!content.IsEmpty)
        {
            int end = content.Span.IndexOf((byte)'\n');
            yield return Parse(end < 0 ? content : content[..end]);
            content = end < 0 ? default : content[(end + 1)..];
        }
    }
}
