using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>The extensions by name, in the order in which EHLO shows them.</summary>
public static class SmtpExtensionList
{
    /// <summary>All extensions.</summary>
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

    /// <summary>The extension of a name, in any letter case; the empty set if there is none.
    /// </summary>
    public static SmtpExtensions Find(string name) =>
        Array.Find(Names, entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Flag;

    /// <summary>The reply to EHLO.</summary>
    internal static void Write(
        IBufferWriter<byte> reply, ISmtpPolicy policy, byte[]? user)
    {
        SmtpExtensions offered = policy.ExtensionsFor(user);
        int last = Array.FindLastIndex(Names, entry => offered.HasFlag(entry.Flag));
        reply.Write(last < 0 ? "250 "u8 : "250-"u8);
        reply.Write(policy.Greeting.Span);
        reply.Write("\r\n"u8);
        for (int i = 0; i <= last; i++)
        {
            if (offered.HasFlag(Names[i].Flag))
            {
                reply.Write(i < last ? "250-"u8 : "250 "u8);
                reply.Write(ByteText.ToBytes(Names[i].Name + Value(Names[i].Flag, policy, user)));
                reply.Write("\r\n"u8);
            }
        }
    }

    private static string Value(
        SmtpExtensions one, ISmtpPolicy policy, byte[]? user) => one switch
        {
            SmtpExtensions.Auth => " " + ByteText.ToText(policy.Mechanisms.Span),
            SmtpExtensions.XClient => " NAME ADDR PORT PROTO HELO",
            SmtpExtensions.Limits => $" RCPTMAX={policy.RecipientsMaxFor(user)}",

            // If there is no limit, SIZE has no number: some clients read 0 as a limit of 0 bytes
            // (RFC 1870 §4 allows both).
            SmtpExtensions.Size when policy.MessageBytesMax > 0 => $" {policy.MessageBytesMax}",
            _ => "",
        };
}
