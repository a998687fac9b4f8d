using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Net.Dkim;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>Passes one message through a signer. Its header decides which domain signs, if any;
/// only then is the body hashed.</summary>
/// <param name="origin">Where the message came from.</param>
/// <param name="keys">The keys.</param>
/// <param name="now">The time, for the dates of keys.</param>
internal sealed class SigningParts(
    MessageOrigin origin, DkimKeyDirectory keys, DateTimeOffset now) : IMessageParts, IDisposable
{
    /// <summary>The signer; null: the message is not signed.</summary>
    internal DkimSigner? Signer { get; private set; }

    /// <summary>Whether the header has been read and nobody signs, so that the rest need not be
    /// read.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>The domain of From; empty if the message is not ours to sign, or does not have
    /// exactly one.</summary>
    internal string Author { get; private set; } = "";

    /// <summary>The keys of that domain; null if there are none.</summary>
    internal DkimDomainKeys? Keys { get; private set; }

    /// <summary>The keys that sign now.</summary>
    internal IReadOnlyList<DkimSigningKey> SigningKeys { get; private set; } = [];

    /// <summary>Whether the domain has keys, but none can be used.</summary>
    internal bool IsKept => Signer is null && Keys is { Faults.Count: > 0 };

    /// <inheritdoc/>
    public void OnHeader(MessageHeader header)
    {
        Signer = Choose(header);
        Signer?.OnHeader(header);
        IsOver = Signer is null;
    }

    /// <inheritdoc/>
    public void OnBodyText(ReadOnlySpan<byte> text) => Signer?.OnBodyText(text);

    /// <inheritdoc/>
    public void OnBodyLineEnd() => Signer?.OnBodyLineEnd();

    /// <inheritdoc/>
    public void Dispose() => Signer?.Dispose();

    private DkimSigner? Choose(MessageHeader header)
    {
        if (header.IsTooLarge || header.IsBroken || !SigningRule.IsOwn(origin, header))
        {
            return null;
        }

        AuthorDomains author = AuthorDomains.Of(header);
        if (author.IsAmbiguous || author.Domains.Count != 1)
        {
            return null;
        }

        Author = author.Domains[0];
        Keys = keys.Find(Author);
        SigningKeys = [.. (Keys?.At(now) ?? []).Select(key => key.SigningKey)];
        return SigningKeys.Count > 0 ? new DkimSigner() : null;
    }
}
