namespace Kopis.Mail.Smtp;

/// <summary>
/// Who knows which addresses there are. Asked at RCPT, after all else has been found in order, so
/// that mail for nobody is refused to him who brings it and not bounced to whom it names.
/// </summary>
public interface IRecipientCheck
{
    /// <summary>The answer where it is known at once; null where somebody must be asked.</summary>
    RecipientVerdict? Known(ReadOnlySpan<byte> recipient);

    /// <summary>Asks. Does not throw: what goes wrong is <see cref="RecipientVerdict.Later"/>, and
    /// soon, since a client waits.</summary>
    ValueTask<RecipientVerdict> AskAsync(
        ReadOnlyMemory<byte> recipient, CancellationToken stop);
}
