using System.Text;
using Kopis.Mail;

namespace Kopis.Remote;

/// <summary>Whether a message can go to a server that offers so much. Pure.</summary>
internal readonly record struct TransactionFit
{
    private readonly bool[] _fit;

    private TransactionFit(bool[] fit, bool utf8)
    {
        _fit = fit;
        Utf8 = utf8;
        HasRecipient = Array.IndexOf(fit, true) >= 0;
    }

    /// <summary>Why nobody can get it; null where that is not so.</summary>
    internal string? Unfit { get; private init; }

    /// <summary>It goes with SMTPUTF8.</summary>
    internal bool Utf8 { get; }

    /// <summary>Somebody can get it.</summary>
    internal bool HasRecipient { get; }

    /// <summary>Whether this recipient can.</summary>
    internal bool IsFit(int recipient) => _fit[recipient];

    /// <summary>The report about a recipient who cannot.</summary>
    internal static string NoUtf8(string ip) =>
        $"{ip} does not offer SMTPUTF8, which this address needs. (#5.6.7)\n";

    internal static TransactionFit Of(RemoteMail mail, ServerOffers offers, string ip)
    {
        MessageTraits traits = mail.Traits;
        MessageParameters said = mail.Parameters;
        if (offers.SizeMax > 0 && traits.WireBytes > offers.SizeMax)
        {
            return new TransactionFit([], false)
            {
                Unfit = $"Sorry, that message of {traits.WireBytes} bytes is larger than "
                    + $"{ip} takes: {offers.SizeMax}. (#5.3.4)\n",
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

        bool needed = !Ascii.IsValid(mail.Sender)
            || (said.SmtpUtf8 && traits.HasEightBitHeader);
        if (needed && !offers.SmtpUtf8)
        {
            return new TransactionFit([], false)
            {
                Unfit = $"{ip} does not offer SMTPUTF8, which this message needs. (#5.6.7)\n",
            };
        }

        bool[] fit = new bool[mail.Recipients.Count];
        for (int i = 0; i < fit.Length; i++)
        {
            bool isAscii = Ascii.IsValid(mail.Recipients[i]);
            needed |= !isAscii;
            fit[i] = isAscii || offers.SmtpUtf8;
        }

        return new TransactionFit(fit, offers.SmtpUtf8 && (needed || said.SmtpUtf8));
    }
}
