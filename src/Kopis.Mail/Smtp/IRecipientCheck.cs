using System.Net;
using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>
/// Who knows which addresses there are. Asked at RCPT, after all else has been found in order, so
/// that mail for nobody is refused to him who brings it and not bounced to whom it names.
/// </summary>
public interface IRecipientCheck
{
    /// <summary>The answer where it is known at once; null if somebody must be asked.</summary>
    LookupVerdict? Known(RoutedRecipient recipient);

    /// <summary>Asks. Does not throw: what goes wrong is <see cref="LookupVerdict.Later"/>, and
    /// soon, since a client waits.</summary>
    /// <param name="recipient">Delivered here.</param>
    /// <param name="client">For whom, who pays for his own questions; null: for nobody.</param>
    /// <param name="stop">Ends the wait.</param>
    ValueTask<LookupVerdict> AskAsync(
        RoutedRecipient recipient, IPAddress? client, CancellationToken stop);
}
