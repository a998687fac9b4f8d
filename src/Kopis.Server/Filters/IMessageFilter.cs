namespace Kopis.Server.Filters;

/// <summary>
/// One filter's dialog about one message: its sender, its recipients, and then the whole of it.
/// Milters are behind it; what asks by HTTP would be too. Each call may throw
/// <see cref="FilterAwayException"/>: the caller then does what the filter's line says.
/// </summary>
internal interface IMessageFilter : IAsyncDisposable
{
    /// <summary>The filter's line.</summary>
    FilterRule Rule { get; }

    /// <summary>Asks about client and sender, which <see cref="FilteredMail"/> has.</summary>
    ValueTask<FilterVerdict> OnSenderAsync(CancellationToken stop);

    /// <summary>Asks about a recipient, before it is taken.</summary>
    ValueTask<FilterVerdict> OnRecipientAsync(byte[] address, CancellationToken stop);

    /// <summary>Asks about the message as the filters before this one have left it.</summary>
    ValueTask<FilterVerdict> OnMessageAsync(MessageDraft draft, CancellationToken stop);
}
