using System.Buffers;

namespace Kopis.Mail.Smtp;

/// <summary>The host's ruling at a <see cref="SmtpHook"/>.</summary>
public sealed record SmtpRuling
{
    /// <summary>No objection: the session goes on.</summary>
    public static SmtpRuling None { get; } = new();

    /// <summary>The reply to the command, which then has no effect; null if it takes effect.
    /// </summary>
    public SmtpAnswer? Refusal { get; init; }

    /// <summary>Whether the session ends, after the reply if there is one.</summary>
    public bool Ends { get; init; }

    /// <summary>Whether to skip the lists and names that refuse a sender or recipient, and
    /// rcpthosts. Limits still apply.</summary>
    public bool SkipsChecks { get; init; }

    /// <summary>The address that replaces the command's; null for no change.</summary>
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
