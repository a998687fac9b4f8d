using System.Text.Unicode;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>Parses what follows MAIL and RCPT: an address and parameters.</summary>
internal static class SmtpAddressCommand
{
    /// <summary>Parses the argument of MAIL.</summary>
    /// <param name="argument">The text after the verb.</param>
    /// <param name="extensions">The extensions that are offered; null if parameters are ignored.
    /// </param>
    /// <param name="address">The sender.</param>
    /// <param name="size">The announced size; zero for none.</param>
    /// <param name="kept">The parameters that are kept with the message.</param>
    /// <returns>The refusal; null if nothing is wrong.</returns>
    internal static SmtpAnswer? ReadMail(
        ReadOnlySpan<byte> argument, SmtpExtensions? extensions, out byte[] address,
        out long size, out MessageParameters kept)
    {
        kept = default;
        bool isPath =
            SmtpPath.TryParse(argument, out address, out ReadOnlySpan<byte> parameters);
        size = SmtpParameters.Size(parameters);
        return !isPath ? SmtpReply.NoAddress
            : extensions is { } offered
                && SmtpParameters.ReadMail(parameters, offered, out kept) is { } fault ? fault
            : kept.SmtpUtf8 && !Utf8.IsValid(address) ? SmtpReply.NotUtf8
            : null;
    }

    /// <summary>Parses the argument of RCPT, like <see cref="ReadMail"/>.</summary>
    internal static SmtpAnswer? ReadRcpt(
        ReadOnlySpan<byte> argument, SmtpExtensions? extensions, bool isUtf8,
        out byte[] address, out RecipientParameters kept)
    {
        kept = default;
        return !SmtpPath.TryParse(argument, out address, out ReadOnlySpan<byte> parameters)
                || address.Length == 0 // <> is nobody, as a recipient.
                ? SmtpReply.NoAddress
            : extensions is { } offered
                && SmtpParameters.ReadRcpt(parameters, offered, out kept) is { } fault ? fault
            : isUtf8 && !Utf8.IsValid(address) ? SmtpReply.NotUtf8
            : null;
    }
}
