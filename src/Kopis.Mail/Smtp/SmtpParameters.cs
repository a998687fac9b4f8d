using System.Buffers.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>ESMTP parameters of MAIL and RCPT. Unknown ones are skipped, as qmail-smtpd always did,
/// and old clients rely on that (contract §13, trap 24). All parameters of a client that did not
/// say EHLO are skipped too, except for a SIZE that is too large. A known parameter with a wrong
/// value is refused.</summary>
internal static class SmtpParameters
{
    /// <summary>The size of the message in bytes that the client announces (RFC 1870). Zero if it
    /// announced none that can be used; <see cref="long.MaxValue"/> if the number does not fit.
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

    /// <summary>Parses the parameters of MAIL.</summary>
    /// <param name="text">The text after the address.</param>
    /// <param name="offered">The extensions that this session offers.</param>
    /// <param name="kept">The parameters that are kept with the message.</param>
    /// <returns>The refusal, or null.</returns>
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

        // Whether the message has eight-bit data is determined when it is sent on.
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

    /// <summary>Parses the parameters of RCPT.</summary>
    /// <param name="text">The text after the address.</param>
    /// <param name="offered">The extensions that this session offers.</param>
    /// <param name="kept">The parameters that are kept with the recipient.</param>
    /// <returns>The refusal, or null.</returns>
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

    // A number with more digits than RFC 1870 allows means a message that is too large.
    private static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long value, out _) ? value : long.MaxValue;
}
