namespace Kopis.Server.Filters;

/// <summary>One filter's exchange about one message: first its sender, then its recipients, then
/// the whole message. Milters implement it; a filter asked by HTTP could, too. Each call may throw
/// <see cref="FilterAwayException"/>; the caller then does what the filter's line says.</summary>
internal interface IMessageFilter : IAsyncDisposable
{
    /// <summary>The filter's line.</summary>
    FilterRule Rule { get; }

    /// <summary>Asks about the client and the sender in <see cref="FilteredMail"/>.</summary>
    ValueTask<FilterVerdict> OnSenderAsync(CancellationToken stop);

    /// <summary>Asks about a recipient, before it is accepted.</summary>
    ValueTask<FilterVerdict> OnRecipientAsync(byte[] address, CancellationToken stop);

    /// <summary>Asks about the message as the filters before this one have left it.</summary>
    ValueTask<FilterVerdict> OnMessageAsync(MessageDraft draft, CancellationToken stop);
}
