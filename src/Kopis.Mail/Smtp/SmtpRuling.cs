using System.Buffers;

namespace Kopis.Mail.Smtp;

/// <summary>What the host says where it was asked (<see cref="SmtpHook"/>).</summary>
public sealed record SmtpRuling
{
    /// <summary>Nothing: the session goes on.</summary>
    public static SmtpRuling None { get; } = new();

    /// <summary>The reply to the command, which does nothing then; null: it is done.</summary>
    public SmtpAnswer? Refusal { get; init; }

    /// <summary>Whether the session ends with that reply, or without one.</summary>
    public bool Ends { get; init; }

    /// <summary>Whether the lists and names that refuse a sender or recipient are passed over,
    /// and rcpthosts. Limits are not.</summary>
    public bool SkipsChecks { get; init; }

    /// <summary>The address to use for that of the command; null: as it was said.</summary>
    public byte[]? Address { get; init; }

    /// <summary>Lines before the reply, each <c>250-text</c> without its end.</summary>
    public IReadOnlyList<byte[]> Lines { get; init; } = [];

    /// <summary>Writes <see cref="Lines"/>.</summary>
    internal void WriteLines(IBufferWriter<byte> reply)
    {
        foreach (byte[] line in Lines)
        {
            reply.Write(line);
            reply.Write("\r\n"u8);
        }
    }
}
