using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Scheduling;

/// <summary>A delivery that is given to a spawner: of one recipient, or of several recipients of
/// one message at one host.</summary>
/// <param name="Pass">The pass that the delivery belongs to.</param>
/// <param name="Recipients">Indices of the message's recipients, in the order of the command.
/// </param>
internal sealed record Delivery(Pass Pass, int[] Recipients)
{
    internal QueuedMessage Message => Pass.Message;

    /// <summary>The recipients as the channel knows them.</summary>
    internal required ReadOnlyMemory<byte>[] Addresses { get; init; }

    /// <summary>Whether its first line in the log was left out, since it is expected to end as
    /// earlier ones did.</summary>
    internal bool IsUnlisted { get; set; }

    /// <summary>The user whose local slot the delivery takes; null on the remote channel.</summary>
    internal MailUser? User { get; init; }

    /// <summary>What the remote queue knows about its start; null on the local channel, and if it
    /// is put off without an attempt.</summary>
    internal Start? Start { get; init; }

    /// <summary>The route that an administrator has given its one recipient; null: the usual one.
    /// </summary>
    internal byte[]? Route { get; init; }

    /// <summary>When it started, in Unix milliseconds.</summary>
    internal long StartedAt { get; init; }

    /// <summary>What the reports so far say about the destination.</summary>
    internal AttemptResult Result { get; set; } = AttemptResult.Nothing;

    /// <summary>The dead destination because of which it is reported without an attempt; else null.
    /// </summary>
    internal Destination? PutOffBy { get; init; }

    /// <summary>The number of its first recipient in the log; the others follow. Set when the
    /// delivery is given to the spawner.</summary>
    internal ulong FirstNumber { get; set; }

    /// <summary>When the delivery was made, in milliseconds of the system's running time.</summary>
    internal long OrderedAt { get; } = Environment.TickCount64;

    /// <summary>How many recipients have been reported.</summary>
    internal int Reported { get; set; }

    internal bool IsComplete => Reported == Recipients.Length;
}
