using System.Buffers.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>
/// ESMTP parameters of MAIL and RCPT. Unknown ones are skipped, as qmail-smtpd always did, and
/// old clients rely on it (contract §13, trap 24); so are all of a client that did not say EHLO,
/// except for a SIZE that is too large. A known one with a wrong value is refused.
/// </summary>
internal static class SmtpParameters
{
    /// <summary>
    /// The client's word for the size of the message, in bytes (RFC 1870); zero if it gave none
    /// of use, <see cref="long.MaxValue"/> where its number does not fit.
    /// </summary>
    internal static long Size(ReadOnlySpan<byte> parameters)
    {
        foreach (Range word in parameters.Split((byte)' '))
        {
            if (IsNamed(parameters[word], "SIZE="u8, out ReadOnlySpan<byte> digits))
            {
                return IsNumber(digits) ? Number(digits) : 0;
            }
        }

        return 0;
    }

    /// <summary>Reads those of MAIL.</summary>
    /// <param name="text">What follows the address.</param>
    /// <param name="offered">What this session offers.</param>
    /// <param name="kept">What travels with the message.</param>
    /// <returns>A refusal, or null.</returns>
    internal static SmtpAnswer? ReadMail(
        ReadOnlySpan<byte> text, SmtpExtensions offered, out MessageParameters kept)
    {
        kept = default;
        foreach (Range range in text.Split((byte)' '))
        {
            ReadOnlySpan<byte> word = text[range];
            if (MessageParameters.Parse(word, ref kept) == ParameterStatus.Bad
                || (IsNamed(word, "SIZE="u8, out ReadOnlySpan<byte> size) && !IsNumber(size))
                || (IsNamed(word, "AUTH="u8, out ReadOnlySpan<byte> sender)
                    && !sender.SequenceEqual("<>"u8) && !XText.IsSound(sender)))
            {
                return SmtpReply.BadParameter;
            }
        }

        if (kept.RequireTls && !offered.HasFlag(SmtpExtensions.RequireTls))
        {
            return SmtpReply.RequiresTls;
        }

        if (kept.Body == BodyKind.BinaryMime)
        {
            return SmtpReply.NoBinary;
        }

        // Whether there are eight bits in it is seen when it is sent on.
        bool hasDsn = offered.HasFlag(SmtpExtensions.Dsn);
        kept = kept with
        {
            Body = BodyKind.Plain,
            SmtpUtf8 = kept.SmtpUtf8 && offered.HasFlag(SmtpExtensions.SmtpUtf8),
            Return = hasDsn ? kept.Return : ReturnContent.Unsaid,
            EnvelopeId = hasDsn ? kept.EnvelopeId : null,
        };
        return null;
    }

    /// <summary>Reads those of RCPT.</summary>
    /// <param name="text">What follows the address.</param>
    /// <param name="offered">What this session offers.</param>
    /// <param name="kept">What travels with the recipient.</param>
    /// <returns>A refusal, or null.</returns>
    internal static SmtpAnswer? ReadRcpt(
        ReadOnlySpan<byte> text, SmtpExtensions offered, out RecipientParameters kept)
    {
        kept = default;
        if (!offered.HasFlag(SmtpExtensions.Dsn))
        {
            return null;
        }

        foreach (Range range in text.Split((byte)' '))
        {
            if (RecipientParameters.Parse(text[range], ref kept) == ParameterStatus.Bad)
            {
                return SmtpReply.BadParameter;
            }
        }

        return null;
    }

    private static bool IsNamed(
        ReadOnlySpan<byte> word, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        bool named = Ascii8.StartsWithIgnoreCase(word, name);
        value = named ? word[name.Length..] : [];
        return named;
    }

    private static bool IsNumber(ReadOnlySpan<byte> digits) =>
        !digits.IsEmpty && digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    // More digits than RFC 1870 allows are too large a message, which is what the client means.
    private static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long value, out _) ? value : long.MaxValue;
}
