using System.Buffers;
using System.Globalization;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>The extensions by name, in the order that EHLO shows them.</summary>
public static class SmtpExtensionList
{
    /// <summary>Everything.</summary>
    public const SmtpExtensions All = (SmtpExtensions)4095;

    private static readonly (SmtpExtensions Flag, string Name)[] Names =
    [
        (SmtpExtensions.Pipelining, "PIPELINING"),
        (SmtpExtensions.StartTls, "STARTTLS"),
        (SmtpExtensions.Auth, "AUTH"),
        (SmtpExtensions.EnhancedStatusCodes, "ENHANCEDSTATUSCODES"),
        (SmtpExtensions.Chunking, "CHUNKING"),
        (SmtpExtensions.SmtpUtf8, "SMTPUTF8"),
        (SmtpExtensions.Dsn, "DSN"),
        (SmtpExtensions.RequireTls, "REQUIRETLS"),
        (SmtpExtensions.Limits, "LIMITS"),
        (SmtpExtensions.XClient, "XCLIENT"),
        (SmtpExtensions.Size, "SIZE"),
        (SmtpExtensions.EightBitMime, "8BITMIME"),
    ];

    /// <summary>The one of a name, in any letter case; none where there is no such.</summary>
    public static SmtpExtensions Find(string name) =>
        Array.Find(Names, entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Flag;

    /// <summary>The reply to EHLO.</summary>
    internal static void Write(
        IBufferWriter<byte> reply, SmtpExtensions offered, ISmtpPolicy policy)
    {
        int last = Array.FindLastIndex(Names, entry => offered.HasFlag(entry.Flag));
        reply.Write(last < 0 ? "250 "u8 : "250-"u8);
        reply.Write(policy.Greeting.Span);
        reply.Write("\r\n"u8);
        for (int i = 0; i <= last; i++)
        {
            if (offered.HasFlag(Names[i].Flag))
            {
                reply.Write(i < last ? "250-"u8 : "250 "u8);
                reply.Write(ByteText.ToBytes(Names[i].Name));
                WriteValue(reply, Names[i].Flag, policy);
                reply.Write("\r\n"u8);
            }
        }
    }

    private static void WriteValue(
        IBufferWriter<byte> reply, SmtpExtensions one, ISmtpPolicy policy)
    {
        switch (one)
        {
            case SmtpExtensions.Auth:
                reply.Write(" "u8);
                reply.Write(policy.Mechanisms.Span);
                break;
            case SmtpExtensions.XClient:
                reply.Write(" NAME ADDR PORT PROTO HELO"u8);
                break;
            case SmtpExtensions.Limits:
                WriteNumber(reply, " RCPTMAX="u8, policy.RecipientsMax);
                break;
            case SmtpExtensions.Size:
                WriteNumber(reply, " "u8, policy.MessageBytesMax);
                break;
            default:
                break;
        }
    }

    private static void WriteNumber(
        IBufferWriter<byte> reply, ReadOnlySpan<byte> before, long number)
    {
        reply.Write(before);
        Span<byte> digits = reply.GetSpan(20);
        number.TryFormat(digits, out int length, provider: CultureInfo.InvariantCulture);
        reply.Advance(length);
    }
}
