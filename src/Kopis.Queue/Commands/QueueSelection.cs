using Kopis.Base;

namespace Kopis.Queue.Commands;

/// <summary>Which messages and recipients a command is about: those that meet all conditions that
/// are given.</summary>
public sealed record QueueSelection
{
    /// <summary>Message numbers of one command, at most.</summary>
    public const int NumbersMax = 4096;

    /// <summary>Any of these messages; empty: all.</summary>
    public IReadOnlyCollection<ulong> Numbers { get; init; } = [];

    /// <summary>The envelope sender; may be empty; null: any.</summary>
    public byte[]? Sender { get; init; }

    /// <summary>A recipient; null: any.</summary>
    public byte[]? Recipient { get; init; }

    /// <summary>A recipient's domain; null: any.</summary>
    public byte[]? Domain { get; init; }

    /// <summary>Where a remote recipient's mail goes, by name (docs/SENDING.md); null: anywhere.
    /// </summary>
    public byte[]? Destination { get; init; }

    /// <summary>Seconds that a message is in the queue at least.</summary>
    public long? OlderThan { get; init; }

    /// <summary>Seconds that a message is in the queue at most.</summary>
    public long? YoungerThan { get; init; }

    /// <summary>What a recipient waits for; null: anything. For lists.</summary>
    public ListedState? State { get; init; }

    /// <summary>A list begins at this message; null: at the first. Numbers of messages rise.
    /// </summary>
    public ulong? From { get; init; }

    /// <summary>Of that message, the place of the first recipient that is listed.</summary>
    public uint FromRecipient { get; init; }

    /// <summary>A list ends after so many recipients, or destinations, of which those with the most
    /// recipients that wait come first; null: it has all.</summary>
    public uint? Most { get; init; }

    /// <summary>It is a part of a list.</summary>
    public bool IsPage => State is not null || From is not null || FromRecipient > 0
        || Most is not null;

    /// <summary>No condition is given.</summary>
    public bool IsAll => Numbers.Count == 0 && Sender is null && !HasRecipients
        && OlderThan is null && YoungerThan is null;

    /// <summary>Not all recipients of a message need to match.</summary>
    public bool HasRecipients =>
        Recipient is not null || Domain is not null || Destination is not null;

    /// <summary>Whether a message is meant, as far as it is known without its recipients.
    /// </summary>
    /// <param name="number">Its number.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="ageSeconds">How long it has been in the queue.</param>
    public bool MatchesMessage(ulong number, ReadOnlySpan<byte> sender, long ageSeconds) =>
        (Numbers.Count == 0 || Numbers.Contains(number))
        && (Sender is null || Ascii8.EqualsIgnoreCase(sender, Sender))
        && (OlderThan is not { } least || ageSeconds >= least)
        && (YoungerThan is not { } most || ageSeconds <= most);

    /// <summary>Whether a recipient of such a message is meant.</summary>
    public bool MatchesRecipient(ReadOnlySpan<byte> address) =>
        (Recipient is null || Ascii8.EqualsIgnoreCase(address, Recipient))
        && (Domain is null || Ascii8.EqualsIgnoreCase(
            address[(address.LastIndexOf((byte)'@') + 1)..], Domain));
}
