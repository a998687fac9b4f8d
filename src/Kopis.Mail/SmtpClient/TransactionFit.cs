using System.Text;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.SmtpClient;

/// <summary>Decides whether a message can be sent to a server with certain extensions. No I/O.
/// </summary>
public readonly record struct TransactionFit
{
    private readonly bool[] _fit;

    private TransactionFit(bool[] fit, bool utf8)
    {
        _fit = fit;
        Utf8 = utf8;
        HasRecipient = Array.IndexOf(fit, true) >= 0;
    }

    /// <summary>Why no recipient can get it; null if some can.</summary>
    public string? Unfit { get; private init; }

    /// <summary>Whether it is sent with SMTPUTF8.</summary>
    public bool Utf8 { get; }

    /// <summary>Whether some recipient can get it.</summary>
    public bool HasRecipient { get; }

    /// <summary>Whether a recipient can get it.</summary>
    public bool IsFit(int recipient) => _fit[recipient];

    /// <summary>The report about a recipient who cannot get it.</summary>
    public static string NoUtf8(string ip) =>
        $"{ip} does not offer SMTPUTF8, which this address needs. (#5.6.7)\n";

    /// <param name="sender">The envelope sender.</param>
    /// <param name="recipients">Their addresses.</param>
    /// <param name="traits">The properties of the message.</param>
    /// <param name="said">The sender's parameters in MAIL.</param>
    /// <param name="offers">The server's EHLO reply.</param>
    /// <param name="ip">The server's address, for people.</param>
    public static TransactionFit Of(
        ReadOnlySpan<byte> sender, IReadOnlyList<byte[]> recipients, MessageTraits traits,
        MessageParameters said, ServerOffers offers, string ip)
    {
        if (offers.SizeMax > 0 && traits.WireBytes > offers.SizeMax)
        {
            return new TransactionFit([], false)
            {
                Unfit = $"Sorry, that message of {traits.WireBytes} bytes is larger than "
                    + $"{ip} accepts: {offers.SizeMax}. (#5.3.4)\n",
            };
        }

        if (said.Body == BodyKind.BinaryMime && traits.IsBinary
            && !(offers.Chunking && offers.BinaryMime))
        {
            return new TransactionFit([], false)
            {
                Unfit = $"{ip} does not offer BINARYMIME, which this message needs. (#5.6.3)\n",
            };
        }

        bool needed = !Ascii.IsValid(sender)
            || (said.SmtpUtf8 && traits.HasEightBitHeader);
        if (needed && !offers.SmtpUtf8)
        {
            return new TransactionFit([], false)
            {
                Unfit = $"{ip} does not offer SMTPUTF8, which this message needs. (#5.6.7)\n",
            };
        }

        bool[] fit = new bool[recipients.Count];
        for (int i = 0; i < fit.Length; i++)
        {
            bool isAscii = Ascii.IsValid(recipients[i]);
            needed |= !isAscii;
            fit[i] = isAscii || offers.SmtpUtf8;
        }

        return new TransactionFit(fit, offers.SmtpUtf8 && (needed || said.SmtpUtf8));
    }
}
