using Kopis.Base;

namespace Kopis.Queue.Commands;

/// <summary>The messages and recipients that a command is about: those that meet all given
/// conditions.</summary>
public sealed record QueueSelection
{
    /// <summary>How many message numbers a command may have.</summary>
    public const int NumbersMax = 4096;

    /// <summary>The messages; empty: all.</summary>
    public IReadOnlyCollection<ulong> Numbers { get; init; } = [];

    /// <summary>The envelope sender, which may be empty; null: any.</summary>
    public byte[]? Sender { get; init; }

    /// <summary>A recipient; null: any.</summary>
    public byte[]? Recipient { get; init; }

    /// <summary>A recipient's domain; null: any.</summary>
    public byte[]? Domain { get; init; }

    /// <summary>The name of a remote recipient's destination (docs/SENDING.md); null: any.
    /// </summary>
    public byte[]? Destination { get; init; }

    /// <summary>How many seconds a message must have been in the queue.</summary>
    public long? OlderThan { get; init; }

    /// <summary>How many seconds a message may have been in the queue.</summary>
    public long? YoungerThan { get; init; }

    /// <summary>What a recipient waits for; null: anything. Only for lists.</summary>
    public ListedState? State { get; init; }

    /// <summary>The message at which a list begins; null: the first. Lists are in the order of
    /// numbers.</summary>
    public ulong? From { get; init; }

    /// <summary>The place of the first recipient of that message in the list.</summary>
    public uint FromRecipient { get; init; }

    /// <summary>After how many recipients a list ends; null: it is complete. A list of destinations
    /// ends after as many destinations, of which those with the most waiting recipients come first.
    /// </summary>
    public uint? Most { get; init; }

    /// <summary>Whether only a part of a list is requested.</summary>
    public bool IsPage => State is not null || From is not null || FromRecipient > 0
        || Most is not null;

    /// <summary>Whether there is no condition.</summary>
    public bool IsAll => Numbers.Count == 0 && Sender is null && !HasRecipients
        && OlderThan is null && YoungerThan is null;

    /// <summary>Whether some recipients of a message may not match.</summary>
    public bool HasRecipients =>
        Recipient is not null || Domain is not null || Destination is not null;

    /// <summary>Whether a message matches, as far as that is known without its recipients.
    /// </summary>
    /// <param name="number">Its number.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="ageSeconds">How long it has been in the queue.</param>
    public bool MatchesMessage(ulong number, ReadOnlySpan<byte> sender, long ageSeconds) =>
        (Numbers.Count == 0 || Numbers.Contains(number))
        && (Sender is null || Ascii8.EqualsIgnoreCase(sender, Sender))
        && (OlderThan is not { } least || ageSeconds >= least)
        && (YoungerThan is not { } most || ageSeconds <= most);

    /// <summary>Whether a recipient of a matching message matches.</summary>
    public bool MatchesRecipient(ReadOnlySpan<byte> address) =>
        (Recipient is null || Ascii8.EqualsIgnoreCase(address, Recipient))
        && (Domain is null || Ascii8.EqualsIgnoreCase(new Address(address).Domain, Domain));
}
