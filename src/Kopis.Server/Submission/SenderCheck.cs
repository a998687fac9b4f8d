using Kopis.Mail.Smtp;
using Kopis.Users.Lookup;

namespace Kopis.Server.Submission;

/// <summary>
/// Before a recipient is looked at, has qmail-lookup say whether a sender that is not the user's by
/// name is an alias of his. So no recipient is taken for a sender in doubt. Of one session.
/// </summary>
internal sealed class SenderCheck(LookupRecipients inner) : IRecipientCheck
{
    private byte[]? _user;
    private byte[] _sender = [];

    public RecipientVerdict? Known(ReadOnlySpan<byte> recipient) =>
        _user is null ? inner.Known(recipient) : null;

    public async ValueTask<RecipientVerdict> AskAsync(
        ReadOnlyMemory<byte> recipient, CancellationToken stop)
    {
        if (_user is { } user)
        {
            LookupVerdict verdict = await inner.MaySendAsAsync(user, _sender, stop);
            if (verdict != LookupVerdict.Yes)
            {
                return verdict == LookupVerdict.No
                    ? RecipientVerdict.NotYours
                    : RecipientVerdict.SenderLater;
            }

            Trust();
        }

        return inner.Known(recipient.Span) ?? await inner.AskAsync(recipient, stop);
    }

    /// <summary>The sender of the message that begins is in doubt.</summary>
    internal void Doubt(byte[] user, ReadOnlySpan<byte> sender) =>
        (_user, _sender) = (user, sender.ToArray());

    /// <summary>It is the user's.</summary>
    internal void Trust() => _user = null;
}
