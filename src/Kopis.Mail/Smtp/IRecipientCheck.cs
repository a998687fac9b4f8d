using System.Net;
using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>Knows which addresses exist. It is asked at RCPT, after all other checks have passed,
/// so that mail for an unknown address is refused to the client and not bounced to the sender.
/// </summary>
public interface IRecipientCheck
{
    /// <summary>The answer if it is known at once; null if a question is needed.</summary>
    LookupVerdict? Known(RoutedRecipient recipient);

    /// <summary>Asks the question. It does not throw: any failure is
    /// <see cref="LookupVerdict.Later"/>, and comes soon, since a client waits.</summary>
    /// <param name="recipient">A recipient that is delivered here.</param>
    /// <param name="client">The client on whose account the question counts; null for nobody.
    /// </param>
    /// <param name="stop">Cancels the wait.</param>
    ValueTask<LookupVerdict> AskAsync(
        RoutedRecipient recipient, IPAddress? client, CancellationToken stop);
}
