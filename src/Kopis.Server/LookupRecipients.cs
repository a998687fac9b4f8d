using System.Net;
using Kopis.Base;
using Kopis.Mail.Smtp;
using Kopis.Users.Lookup;

namespace Kopis.Server;

/// <summary>Has qmail-lookup judge recipients. Where a home has none, nobody is asked.</summary>
internal sealed class LookupRecipients(LookupClient lookup, IPAddress? peer = null)
    : IRecipientCheck
{
    /// <summary>The same for one client, who pays for his own questions.</summary>
    internal LookupRecipients For(IPAddress? client) => new(lookup, client);

    /// <summary>See <see cref="LookupClient.KnowsSenders"/>.</summary>
    internal bool KnowsSenders => lookup.KnowsSenders;

    public RecipientVerdict? Known(ReadOnlySpan<byte> recipient)
    {
        try
        {
            return lookup.TryAnswer(recipient) is { } verdict ? Of(verdict) : null;
        }
        catch (ConfigurationException)
        {
            return RecipientVerdict.Later;
        }
    }

    public async ValueTask<RecipientVerdict> AskAsync(
        ReadOnlyMemory<byte> recipient, CancellationToken stop)
    {
        try
        {
            return Of(await lookup.AskAsync(recipient.ToArray(), peer, stop));
        }
        catch (Exception e) when (e is ConfigurationException or OperationCanceledException)
        {
            return RecipientVerdict.Later;
        }
    }

    /// <summary>See <see cref="LookupClient.MaySendAsAsync"/>; does not throw.</summary>
    internal async Task<LookupVerdict> MaySendAsAsync(
        byte[] user, byte[] sender, CancellationToken stop)
    {
        try
        {
            return await lookup.MaySendAsAsync(user, sender, stop);
        }
        catch (OperationCanceledException)
        {
            return LookupVerdict.Later;
        }
    }

    private static RecipientVerdict Of(LookupVerdict verdict) => verdict switch
    {
        LookupVerdict.Yes => RecipientVerdict.Yes,
        LookupVerdict.No => RecipientVerdict.No,
        LookupVerdict.Full => RecipientVerdict.Full,
        _ => RecipientVerdict.Later,
    };
}
